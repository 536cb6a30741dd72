// Darker towards the corners.

uniform float strength = 0.6;  // how dark the corners are: 0 not at all, 1 black
uniform float width = 0.6;     // how far into the frame it reaches, 0 to 1

void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    vec2 place = fragCoord / iResolution.xy;
    float corner = length(place - 0.5) * 1.41421356;  // 1 in the corners
    vec4 colour = texture(iChannel0, place);
    float light = 1.0 - strength * smoothstep(1.0 - width, 1.0, corner);
    fragColor = vec4(colour.rgb * light, colour.a);
}
