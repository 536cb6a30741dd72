#version 410 core
// The picture behind all layers.

uniform sampler2D skin;

in vec2 uv;

out vec4 colour;

void main() {
    vec4 texel = texture(skin, uv);
    colour = vec4(texel.rgb * texel.a, texel.a);
}
