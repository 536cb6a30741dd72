"""What can be exported, by the ending of the file."""

from __future__ import annotations

from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.nodes.export.bust import Bust
from vivant.nodes.export.performance_keys import PerformanceKeys

MOVING = (".glb", ".html")
STILL = (".obj", ".ply")


def check_kind(out: Path, animated: bool) -> None:
    """Refuse a file that cannot be written.

    Raises:
        VivantError: The ending says no format, or one that cannot move and shall; exit status 2.
    """
    ending = out.suffix.lower()
    if ending not in MOVING + STILL:
        raise VivantError(
            f"'{ending}' is no ending of an export" if ending else "the ending of the file says what is exported",
            where=str(out),
            remedy="use .glb (glTF), .html (a page that shows it), .obj or .ply",
            exit_status=2,
        )
    if animated and ending in STILL:
        raise VivantError(
            f"a file {ending} does not move",
            where=str(out),
            remedy="use .glb or .html for a performance",
            exit_status=2,
        )


def files_of(bust: Bust, out: Path, keys: PerformanceKeys | None) -> dict[Path, bytes]:
    """Return the files that an export is made of, the one that was asked for last.

    Args:
        bust: The bust.
        out: The file that was asked for; its ending has been checked.
        keys: A performance, or None.
    """
    ending = out.suffix.lower()
    if ending == ".obj":
        from vivant.nodes.export.obj import obj_of

        made = obj_of(bust, out.stem)
        made[out.name] = made.pop(f"{out.stem}.obj")  # OBJ, where the user writes it so
        return {out.with_name(name): data for name, data in made.items()}
    if ending == ".ply":
        from vivant.nodes.export.ply import ply_of

        return {out: ply_of(bust)}
    from vivant.nodes.export.gltf import glb_of

    glb = glb_of(bust, keys)
    if ending == ".glb":
        return {out: glb}
    from vivant.nodes.export.page import page_of

    return {out: page_of(glb, Path(bust.name).stem.removeprefix("sample:")).encode()}
