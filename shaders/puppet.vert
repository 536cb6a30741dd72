#version 410 core
// A vertex of a puppet: the skinned plane plus its depth along the skinned ray (see skinning.py). What moves vertices
// otherwise must be done in opening_bounds.py too: inner layers are drawn only where it finds their openings.

layout(location = 0) in vec3 skinned_plane;
layout(location = 1) in vec3 skinned_ray;
layout(location = 2) in float depth_change;
layout(location = 3) in vec2 texture_place;
layout(location = 4) in vec2 map_place;
layout(location = 5) in float own_depth;
layout(location = 6) in float mapped;
layout(location = 7) in float vertex_opacity;

uniform sampler2D depth_map;
uniform vec3 eye;        // the camera, picture space
uniform vec2 half_size;  // half the picture's width and height, picture space
uniform vec2 slice;      // scale and offset of this layer in the depth buffer

out vec2 uv;
out float opacity;

void main() {
    float depth = own_depth + mapped * texture(depth_map, map_place).r + depth_change;
    vec3 place = skinned_plane + depth * skinned_ray;
    // Seen from the eye, the picture plane z = 0 fills the frame: w is 1 there.
    float w = (eye.z - place.z) / eye.z;
    vec2 seen = place.xy - eye.xy * (place.z / eye.z);
    // Each role of layers has its own slice of the depth buffer; in it lie two picture heights before and behind
    // the plane.
    float near_far = clamp(-place.z * 0.5, -1.0, 1.0) * slice.x + slice.y;
    gl_Position = vec4(seen / half_size, near_far * w, w);
    uv = texture_place;
    opacity = vertex_opacity;
}
