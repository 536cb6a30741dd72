#version 410 core
// A layer of a scene, as scene.frag, seen through fog.

uniform sampler2D picture;

in vec2 uv;
in float depth;

out vec4 colour;

#include "lib/fog.glsl"

void main() {
    vec4 texel = texture(picture, uv);
    colour = veiled(vec4(texel.rgb * texel.a, texel.a), depth);
}
