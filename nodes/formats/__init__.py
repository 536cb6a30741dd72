"""Values that travel between nodes: pictures, faces, motion, depth, puppets."""
