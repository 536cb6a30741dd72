// Fog between the camera and what it sees.

uniform float fog;        // how much of the farthest is hidden
uniform vec3 fog_colour;
uniform vec2 range;       // depth of the farthest and the nearest part

// Veil a premultiplied colour: fog takes the same share of the light on every step of the way (Beer and Lambert).
vec4 veiled(vec4 colour, float depth) {
    float way = clamp((range.y - depth) / max(range.y - range.x, 1e-4), 0.0, 1.0);
    float hidden = 1.0 - pow(1.0 - min(fog, 0.999), way);
    return vec4(mix(colour.rgb, fog_colour * colour.a, hidden), colour.a);
}
