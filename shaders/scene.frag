#version 410 core
// A layer of a scene: straight texture in, premultiplied colour out.

uniform sampler2D picture;

in vec2 uv;

out vec4 colour;

void main() {
    vec4 texel = texture(picture, uv);
    colour = vec4(texel.rgb * texel.a, texel.a);
}
