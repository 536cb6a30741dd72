"""Details: how a face's landmarks move beyond what the 52 expression weights can say, and how others take it over.

A basis of face units explains the motion of a driver's landmarks in part only (root mean square, five drivers: mouth 57
to 64 %, lids 12 to 50 %, brows 10 to 40 %). What is left is carried along as displacements of some landmarks, the
handles, and spread over the puppet's skin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.conjugate_gaze import conjugate
from vivant.nodes.face.landmark_sets import EYE_CORNERS, IRISES, LIDS
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.gaze import EYEBALL, gaze

Array = npt.NDArray[np.float64]

_RIGHT = (
    *(mark for pair in LIDS["Right"] for mark in pair),
    70, 63, 105, 66, 107, 46, 53, 52, 65, 55,
    78, 191, 80, 81, 82, 95, 88, 178, 87,
    61, 185, 40, 39, 37, 146, 91, 181, 84,
    50, 205, 187, 129,
)  # fmt: skip
_LEFT = (
    *(mark for pair in LIDS["Left"] for mark in pair),
    300, 293, 334, 296, 336, 276, 283, 282, 295, 285,
    308, 415, 310, 311, 312, 324, 318, 402, 317,
    291, 409, 270, 269, 267, 375, 321, 405, 314,
    280, 425, 411, 358,
)  # fmt: skip
_MIDDLE = (13, 14, 0, 17, 18, 199, 175, 152)

HANDLES = (*_RIGHT, *_LEFT, *_MIDDLE)
"""Landmarks that carry details: those of one side, of the other, and in the middle."""
COUNT = len(HANDLES)
GAZE = slice(COUNT, COUNT + 2)
"""Rows of `FaceMotion.details` behind the handles: where the right and the left iris are, in widths of the eye."""
MIRRORED = np.array([*range(len(_RIGHT), 2 * len(_RIGHT)), *range(len(_RIGHT)), *range(2 * len(_RIGHT), COUNT),
                     COUNT + 1, COUNT])  # fmt: skip
"""Which row each takes its place from in a mirror; x changes its sign besides."""

_LIDS, _BROWS, _MOUTH = range(14), range(14, 24), range(24, 42)
_SIDE = len(_RIGHT)
LID_ROWS = np.array([*_LIDS, *(row + _SIDE for row in _LIDS)])
BROW_ROWS = np.array([*_BROWS, *(row + _SIDE for row in _BROWS)])
MOUTH_ROWS = np.array([*_MOUTH, *(row + _SIDE for row in _MOUTH), *range(2 * _SIDE, 2 * _SIDE + 5)])

_CORNERS = np.array([EYE_CORNERS["Right"], EYE_CORNERS["Left"]]).T
_BLINKS = [INDEX["eyeBlinkRight"], INDEX["eyeBlinkLeft"]]
_IRIS_CENTRES = np.array([IRISES["Right"][0], IRISES["Left"][0]])
_GAZE_PLACES = EYEBALL * np.array([[*gaze(unit, "Right"), *gaze(unit, "Left")] for unit in np.eye(52)])
"""What each unit does to what `gaze_places` returns ``(52, 4)``: `gaze` is linear in the weights."""


def features(landmarks: Array) -> Array:
    """Return how large the features of a face without expression are, by which its motion is measured, ``(H, 2)``.

    Args:
        landmarks: ``(478, 3)`` in the head's own axes.
    """
    face = float(np.linalg.norm(landmarks[234] - landmarks[454]))
    mouth = float(np.linalg.norm(landmarks[61] - landmarks[291]))
    out = np.full((COUNT, 2), face)
    out[MOUTH_ROWS] = mouth
    for number, side in enumerate(("Right", "Left")):
        inner, outer = EYE_CORNERS[side]
        rows = LID_ROWS[14 * number : 14 * (number + 1)]
        out[rows, 0] = np.linalg.norm(landmarks[inner] - landmarks[outer])
        middle = LIDS[side][2:5]
        out[rows, 1] = np.mean([np.linalg.norm(landmarks[upper, :2] - landmarks[lower, :2]) for upper, lower in middle])
    return out


def gaze_places(weights: Array) -> Array:
    """Return where irises are that look as the weights say, right and left, in widths of the eye ``(2, 2)``."""
    return np.asarray(weights @ _GAZE_PLACES).reshape(2, 2)


def iris_places(landmarks: Array) -> Array:
    """Return where the irises are between the corners of their eyes, right and left, in widths of the eye ``(2, 2)``.

    Args:
        landmarks: ``(478, 3)`` in the head's own axes.
    """
    a, b = landmarks[_CORNERS]
    places = (landmarks[_IRIS_CENTRES] - 0.5 * (a + b)) / np.linalg.norm(a - b, axis=1, keepdims=True)
    return np.asarray(places[:, :2])


class DetailScale:
    """The sizes of one face's features against those of the average head.

    Args:
        head: The anatomical head.
    """

    _BOUNDS = (0.5, 2.5)

    def __init__(self, head: AnatomicalHead) -> None:
        landmarks = head.landmark_positions(head.vertices).astype(np.float64)
        self._average = features(landmarks)
        self.lid_gap = self._average[LID_ROWS[[0, 14]], 1]
        """How far the average head's right and left eye are open, decimetres, ``(2,)``."""
        self.units = np.ascontiguousarray(head.landmark_positions(head.face_units)[:, list(HANDLES), :2], np.float64)
        """What the average head's units do to the handles, decimetres, ``(52, H, 2)``."""

    def of(self, neutral: Array) -> Array:
        """Return the factors ``(H, 2)`` that take motion of the average head to a face.

        Args:
            neutral: Its landmarks ``(478, 3)`` without expression, in the head's own axes.
        """
        return np.clip(features(neutral) / self._average, *self._BOUNDS)


class DetailReader:
    """Reads the details of one driver, whose own neutral face it learns first.

    Args:
        scale: Of the head that the weights are fitted with.
        units: What its face units do to all landmarks, decimetres, ``(52, 478, 3)``.
    """

    def __init__(self, scale: DetailScale, units: Array) -> None:
        self._scale = scale
        self._units = units.reshape(52, -1)
        self._rows = list(HANDLES)
        self.forget()

    def forget(self) -> None:
        """Another person comes."""
        self._seen = 0
        self._neutral = np.zeros((478, 3))
        self._iris = np.zeros((2, 2))
        self._factors = np.ones((COUNT, 2))

    def learn(self, local: Array, weights: Array) -> None:
        """Take one frame into the mean of what the face is without its expression.

        Args:
            local: Landmarks ``(478, 3)`` in the head's own axes, decimetres.
            weights: The expression ``(52,)`` that was fitted to them.
        """
        self._seen += 1
        self._neutral += (local - (weights @ self._units).reshape(478, 3) - self._neutral) / self._seen
        self._iris += (iris_places(local) - gaze_places(weights) - self._iris) / self._seen
        self._factors = 1 / self._scale.of(self._neutral)

    def read(self, local: Array, weights: Array) -> npt.NDArray[np.float32]:
        """Return a frame's details as `FaceMotion.details`; arguments as of `learn`."""
        moved = (local - self._neutral)[self._rows, :2] * self._factors
        said = (weights @ self._scale.units.reshape(52, -1)).reshape(COUNT, 2)
        looking = conjugate(iris_places(local) - self._iris, weights[_BLINKS]) - gaze_places(weights)
        return np.concatenate([moved - said, looking]).astype(np.float32)
