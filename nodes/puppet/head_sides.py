"""The sides of the head, that come into view when it turns: a layer of its own over what the picture shows badly."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import FACE_OVAL
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.facing import coming_into_view, seen_in_space, soft_edges, towards_camera, vertex_normals
from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_pixels
from vivant.nodes.puppet.side_texture import paint_sides, side_places

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

_LOWEST_DM, _NECK_FADE_DM = 6.0, 0.25
_INSIDE_DM = 0.05
_BACK_OF_MOUTH_DM = 0.0  # what lies within the face's outline and before this is eye sockets and the mouth's cavity
_SHOWN_WELL, _FADE, _HARDLY = 0.38, 0.18, 0.02
_AROUND = 125 / 360  # how far around the head ever comes into view, from the front
_HIGHEST_DM = 8.4
_EAR_DM, _EAR_FADE_DM, _EAR_HALF_DM = (
    7.2,
    0.25,
    0.72,
)  # above, hair or ear hide what is behind; a bare skull there convinces nobody
_SHOULDER_DM, _TEMPLE_DM, _THROAT_DM, _NECK_AXIS_DM = 0.58, 7.9, 6.25, 0.17
_OUTLINE = 0.04  # face widths
_JAW_DM, _NECK_DM = 6.75, 6.4  # from here down to there the head becomes neck
_LIFT_DM = 0.015
_LEAST_OPACITY = 0.02  # triangles that never reach it are only a burden
_BAND_DM, _NECK_HALF_DM = 0.08, 0.75


def head_sides(
    head: AnatomicalHead, fit: HeadFit, placed: PlacedHead, pixels: U8, matte: F32, face_width: float, eye_z: float
) -> tuple[MeshPart, MeshPart, U8]:
    """Build the sides: what faces away in the picture, and what it shows at a grazing angle.

    The first is drawn before the body, so that the edges of hair lie over it; the second last, over the skin.

    Args:
        head: The anatomical head.
        fit: It fitted to the picture.
        placed: It in picture space.
        pixels: ``uint8 (h, w, 3)``.
        matte: ``float32 (h, w)``.
        face_width: Picture heights.
        eye_z: Distance of the camera, picture heights.

    Returns:
        What faces away, what is seen at a grazing angle, and the texture of both ``uint8 (n, m, 4)``.
    """
    outside = outer_skin(head)
    triangles = head.triangles[(head.triangle_group == 0) & outside[head.triangles].all(axis=1)]
    normals = vertex_normals(seen_in_space(placed.vertices, eye_z), head.triangles[head.triangle_group == 0])
    facing = towards_camera(normals, placed.vertices, eye_z)
    texture = paint_sides(fit, placed.vertices, facing, head.triangles[head.triangle_group == 0], pixels, matte)
    uv = side_places(fit)
    # A cylinder has a seam: at the nape, where nobody looks.
    ever = (np.abs(uv[:, 0] - 0.5) < _AROUND) & (head.vertices[:, 1] < _HIGHEST_DM)
    triangles = triangles[ever[triangles].all(axis=1)]
    least, most = facing[triangles].min(axis=1), facing[triangles].max(axis=1)
    flare = (np.hypot(head.vertices[:, 0], head.vertices[:, 2] - _NECK_AXIS_DM) > _SHOULDER_DM) & _below(
        head, _THROAT_DM
    )
    ear = (np.abs(head.vertices[:, 0]) > _EAR_HALF_DM) & ~_below(head, _JAW_DM)
    lower = _below(head, _EAR_DM) & ~flare
    under_jaw = _below(head, _JAW_DM) & ~_below(head, _THROAT_DM)
    # Cheeks are among them though the body covers them: without, holes open between ear and jaw.
    hidden = (least < _SHOWN_WELL) | under_jaw[triangles].all(axis=1)
    solid = triangles[lower[triangles].all(axis=1) & hidden]
    cheek = ~ear & _below(head, _TEMPLE_DM)
    graze = triangles[(least < _SHOWN_WELL) & (most > _HARDLY) & cheek[triangles].all(axis=1)]
    inner = np.asarray(cv2.erode((matte > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    # The ear that the picture shows is enough: here it lies flat on the skull.
    out = fit.neutral[:, 0] - np.clip(fit.neutral[:, 0], -_EAR_HALF_DM, _EAR_HALF_DM)
    flat = placed.vertices - (np.where(ear, out, 0) * fit.scale)[:, None] * fit.rotation[:, 0]
    slim = _slimmed(head, flat.astype(np.float32), inner, fit.size)
    slim, depth_px = _drawn_in(slim, inner, np.unique(solid), fit.size)
    opacity = _ease((head.vertices[:, 1] - _LOWEST_DM) / _NECK_FADE_DM)
    rows = soft_edges(normals, slim, eye_z, everywhere=True)
    # Between two places within a concave outline lies one outside: at rest nothing may show there, only when its side
    # is turned to the viewer.
    near = depth_px < _OUTLINE * face_width * matte.shape[0]
    outward = np.zeros_like(normals)
    outward[:, 0] = np.sign(slim[:, 0] - float(slim[solid, 0].mean()))
    rows[near] = coming_into_view(outward[near], slim[near], eye_z)
    blur_px = max(1.0, 0.02 * face_width * matte.shape[0])
    person = np.asarray(cv2.GaussianBlur(inner.astype(np.float32), (0, 0), blur_px), np.float32)
    grazing = np.asarray(opacity * _ease((_TEMPLE_DM - head.vertices[:, 1]) / _NECK_FADE_DM), np.float32)
    grazing *= _ease(2 * _at(person, placed.vertices, fit.size) - 1)
    grazing *= _ease((_SHOWN_WELL - facing) / _FADE) * _ease((facing - _HARDLY) / _FADE)
    lifted = placed.vertices + np.array([0, 0, _LIFT_DM * fit.scale], np.float32)

    def part(name: str, chosen: I32, vertices: F32, shows: F32, role: Role, rows: F32) -> MeshPart:
        chosen = chosen[(shows[chosen] > _LEAST_OPACITY).any(axis=1)]
        used, flat = np.unique(chosen, return_inverse=True)
        return MeshPart(
            name=name,
            texture="sides",
            vertices=np.ascontiguousarray(vertices[used], np.float32),
            triangles=flat.reshape(-1, 3).astype(np.int32),
            uv=np.ascontiguousarray(uv[used], np.float32),
            opacity=shows[used].astype(np.float32),
            role=role,
            units=placed.units[:, used],
            facing=rows[used],
        )

    return (
        part("behind", solid, slim, opacity * _ease((_EAR_DM - head.vertices[:, 1]) / _EAR_FADE_DM), Role.BEHIND, rows),
        part("beside", graze, lifted, grazing, Role.SKIN, coming_into_view(normals, placed.vertices, eye_z)),
        texture,
    )


def outer_skin(head: AnatomicalHead) -> npt.NDArray[np.bool_]:
    """Which vertices are skin of head and neck that can be seen from somewhere, the face's middle aside, ``(V,)``."""
    oval = head.landmark_positions(head.vertices)[list(FACE_OVAL), :2].astype(np.float32)
    inside = np.array([cv2.pointPolygonTest(oval, (float(x), float(y)), True) for x, y, _ in head.vertices])
    hollow = (inside > _INSIDE_DM) & (head.vertices[:, 2] > _BACK_OF_MOUTH_DM) & ~_near_surface(head, inside)
    return np.asarray(head.body & ~hollow & (head.vertices[:, 1] > _LOWEST_DM))


