// The lines of a tube, with colours that lie apart towards the sides.

uniform float lines = 180.0;    // lines from top to bottom
uniform float strength = 0.45;  // how dark it is between two of them, 0 to 1
uniform float apart = 0.0025;   // how far red and blue lie apart at the sides, in widths of the frame
uniform float roll = 0.15;      // how often per second a bright band rolls down

void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    vec2 place = fragCoord / iResolution.xy;
    vec2 aside = vec2(apart * (2.0 * place.x - 1.0), 0.0);
    vec4 middle = texture(iChannel0, place);
    vec3 colour = vec3(texture(iChannel0, place + aside).r, middle.g, texture(iChannel0, place - aside).b);
    // where a line is thinner than two pixels it would only beat with them
    float shown = strength * smoothstep(1.0, 2.0, iResolution.y / lines);
    float line = 0.5 - 0.5 * cos(6.2831853 * lines * place.y);
    float band = exp(-40.0 * pow(fract(place.y + roll * iTime) - 0.5, 2.0));
    fragColor = vec4(min(colour * (1.0 - shown * line) * (1.0 + 0.12 * band), middle.a), middle.a);
}
