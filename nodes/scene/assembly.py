"""Cuts a picture in depth into layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.scene import Scene, SceneLayer
from vivant.nodes.scene.depth_cuts import depth_cuts
from vivant.nodes.scene.hidden_colour import hidden_colour
from vivant.nodes.scene.layer_areas import LayerArea, layer_areas
from vivant.nodes.scene.layer_mesh import LayerMesh, layer_mesh
from vivant.nodes.scene.parallax import least_step, overhang, uncovered
from vivant.nodes.scene.see_through import continued, see_through
from vivant.nodes.scene.sharp_depth import sharpened, steps
from vivant.nodes.scene.soft_edge import composing, soft_edge, told_by_colour

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

EYE_Z = 1.5
"""Picture heights from camera to picture plane: the view of a lens of 37 degrees, upright."""
_LEAST_GAP = 0.004  # picture heights; what opens less may as well be stretched
_RAMP = 0.006
_EDGE = 0.009
_BLEED = 0.011  # how far beyond an edge the nearer colour may still bleed
_COARSE = 0.012
_TEXTURED = 0.06  # how far texture goes on into what is hidden; beyond lies what hardly ever comes into view
_OVERLAP = 0.035  # more than twice as far as a lens blurs, or there would be a seam
_LENS = 0.016  # how far beyond its edge a layer may be seen, through the widest lens
_CELL = 0.0125
_SPARE = 0.004
"""Picture heights of border beyond what a camera at its limit sees: cells of the mesh are flat."""
_OPAQUE = 0.95
_FEW = 16  # pixels; from fewer nothing can be continued


def assemble(pixels: U8, depth: DepthMap, *, layers: int, reach: float) -> Scene:
    """Make a scene.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``, or ``(h, w, 4)`` with straight alpha, somewhere not 0: where it is
            transparent nothing is drawn, and no step of depth is where it ends.
        depth: Its depth; `DepthMap.near` must be well before the camera.
        layers: How many at most.
        reach: How far the camera may go, picture heights.

    Returns:
        The scene. Seen from its resting place it is the picture.
    """
    height, width = pixels.shape[:2]
    z = _depth_at(depth, (width, height))
    ramp = max(1, round(_RAMP * height))
    opacity = None
    if pixels.shape[2] == 4:
        pixels, z, opacity = continued(pixels, z, 2 * ramp)
    margin = _margin(z, reach, height)
    wide, z = np.asarray(_bordered(pixels, margin), np.uint8), np.asarray(_bordered(z, margin), np.float32)
    if opacity is not None:
        opacity = np.asarray(_bordered(opacity, margin), np.float32)
    step = least_step(EYE_Z, reach, _LEAST_GAP)
    z = sharpened(z, step, ramp)
    cuts = depth_cuts(z, step, layers - 1)
    cut = np.digitize(z, cuts).astype(np.uint8)
    labels = np.asarray(cv2.medianBlur(cut, 3), np.uint8)
    # where a speck was given to the layer around it, the speck's depth must not bend that layer
    sure = cut == labels
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.uint8)
    torn = steps(z, step)
    areas = layer_areas(labels, sure, torn, max(2, round(_OVERLAP * height)), _bands(z, labels, reach, height))
    return _painted(wide, opacity, z, torn, areas, (width, height), margin, reach)


def single_mesh(pixels: U8, depth: DepthMap, *, reach: float, cell: int = 2) -> Scene:
    """Make what a relief without layers is: one continuous mesh, to measure layers beside.

    It has the same border, and depth as it is, neither sharpened nor flattened.
    """
    height, width = pixels.shape[:2]
    z = _depth_at(depth, (width, height))
    margin = _margin(z, reach, height)
    wide, z = np.asarray(_bordered(pixels, margin), np.uint8), np.asarray(_bordered(z, margin), np.float32)
    everywhere = np.ones(z.shape, bool)
    mesh = layer_mesh(z, everywhere, everywhere, cell, height, steepest=1e6)
    texture = np.dstack([wide, np.full(z.shape, 255, np.uint8)])
    return _scene([(texture, (0, 0), mesh)], (width, height), margin, reach)


def _depth_at(depth: DepthMap, size: tuple[int, int]) -> F32:
    values = depth.values
    if values.shape != (size[1], size[0]):
        shrinks = size[0] < values.shape[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        values = np.asarray(cv2.resize(values, size, interpolation=method), np.float32)
    return np.asarray(depth.far + values * (depth.near - depth.far), np.float32)


def _margin(z: F32, reach: float, height: int) -> int:
    """How far beyond its borders the picture has to go on, pixels."""
    half = 0.5 * max(1.0, z.shape[1] / height)
    most = max(overhang(float(depth), EYE_Z, reach, half) for depth in (z.min(), z.max()))
    return int(np.ceil((max(most, 0.0) + _SPARE) * height))


def _bordered(values: npt.NDArray[Any], margin: int) -> npt.NDArray[Any]:
    """Return a picture, or something of its size, that goes on beyond its borders as in a mirror."""
    return np.asarray(cv2.copyMakeBorder(values, margin, margin, margin, margin, cv2.BORDER_REFLECT_101))


def _bands(z: F32, labels: U8, reach: float, height: int) -> list[float]:
    """How much of each layer a nearer one can uncover, pixels."""
    half = 0.5 * max(1.0, z.shape[1] / height)
    bands = []
    for index in range(int(labels.max()) + 1):
        # a few specks farther than the rest would widen all of it
        farthest = float(np.percentile(z[labels == index], 2))
        bands.append((uncovered(float(z.max()), farthest, EYE_Z, reach, half) + _BLEED) * height)
    return bands


def _painted(
    wide: U8,
    opacity: F32 | None,
    z: F32,
    torn: Mask,
    areas: list[LayerArea],
    size: tuple[int, int],
    margin: int,
    reach: float,
) -> Scene:
    """Give every layer its edge, its colours and its depth."""
    height = size[1]
    edge, bleed = max(2, round(_EDGE * height)), max(2, round(_BLEED * height))
    picture = wide.astype(np.float32)
    # how opaque it is goes on under what is nearer as a colour does
    painted = picture if opacity is None else np.dstack([picture, 255 * opacity])
    alphas = [_alpha(wide, area, torn, edge, index == 0) for index, area in enumerate(areas)]
    fills = []
    for index, area in enumerate(areas):
        # what is nearer bleeds over its edge; from there nothing may be painted on
        nearer = areas[index + 1].nearer if index + 1 < len(areas) else np.zeros_like(torn)
        known = (area.own & ~_grown(nearer & torn, bleed)) | (area.shared & ~_grown(torn, bleed))
        known &= alphas[index] > _OPAQUE
        if known.sum() < _FEW:
            known = area.own
        fills.append(hidden_colour(painted, known, _TEXTURED * height, max(1.5, _COARSE * height)))
    hidden = [fill[..., 3] / np.float32(255) for fill in fills] if opacity is not None else []
    fills = [np.ascontiguousarray(fill[..., :3]) for fill in fills]
    behind = fills[0]
    for index in range(1, len(areas)):
        zone = _edge_zone(areas[index].nearer, torn, edge) * _grown(areas[index].reaches, edge)
        alphas[index] = told_by_colour(picture, alphas[index], fills[index], behind, zone)
        behind = behind + alphas[index][..., None] * (fills[index] - behind)
    colours = composing(picture, fills, alphas)
    if opacity is not None:
        alphas = see_through(alphas, hidden, opacity)
    parts: list[tuple[U8, tuple[int, int], LayerMesh]] = []
    for area, colour, alpha in zip(areas, colours, alphas, strict=True):
        covered = alpha > 1 / 255
        if not covered.any():
            continue
        texture, corner = _cropped(colour, alpha, covered)
        seen = _grown(covered, max(1, round(_LENS * height)))
        mesh = layer_mesh(z, area.deep, seen, max(2, round(_CELL * height)), height)
        parts.append((texture, corner, mesh))
    return replace(_scene(parts, size, margin, reach), see_through=opacity is not None)


def _alpha(wide: U8, area: LayerArea, torn: Mask, edge: int, farthest: bool) -> F32:
    """How opaque a layer is: soft where it ends before what is farther, and where it ends under what is nearer."""
    if farthest:
        return _grown(area.reaches, 2 * edge).astype(np.float32)
    own_edge = soft_edge(wide, area.nearer, torn, edge)
    reaches = _grown(area.reaches, edge).astype(np.float32)
    return np.asarray(own_edge * cv2.GaussianBlur(reaches, (0, 0), max(0.8, edge / 2)), np.float32)


def _edge_zone(nearer: Mask, torn: Mask, edge: int) -> F32:
    """Return where a layer ends at a step, ``float32 (h, w)``, fading to 0 on both sides."""
    outline = torn & _grown(nearer, 1) & _grown(~nearer, 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * edge + 1, 2 * edge + 1))
    wide = cv2.dilate(outline.astype(np.float32), kernel)
    return np.asarray(np.clip(2 * cv2.blur(wide, (edge | 1, edge | 1)) - 1, 0, 1), np.float32)


def _cropped(colour: F32, alpha: F32, covered: Mask) -> tuple[U8, tuple[int, int]]:
    """Return the texture of the smallest rectangle that covers the layer, and that one's top left corner."""
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    # filtering reads a pixel beyond; what is repeated farther out must be clear
    top, left = max(0, int(rows[0]) - 2), max(0, int(columns[0]) - 2)
    area = np.s_[top : int(rows[-1]) + 3, left : int(columns[-1]) + 3]
    rgba = np.dstack([colour[area], 255 * alpha[area]])
    return np.ascontiguousarray(np.clip(np.round(rgba), 0, 255).astype(np.uint8)), (left, top)


def _scene(
    parts: list[tuple[U8, tuple[int, int], LayerMesh]], size: tuple[int, int], margin: int, reach: float
) -> Scene:
    width, height = size
    vertices, triangles, layers = [], [], []
    first = count = 0
    for texture, (left, top), mesh in parts:
        x = (mesh.places[:, 0] - margin - width / 2) / height
        y = (height / 2 + margin - mesh.places[:, 1]) / height
        u = (mesh.places[:, 0] - left) / texture.shape[1]
        v = (mesh.places[:, 1] - top) / texture.shape[0]
        vertices.append(np.stack([x, y, mesh.z, u, v], 1))
        triangles.append(mesh.triangles + count)
        layers.append(SceneLayer(texture, first, mesh.triangles.size))
        first += mesh.triangles.size
        count += len(mesh.places)
    return Scene(
        size=size,
        eye_z=EYE_Z,
        reach=reach,
        vertices=np.ascontiguousarray(np.concatenate(vertices), np.float32),
        triangles=np.ascontiguousarray(np.concatenate(triangles), np.int32),
        layers=tuple(layers),
    )


def _grown(mask: Mask, reach: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)
