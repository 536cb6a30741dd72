#version 410 core
// Skin of a puppet: straight texture in, premultiplied colour out. Compiled twice: triangles that show opaque texels
// alone are drawn without blending, with OPAQUE defined.

uniform sampler2D skin;
uniform float strength;  // how much of this layer is drawn

in vec2 uv;
in float opacity;

out vec4 colour;

void main() {
    vec4 texel = texture(skin, uv);
#ifdef OPAQUE
    float alpha = 1.0;
#else
    float alpha = texel.a * opacity * strength;
    if (alpha < 0.004) discard;
#endif
    colour = vec4(texel.rgb * alpha, alpha);
}
