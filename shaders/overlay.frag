#version 410 core
// A picture laid over what is there: premultiplied alpha, row 0 on top.

uniform sampler2D picture;

in vec2 place;

out vec4 colour;

void main() {
    colour = texture(picture, vec2(place.x, 1.0 - place.y));
}
