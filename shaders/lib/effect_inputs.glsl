// What an effect is given; names and meanings are those of shadertoy.com.
uniform vec3 iResolution;            // width and height of the frame in pixels, and 1
uniform vec3 iChannelResolution[1];  // the same of iChannel0
uniform float iTime;                 // seconds
uniform float iTimeDelta;            // seconds since the frame before
uniform int iFrame;                  // frames drawn before this one
uniform vec4 iMouse;                 // always zeros
uniform sampler2D iChannel0;         // the frame that comes in, premultiplied alpha, (0, 0) bottom left
