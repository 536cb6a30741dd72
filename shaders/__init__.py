"""GLSL shaders and how to find them."""
