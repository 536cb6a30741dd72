#version 410 core
// The same pixels of a texture of the same size.

uniform sampler2D frame;

out vec4 colour;

void main() {
    colour = texelFetch(frame, ivec2(gl_FragCoord.xy), 0);
}
