"""Controls: a few parts of a face that are corrected as one piece, each by moving a group of handles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import COUNT, HANDLES
from vivant.nodes.face.landmark_sets import LIDS
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.gaze import EYEBALL, gaze

F64 = npt.NDArray[np.float64]

_X, _Y = 0, 1
_ROW = {mark: row for row, mark in enumerate(HANDLES)}


@dataclass(frozen=True)
class Control:
    """One part of a face.

    Attributes:
        name: For people; ends with the side where it has one.
        unit: What counts as 1: decimetres of the average head, widths of the eye, or a weight.
        most: How far it may be corrected, in units; 0: it is only watched.
        axis: 0: across, 1: up, in the head's axes.
        measured: Landmarks whose mean place is the control's.
        moved: Landmarks, and by which share they follow.
    """

    name: str
    unit: float
    most: float
    axis: int = _Y
    measured: tuple[int, ...] = ()
    moved: Mapping[int, float] | None = None

    @property
    def side(self) -> str:
        """``Left``, ``Right`` or nothing."""
        return next((side for side in ("Left", "Right") if self.name.endswith(side)), "")

    @property
    def of_mouth(self) -> bool:
        """Whether it belongs to mouth and jaw."""
        return self.name.startswith(("lip", "corner", "mouth", "jaw"))


_BROWS = {
    "Right": {"Inner": (107, 55, 66, 65), "Middle": (105, 52), "Outer": (70, 46, 63, 53)},
    "Left": {"Inner": (336, 285, 296, 295), "Middle": (334, 282), "Outer": (300, 276, 293, 283)},
}
_LID_SHAPE = (0.45, 0.75, 1.0, 1.0, 1.0, 0.75, 0.45)
_LIPS = {
    "UpperInner": (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    "LowerInner": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    "UpperOuter": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    "LowerOuter": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
}
IRIS_UNIT, JAW_UNIT = 0.12, 0.4


def _controls() -> tuple[Control, ...]:
    found: list[Control] = []
    for side, brow in _BROWS.items():
        for part, marks in brow.items():
            found.append(Control(f"brow{part}{side}", 0.06, 0.8, _Y, marks, dict.fromkeys(marks, 1.0)))
    for side, pairs in LIDS.items():
        for part, row, unit in (("Upper", 0, 0.04), ("Lower", 1, 0.03)):
            rim = tuple(pair[row] for pair in pairs)
            shape = dict(zip(rim, _LID_SHAPE, strict=True))
            found.append(Control(f"lid{part}{side}", unit, 0.6, _Y, rim[2:5], shape))
    # The mouth is only watched: what it does shows in the eyes' scores too. Correcting it made likeness worse.
    for name, line in _LIPS.items():
        found.append(Control(f"lip{name}", 0.12, 0.0, _Y, line[4:7]))
    for side, outer, inner in (("Right", 61, 78), ("Left", 291, 308)):
        for axis, letter in ((_X, "X"), (_Y, "Y")):
            found.append(Control(f"corner{letter}{side}", 0.12, 0.0, axis, (outer, inner)))
    found.append(Control("mouthX", 0.1, 0.0, _X, (13, 14, 0, 17)))
    for side in ("Right", "Left"):
        for axis, letter in ((_X, "X"), (_Y, "Y")):
            found.append(Control(f"iris{letter}{side}", IRIS_UNIT, 1.0, axis))
    found.append(Control("jaw", JAW_UNIT, 0.6))
    return tuple(found)


CONTROLS = _controls()


@dataclass(frozen=True, slots=True, eq=False)
class ControlMaps:
    """The linear maps between controls and what they are made of; fields as in `PuppetResponse`.

    Attributes:
        units: What they were written from, as `control_maps` takes it.
    """

    units: F64
    of_weights: F64
    of_details: F64
    into_details: F64
    into_jaw: F64


def control_maps(units: F64) -> ControlMaps:
    """Write the controls as matrices.

    Args:
        units: What the average head's face units do to the handles, decimetres, ``(52, H, 2)``.
    """
    count = len(CONTROLS)
    of_weights, into_jaw = np.zeros((52, count)), np.zeros(count)
    of_details, into_details = np.zeros((COUNT + 2, 2, count)), np.zeros((count, COUNT + 2, 2))
    for number, control in enumerate(CONTROLS):
        if control.name == "jaw":
            of_weights[INDEX["jawOpen"], number] = 1 / control.unit
            into_jaw[number] = control.unit
        elif control.name.startswith("iris"):
            row = COUNT + ("Right", "Left").index(control.side)
            looks = [EYEBALL * gaze(worn, control.side)[control.axis] for worn in np.eye(52, dtype=np.float32)]
            of_weights[:, number] = np.array(looks) / control.unit
            of_details[row, control.axis, number] = 1 / control.unit
            into_details[number, row, control.axis] = control.unit
        else:
            rows = [_ROW[mark] for mark in control.measured]
            of_weights[:, number] = units[:, rows, control.axis].mean(axis=1) / control.unit
            of_details[rows, control.axis, number] = 1 / (len(rows) * control.unit)
            for mark, share in (control.moved or {}).items():
                into_details[number, _ROW[mark], control.axis] = share * control.unit
    return ControlMaps(units, of_weights, of_details, into_details, into_jaw)
