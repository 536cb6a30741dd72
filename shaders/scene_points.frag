#version 410 core
// A layer of a scene as points on black that lie on its surface, in fog if there is any.

uniform sampler2D picture;
uniform float height;  // of the picture, in texels
uniform float points;  // from one point to the next, picture heights

in vec2 uv;
in vec2 place;  // in the picture plane, picture heights
in float depth;

out vec4 colour;

#include "lib/fog.glsl"

void main() {
    // Every other row stands half a point aside.
    float row = floor(place.y / points);
    float shift = 0.5 * mod(row, 2.0);
    vec2 cell = vec2(floor(place.x / points - shift) + shift, row) + 0.5;
    vec2 aside = cell * points - place;
    // Soft by one pixel of the frame, whatever its size.
    float pixel = length(vec2(dFdx(place.x), dFdy(place.y)));
    float dot_alpha = 1.0 - smoothstep(0.42 * points - pixel, 0.42 * points, length(aside));
    // The colour is that of all the point stands for.
    vec2 centre = uv + vec2(aside.x, -aside.y) * height / vec2(textureSize(picture, 0));
    vec3 all = textureLod(picture, centre, log2(max(1.0, points * height))).rgb;
    float alpha = texture(picture, uv).a;
    colour = veiled(vec4(all * alpha * dot_alpha, alpha), depth);
}
