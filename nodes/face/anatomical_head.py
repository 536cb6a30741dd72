"""The anatomical head: a mesh with 52 expressions and 314 shapes, and where landmarks lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.face import LANDMARK_COUNT

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int32]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class AnatomicalHead:
    """A human head from the collarbones up. All arrays are read-only.

    Lengths are decimetres; x to the head's left, y up, z forward. A head is
    ``vertices + shapes . identity + face_units . expression``. With v vertices and t triangles:

    Attributes:
        vertices: ``float32 (v, 3)`` the base shape.
        triangles: ``int32 (t, 3)`` counter-clockwise seen from outside; two neighbours form a quad.
        triangle_group: ``uint8 (t,)`` index into `group_names`.
        group_names: Parts of the mesh.
        uv: ``float32 (v, 2)`` the mesh's own texture layout, v upward, nan where there is none.
        uv_seam: ``bool (v,)`` vertices on a seam of that layout, which have further places in it.
        lips: ``float32 (v,)`` 1 on the red of the lips, 0 elsewhere.
        face_units: ``float32 (52, v, 3)`` displacement of each expression at 1.0, in `BLENDSHAPES` order.
        shapes: ``float32 (s, v, 3)`` displacement of each shape target at 1.0.
        shape_names: Names of the shape targets; ``macro/...`` are whole heads by origin, sex and age.
        landmark_triangle: ``int32 (478,)`` the triangle that each MediaPipe landmark lies on.
        landmark_barycentric: ``float32 (478, 3)`` its place there.
        landmark_spread_dm: ``float32 (478,)`` how uncertain that place is.
    """

    vertices: Floats
    triangles: Ints
    triangle_group: npt.NDArray[np.uint8]
    group_names: tuple[str, ...]
    uv: Floats
    uv_seam: Mask
    lips: Floats
    face_units: Floats
    shapes: Floats
    shape_names: tuple[str, ...]
    landmark_triangle: Ints
    landmark_barycentric: Floats
    landmark_spread_dm: Floats

    @property
    def body(self) -> Mask:
        """``bool (v,)``: skin, with the inside of mouth and lids."""
        return self.part("body")

    @property
    def left_eye(self) -> Mask:
        """``bool (v,)``: the head's own left eyeball, x > 0."""
        return self.part("helper-l-eye")

    @property
    def right_eye(self) -> Mask:
        """``bool (v,)``: the head's own right eyeball, x < 0."""
        return self.part("helper-r-eye")

    @property
    def eyes(self) -> Mask:
        """``bool (v,)``: both eyeballs."""
        return self.left_eye | self.right_eye

    @property
    def upper_teeth(self) -> Mask:
        """``bool (v,)``."""
        return self.part("helper-upper-teeth")

    @property
    def lower_teeth(self) -> Mask:
        """``bool (v,)``."""
        return self.part("helper-lower-teeth")

    @property
    def teeth(self) -> Mask:
        """``bool (v,)``: both rows."""
        return self.upper_teeth | self.lower_teeth

    @property
    def tongue(self) -> Mask:
        """``bool (v,)``."""
        return self.part("helper-tongue")

    @property
    def lashes(self) -> Mask:
        """``bool (v,)``: flat cards at the lids."""
        return self.part(*(name for name in self.group_names if "eyelashes" in name))

    def part(self, *names: str) -> Mask:
        """Return which vertices ``bool (v,)`` belong to any of these groups.

        Raises:
            ValueError: There is no group of that name.
        """
        unknown = [name for name in names if name not in self.group_names]
        if unknown:
            raise ValueError(f"the head has no part '{unknown[0]}'; it has: {', '.join(self.group_names)}")
        groups = [self.group_names.index(name) for name in names]
        mask = np.zeros(len(self.vertices), bool)
        mask[self.triangles[np.isin(self.triangle_group, groups)]] = True
        return mask

    def landmark_positions(self, vertices: Floats) -> Floats:
        """Return where the tracker's landmarks lie on a deformed head.

        Args:
            vertices: ``(..., v, 3)`` positions, or displacements: the map is linear.

        Returns:
            ``float32 (..., 478, 3)`` in the same units.
        """
        corners = vertices[..., self.triangles[self.landmark_triangle], :]
        positions: Floats = np.einsum(
            "...nkc,nk->...nc", corners, self.landmark_barycentric, dtype=np.float32, casting="same_kind"
        )
        return positions


@cache
def load_head() -> AnatomicalHead:
    """Load the head from the package (about 0.05 s, 35 MB), once a process: nobody can write to it.

    Raises:
        VivantError: The installation is damaged: the file is missing or not what it should be.
    """
    source = resources.files("vivant.nodes.face") / "head.npz"
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays: dict[str, npt.NDArray[Any]] = {name: archive[name] for name in archive.files}
        _check(arrays)
    except (OSError, ValueError, KeyError) as error:
        raise VivantError(
            f"The head's data cannot be read: {error}",
            where=str(source),
            remedy="install vivant again; from a checkout, restore nodes/face/head.npz with git",
        ) from error

    def floats(name: str) -> Floats:
        return _read_only(arrays[name].astype(np.float32))

    return AnatomicalHead(
        vertices=floats("vertices"),
        triangles=_read_only(arrays["triangles"]),
        triangle_group=_read_only(arrays["triangle_group"]),
        group_names=tuple(str(name) for name in arrays["group_names"]),
        uv=floats("uv"),
        uv_seam=_read_only(arrays["uv_seam"]),
        lips=floats("lips"),
        face_units=floats("face_units"),
        shapes=floats("shapes"),
        shape_names=tuple(str(name) for name in arrays["shape_names"]),
        landmark_triangle=_read_only(arrays["landmark_triangle"]),
        landmark_barycentric=floats("landmark_barycentric"),
        landmark_spread_dm=floats("landmark_spread_dm"),
    )


def _check(arrays: dict[str, npt.NDArray[Any]]) -> None:
    count = len(arrays["vertices"])
    shapes = len(arrays["shape_names"])
    wanted: dict[str, tuple[int, ...]] = {
        "vertices": (count, 3),
        "triangles": (len(arrays["triangle_group"]), 3),
        "uv": (count, 2),
        "uv_seam": (count,),
        "lips": (count,),
        "face_units": (len(BLENDSHAPES), count, 3),
        "shapes": (shapes, count, 3),
        "landmark_triangle": (LANDMARK_COUNT,),
        "landmark_barycentric": (LANDMARK_COUNT, 3),
        "landmark_spread_dm": (LANDMARK_COUNT,),
    }
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape}, not {shape}")
    if tuple(arrays["face_unit_names"]) != BLENDSHAPES:
        raise ValueError("the face units are not in ARKit's order")


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
