#version 410 core
// Skin of a puppet: straight texture in, premultiplied colour out.

uniform sampler2D skin;

in vec2 uv;
in float opacity;

out vec4 colour;

void main() {
    // Beyond its border the picture goes on mirrored: a body that is cut there shows no edge when it moves.
    vec4 texel = texture(skin, 1.0 - abs(1.0 - abs(uv)));
    float alpha = texel.a * opacity;
    if (alpha < 0.004) discard;
    colour = vec4(texel.rgb * alpha, alpha);
}
