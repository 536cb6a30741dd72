// Old film: grain, a frame that does not quite stand still, and less colour.

uniform float grain = 0.09;   // how much lighter or darker a grain may be
uniform float shake = 0.002;  // how far the frame jumps, in heights of it
uniform float fade = 0.6;     // how much colour is lost, 0 to 1
uniform float rate = 18.0;    // pictures per second of the film

// An integer hash: the same grain on every graphics card, and at every run.
uint scatter(uint x) {
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

float noise(uvec2 place, uint picture) {
    return float(scatter(place.x + scatter(place.y + scatter(picture))) >> 8) / 16777216.0;
}

void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    uint picture = uint(iTime * rate);
    vec2 jump = vec2(noise(uvec2(0u), picture), noise(uvec2(1u), picture)) - 0.5;
    vec4 colour = texture(iChannel0, (fragCoord + 2.0 * shake * iResolution.y * jump) / iResolution.xy);
    float grey = dot(colour.rgb, vec3(0.299, 0.587, 0.114));
    vec3 faded = mix(colour.rgb, grey * vec3(1.0, 0.95, 0.86), fade);
    // grains are as large in every frame: a four hundredth of its height, but a pixel at least
    float size = max(1.0, iResolution.y / 400.0);
    float light = (2.0 * noise(uvec2(fragCoord / size), picture) - 1.0) * grain;
    fragColor = vec4(clamp(faded + light * colour.a, 0.0, colour.a), colour.a);
}
