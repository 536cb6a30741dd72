#version 410 core
// Skin of a puppet: straight texture in, premultiplied colour out.

uniform sampler2D skin;

in vec2 uv;
in float opacity;

out vec4 colour;

void main() {
    // Beyond its border the picture goes on mirrored where, and only where, the border cuts it: a body that is cut
    // shows no edge when it moves, and one that ends before the border does not come back.
    vec4 texel = texture(skin, 1.0 - abs(1.0 - abs(uv)));
    vec2 inside = clamp(uv, 0.0, 1.0);
    if (inside != uv) texel.a = texture(skin, inside).a;
    float alpha = texel.a * opacity;
    if (alpha < 0.004) discard;
    colour = vec4(texel.rgb * alpha, alpha);
}
