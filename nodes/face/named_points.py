"""Points of a face that have names, for people to put where they belong; left and right are the person's own."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.face import LANDMARK_COUNT


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """One point.

    Attributes:
        about: Where it lies, for people.
        landmarks: The tracker's landmarks whose mean it is.
    """

    about: str
    landmarks: tuple[int, ...]


def _pair(name: str, about: str, right: tuple[int, ...], left: tuple[int, ...]) -> dict[str, NamedPoint]:
    return {
        f"{side}_{name}": NamedPoint(f"{about}, on the person's own {side}", marks)
        for side, marks in (("right", right), ("left", left))
    }


NAMED_POINTS: dict[str, NamedPoint] = {
    **_pair("eye", "middle of the eye", (33, 133, 159, 145), (263, 362, 386, 374)),
    **_pair("eye_outer", "corner of the eye away from the nose", (33,), (263,)),
    **_pair("eye_inner", "corner of the eye beside the nose", (133,), (362,)),
    **_pair("eye_upper", "middle of the upper lid's edge", (159,), (386,)),
    **_pair("eye_lower", "middle of the lower lid's edge", (145,), (374,)),
    **_pair("iris", "centre of the iris", (468,), (473,)),
    **_pair("iris_edge", "any place on the edge of the iris", (469,), (474,)),
    **_pair("brow_outer", "end of the brow away from the nose", (70,), (300,)),
    **_pair("brow_middle", "middle of the brow", (105,), (334,)),
    **_pair("brow_inner", "end of the brow beside the nose", (107,), (336,)),
    "nose_tip": NamedPoint("tip of the nose", (1,)),
    **_pair("mouth_corner", "corner of the mouth", (61,), (291,)),
    "upper_lip_top": NamedPoint("upper edge of the upper lip", (0,)),
    "upper_lip_bottom": NamedPoint("lower edge of the upper lip, where the mouth opens", (13,)),
    "lower_lip_top": NamedPoint("upper edge of the lower lip, where the mouth opens", (14,)),
    "lower_lip_bottom": NamedPoint("lower edge of the lower lip", (17,)),
    "chin": NamedPoint("lowest point of the chin", (152,)),
    **_pair("jaw", "angle of the jaw, on the outline below the ear", (172,), (397,)),
    **_pair("ear", "outline of the face before the ear", (234,), (454,)),
    "forehead": NamedPoint("middle of the forehead at the hair", (10,)),
}  # fmt: skip
"""In the order in which they are listed to people."""

SIDES = ("right", "left")
REQUIRED = ("nose_tip", "right_mouth_corner", "left_mouth_corner", "chin")
"""Points that are needed beside the eyes."""
LEAST = ("right_eye", "left_eye", *REQUIRED)
"""The fewest points that tell where a face is."""


def other_side(name: str) -> str | None:
    """Return the name of the same point on the other side, None for points of the middle."""
    for side, other in (SIDES, SIDES[::-1]):
        if name.startswith(f"{side}_"):
            return name.replace(side, other, 1)
    return None


def missing_points(given: Container[str]) -> list[str]:
    """Return what is missing to tell where a face is, in words, one text each; empty when it is enough.

    Enough are, for each eye, its middle or both its corners, and the tip of the nose, both corners of the mouth and
    the chin.
    """
    missing = [
        f"'{side}_eye' (or both '{side}_eye_outer' and '{side}_eye_inner')"
        for side in SIDES
        if f"{side}_eye" not in given and not all(f"{side}_eye_{end}" in given for end in ("outer", "inner"))
    ]
    return missing + [f"'{name}'" for name in REQUIRED if name not in given]


def landmark_mean(names: list[str]) -> npt.NDArray[np.float64]:
    """Return the matrix ``(N, 478)`` that takes landmarks to these points."""
    matrix = np.zeros((len(names), LANDMARK_COUNT))
    for row, name in enumerate(names):
        marks = list(NAMED_POINTS[name].landmarks)
        matrix[row, marks] = 1 / len(marks)
    return matrix
