#version 410 core
// The texel of a puppet's layer, premultiplied. Skin that is drawn out much farther one way than the other, as a lid's
// few rows of pixels are when it closes, is smoothed along the other: else each pixel would become a streak.

uniform sampler2D skin;

in vec2 uv;
in float opacity;

out vec4 colour;

const float MOST_STRETCH = 1.8;  // of one way against the other, that passes as it is
const float WIDEN = 0.5;         // texels between two samples for each 1 of stretch beyond
const float WIDEST = 3.0;

void main() {
    vec4 texel = texture(skin, uv);
    vec2 across = dFdx(uv), up = dFdy(uv);
    vec2 size = vec2(textureSize(skin, 0));
    vec2 a = across * size, b = up * size;  // texels for a pixel aside, for a pixel up
    // Singular values of the map from pixels to texels, and the way of the greater one in the texture.
    float xx = a.x * a.x + b.x * b.x, xy = a.x * a.y + b.x * b.y, yy = a.y * a.y + b.y * b.y;
    float half_sum = 0.5 * (xx + yy), apart = length(vec2(0.5 * (xx - yy), xy));
    float greater = half_sum + apart, lesser = max(half_sum - apart, 1e-4 * greater);
    float step_px = min(WIDEN * (sqrt(greater / max(lesser, 1e-12)) - MOST_STRETCH), WIDEST);
    if (step_px > 0.0) {
        float angle = 0.5 * atan(2.0 * xy, xx - yy);
        vec2 way = step_px * vec2(cos(angle), sin(angle)) / size;
        texel = 0.3 * texel
            + 0.23 * (textureGrad(skin, uv + way, across, up) + textureGrad(skin, uv - way, across, up))
            + 0.12 * (textureGrad(skin, uv + 2.0 * way, across, up) + textureGrad(skin, uv - 2.0 * way, across, up));
    }
    float alpha = texel.a * opacity;
    if (alpha < 0.004) discard;
    colour = vec4(texel.rgb * alpha, alpha);
}