def _near_surface(head: AnatomicalHead, inside: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Vertices of the cheeks: within the outline, but not far, and before the mouth's cavity."""
    return np.asarray((inside < 0.12) & (np.abs(head.vertices[:, 0]) > 0.42))


def _below(head: AnatomicalHead, height_dm: float) -> npt.NDArray[np.bool_]:
    return np.asarray(head.vertices[:, 1] < height_dm)


def _slimmed(head: AnatomicalHead, vertices: F32, person: U8, size: tuple[int, int]) -> F32:
    """Make the neck as slim as the picture's, in width and depth alike.

    Args:
        head: The anatomical head.
        vertices: ``(V, 3)`` in picture space.
        person: ``uint8 (h, w)`` 1 = person.
        size: Width and height of the picture.
    """
    height = size[1]
    high = head.vertices[:, 1]
    levels = np.arange(_LOWEST_DM, _JAW_DM, _BAND_DM)
    ratios, axes = np.ones(len(levels)), np.zeros((len(levels), 2))
    for i, level in enumerate(levels):
        band = vertices[head.body & (np.abs(high - level) < _BAND_DM) & (np.abs(head.vertices[:, 0]) < _NECK_HALF_DM)]
        axes[i] = 0.5 * (band[:, [0, 2]].min(axis=0) + band[:, [0, 2]].max(axis=0))
        middle, row = (
            int(v) for v in picture_to_pixels(np.array([[axes[i, 0], band[:, 1].mean()]], np.float32), size)[0]
        )
        if 0 <= row < size[1] and 0 <= middle < size[0] and person[row, middle]:
            gaps = np.flatnonzero(person[row] == 0)
            left, right = gaps[gaps < middle], gaps[gaps > middle]
            reach = min(middle - left[-1] if len(left) else size[0], right[0] - middle if len(right) else size[0])
            ratios[i] = min(1.0, reach / height / max(0.5 * float(np.ptp(band[:, 0])), 1e-6))
    ratio = np.interp(high, levels, ratios)
    share = _ease((_JAW_DM - high) / (_JAW_DM - _NECK_DM)).astype(np.float64)
    scale = (1 + share * (ratio - 1))[:, None]
    axis = np.stack([np.interp(high, levels, axes[:, k]) for k in range(2)], axis=1)
    out = vertices.copy()
    out[:, [0, 2]] = axis + scale * (vertices[:, [0, 2]] - axis)
    return out


def _drawn_in(vertices: F32, person: U8, members: I32, size: tuple[int, int]) -> tuple[F32, F32]:
    """Move what sticks out of the person to the nearest place within: a head may be slimmer than the fitted one.

    Args:
        vertices: ``(V, 3)``.
        person: ``uint8 (h, w)`` 1 = person.
        members: Which of the vertices count, ``(M,)``.
        size: Width and height of the picture.

    Returns:
        The vertices ``(V, 3)``, and how many pixels each lay within, ``(V,)``; infinite for those that do not count.
    """
    within_px = np.full(len(vertices), np.inf, np.float32)
    if not person.any():
        return vertices, within_px
    width, height = size
    _, label = cv2.distanceTransformWithLabels(1 - person, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label = np.asarray(label, np.int32)
    rows, columns = np.nonzero(person)
    nearest = np.zeros((int(label.max()) + 1, 2), np.float32)
    nearest[label[rows, columns]] = np.stack([columns, rows], axis=1)
    at = np.floor(picture_to_pixels(vertices[members], size)).astype(int)
    within = (at >= 0).all(axis=1) & (at < size).all(axis=1)
    at = at.clip(0, np.array(size) - 1)
    out = within & (person[at[:, 1], at[:, 0]] == 0)
    goal = nearest[label[at[out, 1], at[out, 0]]] + 0.5
    moved = vertices.copy()
    moved[members[out], 0] = (goal[:, 0] - width / 2) / height
    moved[members[out], 1] = (height / 2 - goal[:, 1]) / height
    padded = cv2.copyMakeBorder(person, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5), np.float32)[1:-1, 1:-1]
    within_px[members] = depth[at[:, 1], at[:, 0]]
    return moved, within_px


def _at(values: F32, points: F32, size: tuple[int, int]) -> F32:
    x, y = picture_to_pixels(points, size).T - 0.5
    return np.asarray(
        cv2.remap(values, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0], np.float32
    )


def _ease(t: npt.NDArray[np.floating]) -> F32:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
