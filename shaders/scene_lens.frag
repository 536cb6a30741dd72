#version 410 core
// A layer of a scene, as scene_fog.frag, seen through a lens that blurs what is out of focus.

const int TAPS = 24;
const float GOLDEN_ANGLE = 2.39996323;

uniform sampler2D picture;
uniform vec3 eye;        // the camera now, picture space
uniform float aperture;  // width of the lens, picture heights
uniform float focus;     // depth of what is sharp
uniform float height;    // of the picture, in texels

in vec2 uv;
in float depth;

out vec4 colour;

#include "lib/fog.glsl"

// Seen from the rim of the lens a thing lies elsewhere than from its middle, but for what is in focus: by as much as the
// camera's parallax is for such a step aside. That is the disc it is blurred to.
float blur_radius() {
    float here = depth / (eye.z - depth);
    float sharp = focus / (eye.z - focus);
    return 0.5 * aperture * abs(here - sharp) * height;
}

void main() {
    float radius = blur_radius();
    vec2 texel = 1.0 / vec2(textureSize(picture, 0));
    float level = log2(max(1.0, 0.5 * radius));
    vec4 sum = vec4(0.0);
    for (int i = 0; i < TAPS; i++) {
        float angle = GOLDEN_ANGLE * float(i);
        vec2 aside = radius * sqrt((float(i) + 0.5) / float(TAPS)) * vec2(cos(angle), sin(angle));
        vec4 tap = textureLod(picture, uv + aside * texel, level);
        sum += vec4(tap.rgb * tap.a, tap.a);
    }
    colour = veiled(sum / float(TAPS), depth);
}
