#version 410 core
// A layer of a scene: straight texture in, premultiplied colour out, through a lens and through fog.

const int TAPS = 24;
const float GOLDEN_ANGLE = 2.39996323;

uniform sampler2D picture;
uniform vec3 eye;          // the camera now, picture space
uniform float aperture;    // width of the lens, picture heights
uniform float focus;       // depth of what is sharp
uniform float height;      // of the picture, in texels
uniform float fog;         // how much of the farthest is hidden
uniform vec3 fog_colour;
uniform vec2 range;        // depth of the farthest and the nearest part

in vec2 uv;
in float depth;

out vec4 colour;

// Seen from the rim of the lens a thing lies elsewhere than from its middle, but for what is in focus: by as much as the
// camera's parallax is for such a step aside. That is the disc it is blurred to.
float blur_radius() {
    float here = depth / (eye.z - depth);
    float sharp = focus / (eye.z - focus);
    return 0.5 * aperture * abs(here - sharp) * height;
}

vec4 blurred(float radius) {
    vec2 texel = 1.0 / vec2(textureSize(picture, 0));
    float level = log2(max(1.0, 0.5 * radius));
    vec4 sum = vec4(0.0);
    for (int i = 0; i < TAPS; i++) {
        float angle = GOLDEN_ANGLE * float(i);
        vec2 aside = radius * sqrt((float(i) + 0.5) / float(TAPS)) * vec2(cos(angle), sin(angle));
        vec4 tap = textureLod(picture, uv + aside * texel, level);
        sum += vec4(tap.rgb * tap.a, tap.a);
    }
    return sum / float(TAPS);
}

void main() {
    float radius = aperture > 0.0 ? blur_radius() : 0.0;
    if (radius > 0.5) {
        colour = blurred(radius);
    } else {
        vec4 texel = texture(picture, uv);
        colour = vec4(texel.rgb * texel.a, texel.a);
    }
    if (fog > 0.0) {
        // fog takes the same share of the light on every step of the way (Beer and Lambert)
        float way = clamp((range.y - depth) / max(range.y - range.x, 1e-4), 0.0, 1.0);
        float hidden = 1.0 - pow(1.0 - min(fog, 0.999), way);
        colour.rgb = mix(colour.rgb, fog_colour * colour.a, hidden);
    }
}
