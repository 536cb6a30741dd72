"""A puppet as a file for other programs: glTF, OBJ, PLY, and a page that shows it."""
