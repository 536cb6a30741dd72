#version 410 core
// Lips that are drawn with one sample per pixel, their edge softened: where skin borders on what lies in the mouth,
// each takes a share of the other. Where an edge passes between two pixels' middles, an eighth of either is beyond it on
// average. All else is as it was.

uniform sampler2D frame;
uniform sampler2D depth;

out vec4 colour;

// Windows and what is seen through them lie behind the backdrop's depth (see puppet_renderer.py).
bool inside(ivec2 place) {
    return texelFetch(depth, place, 0).r > 0.55;
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy), last = textureSize(frame, 0) - 1;
    ivec2 beside[4] = ivec2[4](max(here - ivec2(1, 0), 0), min(here + ivec2(1, 0), last),
                               max(here - ivec2(0, 1), 0), min(here + ivec2(0, 1), last));
    vec4 own = texelFetch(frame, here, 0);
    bool within = inside(here);
    colour = own;
    for (int i = 0; i < 4; ++i) {
        if (inside(beside[i]) != within) colour += 0.125 * (texelFetch(frame, beside[i], 0) - own);
    }
}
