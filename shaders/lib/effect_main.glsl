out vec4 vivantColour;

void main() {
    vec4 colour = vec4(0.0, 0.0, 0.0, 1.0);  // where mainImage leaves it as it is
    mainImage(colour, gl_FragCoord.xy);
    vivantColour = colour;
}
