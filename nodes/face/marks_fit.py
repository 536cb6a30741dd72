"""From a few points that somebody put on a picture to everything a tracker would have said about that face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.head_fit import HeadFitter
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, EYE_CORNERS, IRISES
from vivant.nodes.face.named_points import landmark_mean
from vivant.nodes.face.similarity import similarity
from vivant.nodes.face.thin_plate import ThinPlate
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.face import LANDMARK_COUNT, FaceReading
from vivant.nodes.formats.face_marks import FaceMarks

Array = npt.NDArray[np.float64]

_ROUNDS, _STEPS = 10, 4
# Standard deviations: of turns that a drawn face has, and of a point about where head and shape can bring it.
_TURN_RAD, _POINT = np.radians((4.0, 10.0)), 0.04
_SHAPE, _UNIT = 0.35, 0.12
_LIKELY = {"jawOpen": 0.5, "eyeBlinkLeft": 0.4, "eyeBlinkRight": 0.4}  # an open mouth, a narrow eye are no shapes
_SHAPE_RANGE, _UNIT_RANGE = (-0.6, 1.2), (0.0, 1.0)
# A face smaller than this, in heights of the picture, is none: points that lie on one another while they are dragged.
_LEAST_SPREAD = 1e-3
_SCORE_TRUST = 1.1  # as in the fit of heads, which takes the scores up again
_SMOOTH = 1e-4
_EYE_POINTS = ("outer", "inner", "upper", "lower")
_ARCH, _PEAK_RANGE = 0.65, (0.25, 0.75)  # 0.5 is an ellipse, 1 a parabola
_LOWER_LID, _UPPER_LID = 4, 12  # of the landmarks in the middle of the lids, in `EYE_CONTOURS`
_INNER_CORNER = 8  # in `EYE_CONTOURS`: before it the lower lid, behind it the upper
_TRACKER_FOV_DEG = 63.0
_CM_PER_DM = 10.0


class MarksFitter:
    """Fits the anatomical head to a few points of a face and reads all landmarks off it.

    Pose, shape and expression explain the points as far as a head can; what it cannot say, because drawn eyes are
    larger than any head's and muzzles longer, is bent into place by a thin-plate spline in the picture plane, so that
    every given point is met.

    Args:
        head: The anatomical head.
    """

    def __init__(self, head: AnatomicalHead) -> None:
        self._prior_shape = HeadFitter(head).prior_shape
        self._mean = head.landmark_positions(head.vertices).astype(np.float64)
        shapes = head.landmark_positions(head.shapes).astype(np.float64)
        units = head.landmark_positions(head.face_units).astype(np.float64)
        self._basis = np.concatenate([shapes, units])
        self._shape_count = len(shapes)
        deviation = np.concatenate([np.full(len(shapes), _SHAPE), np.full(len(units), _UNIT)])
        # What the picture shows of a face says nothing about where it looks: the irises do, and they are points.
        deviation[[len(shapes) + INDEX[name] for name in BLENDSHAPES if name.startswith("eyeLook")]] = 1e-3
        for name, value in _LIKELY.items():
            deviation[len(shapes) + INDEX[name]] = value
        self._deviation = deviation

    def fit(self, marks: FaceMarks, size: tuple[int, int]) -> FaceReading:
        """Return the reading of the face that the marks point out.

        Args:
            marks: Points or landmarks, in pixels, as `read_face_file` has checked them.
            size: Width and height of the picture.
        """
        if marks.landmarks is not None:
            rows = np.eye(LANDMARK_COUNT)
            places = marks.landmarks[:, :2].astype(np.float64)
        else:
            names = list(marks.points)
            rows = landmark_mean(names)
            free = np.array([not name.endswith("_iris_edge") for name in names])
            places = np.array([marks.points[name] for name in names], np.float64)
            rows, places = rows[free], places[free]
        width, height = size
        goal = np.stack([places[:, 0] - width / 2, height / 2 - places[:, 1]], axis=1) / height
        model, weights, scale, rotation, translation = self._solve(rows, goal, marks)
        points = scale * model @ rotation.T + translation
        if marks.landmarks is not None:
            points[:, :2] = goal
        else:
            head = points.copy()
            points[:, :2] = _bent(head[:, :2], rows, goal)
            _set_eyes(points, head, marks, size)
            # What lies about the eyes goes where their outlines went.
            rims = [mark for contour in EYE_CONTOURS.values() for mark in contour]
            rows = np.concatenate([rows, np.eye(LANDMARK_COUNT)[rims]])
            points[:, :2] = _bent(head[:, :2], rows, np.concatenate([goal, points[rims, :2]]))
            _set_eyes(points, head, marks, size)
        pixels = points * np.array([height, -height, -height]) + np.array([width / 2, height / 2, 0])
        if marks.landmarks is not None and marks.landmarks.shape[1] == 3:
            pixels[:, 2] = marks.landmarks[:, 2]
        scores = weights / _SCORE_TRUST
        return FaceReading(
            pixels.astype(np.float32),
            size,
            np.clip(scores, 0, 1).astype(np.float32),
            _transform(rotation, scale, points),
        )

    def _solve(self, rows: Array, goal: Array, marks: FaceMarks) -> tuple[Array, Array, float, Array, Array]:
        """Return landmarks of the head ``(478, 3)``, its units ``(52,)``, and the similarity to picture space."""
        count = self._shape_count
        prior = np.concatenate([self._prior_shape, np.zeros(len(BLENDSHAPES))])
        deviation = self._deviation.copy()
        for name, weight in marks.expression.items():
            prior[count + INDEX[name]] = weight
            deviation[count + INDEX[name]] = 1e-3
        low = np.where(np.arange(len(prior)) < count, _SHAPE_RANGE[0], _UNIT_RANGE[0])
        high = np.where(np.arange(len(prior)) < count, _SHAPE_RANGE[1], _UNIT_RANGE[1])
        basis = np.einsum("nl,klc->knc", rows, self._basis)
        mean = rows @ self._mean
        coefficients = prior.copy()
        pose = _first_pose(np.asarray(mean + np.tensordot(prior, basis, axes=1), np.float64), goal)
        spread = _spread(goal)
        for _ in range(_ROUNDS):
            model = np.asarray(mean + np.tensordot(coefficients, basis, axes=1), np.float64)
            for _ in range(_STEPS):
                pose = _better_pose(pose, model, goal, _POINT * spread)
            scale, rotation, shift = pose[0], _rotation(pose[1:4]), pose[4:6]
            seen = scale * basis @ rotation[:2].T  # (K, N, 2)
            system = seen.reshape(len(basis), -1).T * deviation
            rest = goal - (scale * (mean + np.tensordot(prior, basis, axes=1)) @ rotation[:2].T + shift)
            noise = (_POINT * spread) ** 2 * np.eye(len(system))
            # There are fewer points than coefficients: the small system is solved in place of the large one.
            step = system.T @ np.linalg.solve(system @ system.T + noise, rest.reshape(-1))
            coefficients = np.clip(prior + deviation * step, low, high)
        model = self._mean + np.tensordot(coefficients, self._basis, axes=1)
        scale, rotation = pose[0], _rotation(pose[1:4])
        return model, coefficients[count:], float(scale), rotation, np.array([pose[4], pose[5], 0.0])


def _first_pose(model: Array, goal: Array) -> Array:
    """Scale, rotation vector and shift ``(6,)`` of a head that faces the viewer, upright or tilted."""
    flat = np.concatenate([model[:, :2], np.zeros((len(model), 1))], axis=1)
    target = np.concatenate([goal, np.zeros((len(goal), 1))], axis=1)
    scale, rotation, shift = similarity(flat, target, np.ones(len(flat)))
    roll = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
    return np.array([max(scale, _LEAST_SPREAD), 0.0, 0.0, roll, shift[0], shift[1]])


def _better_pose(pose: Array, model: Array, goal: Array, deviation: float) -> Array:
    """One Gauss-Newton step of a scaled orthographic camera, turns held near the viewer's direction."""

    def misses(p: Array) -> Array:
        seen = p[0] * model @ _rotation(p[1:4])[:2].T + p[4:6]
        return np.concatenate([(seen - goal).reshape(-1) / deviation, p[1:3] / _TURN_RAD])

    now = misses(pose)
    steps = np.array([1e-4 * pose[0], 1e-4, 1e-4, 1e-4, 1e-5, 1e-5])
    slope = np.stack([(misses(pose + step) - now) / step.sum() for step in np.diag(steps)], axis=1)
    better: Array = pose - np.linalg.lstsq(slope, now, rcond=None)[0]
    better[1:3] = np.clip(better[1:3], -1.0, 1.0)
    better[0] = max(better[0], 0.2 * pose[0])
    return better


