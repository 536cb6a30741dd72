"""A bust as a Wavefront OBJ: three sorts of files that belong together. It does not move."""

from __future__ import annotations

import numpy as np

from vivant.nodes.export.bust import Bust, Part
from vivant.nodes.export.png import png

_FAINT = 0.02


def obj_of(bust: Bust, stem: str) -> dict[str, bytes]:
    """Write a bust in the expression of its picture.

    Args:
        bust: The bust.
        stem: Of the names of the files; it is written into them.

    Returns:
        Contents by name of the file: textures, materials, and the OBJ last.
    """
    # vertices of an OBJ have no opacity: what is half there could only be there
    still = [part for part in shown_parts(bust) if not part.alpha_moves.any()]
    lines = [f"# {bust.name}, by Vivant; metres, y up, seen from +z", f"mtllib {stem}.mtl"]
    first = 1
    for part in still:
        lines.append(f"o {part.name}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in part.worn(bust.expression).tolist()]
        lines += [f"vt {u:.6f} {1 - v:.6f}" for u, v in part.uv.tolist()]  # OBJ counts from the bottom
        lines.append(f"usemtl {part.name}")
        lines += ["f " + " ".join(f"{n}/{n}" for n in corner) for corner in (part.triangles + first).tolist()]
        first += len(part.vertices)
    textures = dict.fromkeys(part.texture for part in still)
    files = {f"{stem}_{name}.png": png(bust.textures[name]) for name in textures}
    files[f"{stem}.mtl"] = "\n".join(_material(part, stem) for part in still).encode()
    files[f"{stem}.obj"] = ("\n".join(lines) + "\n").encode()
    return files


def shown_parts(bust: Bust, *, backdrop: bool = True) -> list[Part]:
    """Return the parts of which something shows in the expression of the picture, the backdrop first."""
    behind = [bust.backdrop] if backdrop and bust.backdrop is not None else []
    return behind + [part for part in bust.parts if float(np.max(part.shown(bust.expression))) > _FAINT]


def _material(part: Part, stem: str) -> str:
    # illum 0: the colour as it is, without light
    lines = [f"newmtl {part.name}", "Ka 1 1 1", "Kd 1 1 1", "illum 0", f"map_Kd {stem}_{part.texture}.png"]
    if part.blend:
        lines.append(f"map_d {stem}_{part.texture}.png")
    return "\n".join(lines) + "\n"
