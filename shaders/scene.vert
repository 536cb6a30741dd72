#version 410 core
// A vertex of a scene, seen by a camera with a shifted lens (see camera_pose.py).

layout(location = 0) in vec3 rest;  // place in the picture plane, and depth
layout(location = 1) in vec2 texture_place;

uniform float rest_eye_z;  // the camera at rest, on the axis
uniform vec3 eye;          // the camera now, picture space
uniform vec2 middle;       // of the frame, in the picture plane
uniform vec2 half_size;    // half the frame's width and height there

out vec2 uv;
out vec2 place;
out float depth;

void main() {
    // Where the camera at rest sees it, on the ray from there to the picture plane.
    vec3 at = vec3(rest.xy * (1.0 - rest.z / rest_eye_z), rest.z);
    float w = (eye.z - at.z) / eye.z;
    vec2 seen = at.xy - eye.xy + (eye.xy - middle) * w;
    gl_Position = vec4(seen / half_size, 0.0, w);
    uv = texture_place;
    place = rest.xy;
    depth = rest.z;
}
