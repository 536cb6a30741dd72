#version 410 core
// A drawn frame, enlarged or reduced to the window's size.

uniform sampler2D frame;  // premultiplied alpha: taken as it is, it lies on black

in vec2 place;

out vec4 colour;

void main() {
    // Where a pixel of the window covers more than one of the frame, four samples within it stand for their mean
    // (without them fine lines flicker in a small window). At full size all four are the same, and exact.
    vec2 texels = vec2(textureSize(frame, 0));
    vec2 covered = vec2(dFdx(place.x), dFdy(place.y));
    vec2 apart = 0.25 * sign(covered) * max(abs(covered) - 1.0 / texels, 0.0);
    vec3 sum = texture(frame, place + apart).rgb + texture(frame, place - apart).rgb;
    sum += texture(frame, place + vec2(apart.x, -apart.y)).rgb + texture(frame, place + vec2(-apart.x, apart.y)).rgb;
    colour = vec4(0.25 * sum, 1.0);
}
