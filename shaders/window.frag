#version 410 core
// A drawn frame, enlarged or reduced to the window's size.

uniform sampler2D frame;  // premultiplied alpha: taken as it is, it lies on black

in vec2 place;

out vec4 colour;

void main() {
    // Where a pixel of the window covers more than one of the frame, four samples within it stand for their mean
    // (without them fine lines flicker in a small window): at a quarter of the size exactly, from there down
    // roughly. At full size all four are the same, and exact.
    vec2 texel = 1.0 / vec2(textureSize(frame, 0));
    vec2 covered = abs(vec2(dFdx(place.x), dFdy(place.y)));
    vec2 apart = min(max(covered - texel, 0.0) / 3.0, 0.25 * covered);
    vec3 sum = texture(frame, place + apart).rgb + texture(frame, place - apart).rgb;
    sum += texture(frame, place + vec2(apart.x, -apart.y)).rgb + texture(frame, place + vec2(-apart.x, apart.y)).rgb;
    colour = vec4(0.25 * sum, 1.0);
}