def _rotation(angles: Array) -> Array:
    """Pitch, yaw and roll in radians to a rotation ``(3, 3)``: pitch first, roll last."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _spread(goal: Array) -> float:
    """Diagonal of the box about the points; never nothing, although all may lie on one another."""
    return max(float(np.linalg.norm(np.ptp(goal, axis=0))), _LEAST_SPREAD)


def _bent(points: Array, rows: Array, goal: Array) -> Array:
    """Bend landmarks ``(478, 2)`` in the plane so that ``rows @ landmarks`` comes to `goal`."""
    unit = _spread(goal)
    return np.asarray(
        points + unit * ThinPlate(rows @ points / unit, (goal - rows @ points) / unit, _SMOOTH)(points / unit)
    )


def _set_eyes(points: Array, head: Array, marks: FaceMarks, size: tuple[int, int]) -> None:
    """Give each eye the outline that its corners and lids say, and its iris centre and size; in place.

    Args:
        points: ``(478, 3)`` landmarks, bent.
        head: ``(478, 3)`` landmarks as the head has them: they say how lids are arched between the points.
        marks: Points in pixels.
        size: Of the picture.
    """
    width, height = size

    def at(name: str) -> Array | None:
        if name not in marks.points:
            return None
        x, y = marks.points[name]
        return np.array([x - width / 2, height / 2 - y]) / height

    for side in ("Right", "Left"):
        prefix = side.lower()
        given = [at(f"{prefix}_eye_{end}") for end in _EYE_POINTS]
        contour = list(EYE_CONTOURS[side])
        ring = list(IRISES[side])
        corners = list(EYE_CORNERS[side]) if side == "Right" else list(EYE_CORNERS[side])[::-1]
        if all(place is not None for place in given):
            points[contour, :2] = _outline(head[contour, :2], [np.asarray(g) for g in given])
        before = float(np.linalg.norm(head[corners[0], :2] - head[corners[1], :2]))
        after = float(np.linalg.norm(points[corners[0], :2] - points[corners[1], :2]))
        centre = at(f"{prefix}_iris")
        if centre is None:
            centre = points[contour, :2].mean(axis=0)
        edge = at(f"{prefix}_iris_edge")
        offsets = head[ring[1:], :2] - head[ring[0], :2]
        radius = float(np.linalg.norm(offsets, axis=1).mean())
        wanted = float(np.linalg.norm(edge - centre)) if edge is not None else radius * after / max(before, 1e-9)
        turn = wanted / max(radius, 1e-9)
        points[ring[0], :2] = centre
        points[ring[1:], :2] = centre + turn * offsets


def _outline(contour: Array, given: list[Array]) -> Array:
    """Lay an eye's outline ``(16, 2)`` of the head through given corners and lids.

    How far along the eye each landmark lies is taken over; how far above or below is told by the arch of a drawn eye,
    since a head's almond, stretched to a round eye, would be pointed.
    """
    outer, inner, upper, lower = given
    own_outer, own_inner = contour[0], contour[_INNER_CORNER]
    share = ((contour - own_outer) @ _along(own_outer, own_inner) / np.linalg.norm(own_inner - own_outer)).clip(0, 1)
    along = _along(outer, inner)
    across = np.array([-along[1], along[0]])
    out = outer + share[:, None] * (inner - outer)
    for lid, own, place in (
        (slice(1, _INNER_CORNER), _LOWER_LID, lower),
        (slice(_INNER_CORNER + 1, None), _UPPER_LID, upper),
    ):
        # The landmark in the middle of the lid comes to the given place, which is the arch's peak.
        peak = float(np.clip((place - outer) @ along / np.linalg.norm(inner - outer), *_PEAK_RANGE))
        middle = np.log(np.clip(share[own], *_PEAK_RANGE))
        skewed = share[lid] ** (np.log(0.5) / middle)
        moved = share[lid] ** (np.log(peak) / middle)
        height = float((place - outer) @ across)
        out[lid] = outer + moved[:, None] * (inner - outer)
        out[lid] += ((4 * skewed * (1 - skewed)) ** _ARCH)[:, None] * height * across
    return np.asarray(out)


def _along(a: Array, b: Array) -> Array:
    return np.asarray((b - a) / max(float(np.linalg.norm(b - a)), 1e-9))


def _transform(rotation: Array, scale: float, points: Array) -> npt.NDArray[np.float32]:
    """Return head to camera as the tracker has it: centimetres, a camera of 63 degrees that looks along -z."""
    away = 0.5 / np.tan(np.radians(_TRACKER_FOV_DEG) / 2)  # picture heights
    middle = points.mean(axis=0)
    out = np.eye(4)
    out[:3, :3] = rotation
    out[:3, 3] = np.array([middle[0], middle[1], -away]) * _CM_PER_DM / max(scale, 1e-9)
    return out.astype(np.float32)
