#version 410 core
// A layer of a scene, to measure with: red where its texture is stretched, in place of its colours.

uniform sampler2D picture;
uniform float most;  // how many pixels of the frame a texel may cover in any direction

in vec2 uv;

out vec4 colour;

void main() {
    vec2 texels = vec2(textureSize(picture, 0));
    mat2 change = mat2(dFdx(uv) * texels, dFdy(uv) * texels);
    // The smaller singular value of the change of texel per pixel: how far the texture gets where it is slowest.
    float square = dot(change[0], change[0]) + dot(change[1], change[1]);
    float area = abs(determinant(change));
    float slowest = sqrt(max(0.5 * (square - sqrt(max(square * square - 4.0 * area * area, 0.0))), 0.0));
    float alpha = texture(picture, uv).a;
    colour = vec4(slowest * most < 1.0 ? alpha : 0.0, 0.0, 0.0, alpha);
}
