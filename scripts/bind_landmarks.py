"""Finds where MediaPipe's 478 landmarks lie on the head, by letting the tracker read drawings of it.

The head is drawn from the front in random mixtures of its ``macro/`` shapes. Each landmark's pixel is taken
back to the triangle under it; a place on a triangle means the same on every mixture, so all drawings vote on
one mean head, and the median of their votes is bound to the nearest point of the surface.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Arrays: TypeAlias = dict[str, npt.NDArray[Any]]

LANDMARKS = 478
RIGHT_IRIS = range(468, 473)
LEFT_IRIS = range(473, 478)
DRAWINGS = 24
SEED = 2
SIZE_PX = 768
FACE_SHARE = 0.62
"""Height of the head, chin to crown, as a share of the drawing."""
CAMERA_DISTANCE_HEADS = 40.0
"""Distance of the camera in heights of the head. Almost parallel: the fits that use the binding are, too, and
come out better so (90th percentile of the error on five portraits 1.78 % of the face width, 1.94 % at 4)."""
JAW_OPEN = 0.25
"""Every other drawing parts the lips by this much of jawOpen: on closed lips the tracker's inner lines of
both lips fall on the same pixels, and half of them would be bound to the wrong lip."""
LIP_COLOUR = (0.72, 0.36, 0.35)
DEPTH_GATE_DM = 0.4
"""A pixel is no candidate when the surface there lies this much off the depth that the tracker reads: beside
the jaw's edge the neck is drawn, far behind."""
IRIS_RADIUS = 0.5
"""Radius of the iris as a share of the eyeball's."""


@dataclass(frozen=True)
class Drawing:
    """The head as drawn, and what lies under each pixel.

    Attributes:
        image: ``uint8 (size, size, 3)`` RGB.
        triangle: ``int32 (size, size)`` number of the triangle under the pixel's centre, -1 for none.
        pixels: ``float64 (n, 2)`` where each vertex was drawn, x right, y down, pixel centres at .5.
        depth: ``float64 (n,)`` distance of each vertex from the camera, dm.
    """

    image: npt.NDArray[np.uint8]
    triangle: npt.NDArray[np.int32]
    pixels: Floats
    depth: Floats


def bind_landmarks(head: Arrays, model: Path) -> Arrays:
    """Bind the landmarks to the head's surface.

    Args:
        head: The arrays of ``head.npz`` so far.
        model: MediaPipe's ``face_landmarker.task``.

    Returns:
        ``landmark_triangle int32 (478,)``, ``landmark_barycentric float32 (478, 3)`` and
        ``landmark_spread_dm float32 (478,)``, the median distance of the votes from the place that was bound.

    Raises:
        RuntimeError: The tracker finds no face in most of the drawings.
    """
    names = [str(name) for name in head["shape_names"]]
    macros = [index for index, name in enumerate(names) if name.startswith("macro/")]
    young = [index for index in macros if names[index].endswith("-young")]
    shapes = head["shapes"]
    base = head["vertices"].astype(np.float64)
    mean_head = base + shapes[young].astype(np.float64).mean(axis=0)
    jaw = head["face_units"][list(head["face_unit_names"]).index("jawOpen")].astype(np.float64)
    random = np.random.default_rng(SEED)
    votes = []
    seen: set[int] = set()
    with open_landmarker(model) as landmarker:
        for number in range(DRAWINGS):
            weights = random.dirichlet(np.full(len(macros), 0.3))
            vertices = base + np.tensordot(weights, shapes[macros].astype(np.float64), axes=1)
            drawing = draw(head, vertices + jaw * (JAW_OPEN if number % 2 else 0.0))
            points = read_landmarks(landmarker, drawing.image)
            if points is None:
                continue
            triangle, barycentric = places_under(head, drawing, points)
            seen.update(triangle.tolist())
            votes.append(on_surface(mean_head, head["triangles"], triangle, barycentric))
    if len(votes) < DRAWINGS // 2:
        raise RuntimeError(f"the tracker found a face in {len(votes)} of {DRAWINGS} drawings only")
    ballots = np.array(votes)
    wanted = np.median(ballots, axis=0)
    triangle, barycentric = nearest_places(mean_head, head, np.array(sorted(seen)), wanted)
    bound = on_surface(mean_head, head["triangles"], triangle, barycentric)
    spread = np.median(np.linalg.norm(ballots - bound, axis=2), axis=0)
    return {
        "landmark_triangle": triangle.astype(np.int32),
        "landmark_barycentric": barycentric.astype(np.float32),
        "landmark_spread_dm": spread.astype(np.float32),
    }


def draw(head: Arrays, vertices: Floats) -> Drawing:
    """Draw the head from the front: skin shaded, eyeballs white with iris and pupil."""
    pixels, depth = project(head, vertices)
    triangles = head["triangles"].astype(np.int64)
    group = head["triangle_group"]
    visible = np.flatnonzero(group < 6)  # without lashes: flat cards that would hide the lids
    cover, buffer = compiled_rasteriser()(pixels, depth, triangles, visible, SIZE_PX)
    normals = vertex_normals(vertices, triangles)
    # from above and not from one side: shadows on one side shift what the tracker reads there
    light = np.array([0.0, 0.45, 0.89])
    shade = 0.35 + 0.65 * np.clip(normals @ light, 0.0, 1.0)
    lips = head["lips"].astype(np.float64)[:, None]
    # without painted lips the tracker takes thin folds for the borders of the lips
    vertex_colour = (np.array([0.86, 0.66, 0.56]) * (1 - lips) + np.array(LIP_COLOUR) * lips) * shade[:, None]
    image = np.full((SIZE_PX, SIZE_PX, 3), 0.45)
    inside = cover >= 0
    corners = triangles[cover[inside]]
    image[inside] = np.einsum("nk,nkc->nc", buffer[inside], vertex_colour[corners])
    of_pixel = group[cover[inside]]
    surface = np.einsum("nk,nkc->nc", buffer[inside], vertices[corners])
    colours = image[inside]
    for eye in (1, 2):
        paint_eye(colours, of_pixel == eye, surface, vertices[np.unique(triangles[group == eye])])
    for part, colour in ((3, (0.9, 0.88, 0.82)), (4, (0.9, 0.88, 0.82)), (5, (0.7, 0.35, 0.35))):
        colours[of_pixel == part] = np.array(colour) * 0.8
    image[inside] = colours
    return Drawing((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8), cover, pixels, depth)


def paint_eye(colours: Floats, chosen: npt.NDArray[np.bool_], surface: Floats, eyeball: Floats) -> None:
    """Colour the pixels of one eyeball by their distance from its front pole, in place."""
    centre = (eyeball.min(axis=0) + eyeball.max(axis=0)) / 2
    radius = (eyeball.max(axis=0) - eyeball.min(axis=0))[0] / 2
    from_axis = np.linalg.norm((surface[chosen] - centre)[:, :2], axis=1) / radius
    colour = np.full((len(from_axis), 3), 0.93)
    colour[from_axis < IRIS_RADIUS] = (0.30, 0.22, 0.16)
    colour[from_axis < IRIS_RADIUS * 0.4] = 0.03
    colours[chosen] = colour


def project(head: Arrays, vertices: Floats) -> tuple[Floats, Floats]:
    """Return where a camera in front of the face draws each vertex (pixels), and its distance (dm)."""
    skull = vertices[vertices_of_skull(head)]
    low, high = skull.min(axis=0), skull.max(axis=0)
    height = high[1] - low[1]
    centre = (low + high) / 2
    camera_z = high[2] + CAMERA_DISTANCE_HEADS * height
    depth = camera_z - vertices[:, 2]
    focal = SIZE_PX * FACE_SHARE / height * (camera_z - centre[2])
    x = (vertices[:, 0] - centre[0]) / depth * focal + SIZE_PX / 2
    y = SIZE_PX / 2 - (vertices[:, 1] - centre[1]) / depth * focal
    return np.stack([x, y], axis=1), depth


def vertices_of_skull(head: Arrays) -> Ints:
    """Return the vertices above the chin: where the neck begins differs little between mixtures."""
    rest = head["vertices"]
    return np.flatnonzero(rest[:, 1] > 6.55)


@functools.cache
def compiled_rasteriser() -> Any:
    """Compile `rasterise` once."""
    return numba.njit(rasterise)


def rasterise(
    pixels: Floats, depth: Floats, triangles: Ints, visible: Ints, size: int
) -> tuple[npt.NDArray[np.int32], Floats]:
    """Find the nearest triangle under each pixel's centre, and the barycentric coordinates there.

    Barycentric coordinates are those of the surface, not of the picture (perspective-correct).

    Returns:
        ``int32 (size, size)``, -1 where there is none, and ``float64 (size, size, 3)``.
    """
    cover = np.full((size, size), -1, np.int32)
    where = np.zeros((size, size, 3))
    nearest = np.full((size, size), np.inf)
    for triangle in visible:
        a, b, c = triangles[triangle]
        ax, ay, bx, by, cx, cy = (
            pixels[a, 0], pixels[a, 1], pixels[b, 0], pixels[b, 1], pixels[c, 0], pixels[c, 1],
        )  # fmt: skip
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area >= 0:  # its back is turned to the camera (y runs down)
            continue
        left = max(0, int(np.floor(min(ax, bx, cx) - 0.5)))
        right = min(size - 1, int(np.ceil(max(ax, bx, cx) - 0.5)))
        top = max(0, int(np.floor(min(ay, by, cy) - 0.5)))
        bottom = min(size - 1, int(np.ceil(max(ay, by, cy) - 0.5)))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                x, y = column + 0.5, row + 0.5
                u = ((bx - x) * (cy - y) - (cx - x) * (by - y)) / area
                v = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) / area
                w = 1.0 - u - v
                if u < 0 or v < 0 or w < 0:
                    continue
                inverse = u / depth[a] + v / depth[b] + w / depth[c]
                if 1.0 / inverse < nearest[row, column]:
                    nearest[row, column] = 1.0 / inverse
                    cover[row, column] = triangle
                    where[row, column, 0] = u / depth[a] / inverse
                    where[row, column, 1] = v / depth[b] / inverse
                    where[row, column, 2] = w / depth[c] / inverse
    return cover, where


def vertex_normals(vertices: Floats, triangles: Ints) -> Floats:
    """Return unit normals per vertex, weighted by the area of the triangles around it."""
    corners = vertices[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def open_landmarker(model: Path) -> Any:
    """Open MediaPipe's landmarker for single pictures."""
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_buffer=model.read_bytes()), num_faces=1)
    return vision.FaceLandmarker.create_from_options(options)


def read_landmarks(landmarker: Any, image: npt.NDArray[np.uint8]) -> Floats | None:
    """Return ``float64 (478, 3)`` landmarks in pixels, z smaller is nearer; None: no face."""
    import mediapipe

    found = landmarker.detect(mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image)))
    if not found.face_landmarks:
        return None
    points = np.array([(point.x, point.y, point.z) for point in found.face_landmarks[0]], np.float64)
    return points * (image.shape[1], image.shape[0], image.shape[1])


def places_under(head: Arrays, drawing: Drawing, points: Floats) -> tuple[Ints, Floats]:
    """Take landmarks in pixels back to the surface.

    A landmark beside the part it belongs to (skin, or its own eyeball) goes to that part's nearest pixel.

    Returns:
        ``(478,)`` triangles and ``(478, 3)`` barycentric coordinates.
    """
    triangles = head["triangles"].astype(np.int64)
    group_of_pixel = np.where(drawing.triangle >= 0, head["triangle_group"][drawing.triangle], 255)
    surface = np.where(drawing.triangle >= 0, drawing.depth[triangles[drawing.triangle]].mean(axis=2), np.inf)
    expected = expected_depth(surface, points)
    result = np.zeros(LANDMARKS, np.int64)
    weights = np.zeros((LANDMARKS, 3))
    for group, members in parts():
        rows, columns = np.nonzero(group_of_pixel == group)
        depth = surface[rows, columns]
        for landmark in members:
            distance = np.hypot(columns + 0.5 - points[landmark, 0], rows + 0.5 - points[landmark, 1])
            if group == 0:
                distance[np.abs(depth - expected[landmark]) > DEPTH_GATE_DM] = np.inf
            best = int(distance.argmin())
            # a pixel of the part covers the landmark: read the exact place; else the nearest pixel's centre
            near = points[landmark, :2] if distance[best] < 0.71 else (columns[best] + 0.5, rows[best] + 0.5)
            triangle = int(drawing.triangle[rows[best], columns[best]])
            result[landmark] = triangle
            weights[landmark] = barycentric_at(drawing, triangles[triangle], np.asarray(near))
    return result, weights


def expected_depth(surface: Floats, points: Floats) -> Floats:
    """Return the depth, dm, that the tracker's z says for each landmark.

    Depth is linear in z up to noise; the line is fitted to the landmarks' pixels twice, the second time
    without those that miss the face.
    """
    columns = np.clip(points[:, 0].astype(int), 0, SIZE_PX - 1)
    rows = np.clip(points[:, 1].astype(int), 0, SIZE_PX - 1)
    found = surface[rows, columns]
    good = np.isfinite(found)
    line = np.polynomial.Polynomial.fit(points[good, 2], found[good], 1)
    good &= np.abs(line(points[:, 2]) - np.where(good, found, 0)) < DEPTH_GATE_DM
    return np.asarray(np.polynomial.Polynomial.fit(points[good, 2], found[good], 1)(points[:, 2]))


def barycentric_at(drawing: Drawing, corners: Ints, point: Floats) -> Floats:
    """Return the surface's barycentric coordinates under a pixel position, clamped to the triangle."""
    a, b, c = drawing.pixels[corners]
    flat = np.linalg.solve(np.array([[a[0], b[0], c[0]], [a[1], b[1], c[1]], [1.0, 1.0, 1.0]]), [*point, 1.0])
    weights = np.clip(flat, 0.0, 1.0) / drawing.depth[corners]
    return np.asarray(weights / weights.sum())


def parts() -> tuple[tuple[int, range], ...]:
    """Return which landmarks belong to which triangle group: skin, left eyeball, right eyeball."""
    return (0, range(468)), (1, LEFT_IRIS), (2, RIGHT_IRIS)


def on_surface(vertices: Floats, triangles: Ints, triangle: Ints, barycentric: Floats) -> Floats:
    """Return positions ``(k, 3)`` of places on the surface."""
    return np.asarray(np.einsum("nk,nkc->nc", barycentric, vertices[triangles[triangle]]))


def nearest_places(vertices: Floats, head: Arrays, candidates: Ints, wanted: Floats) -> tuple[Ints, Floats]:
    """Return the places nearest to `wanted` on those triangles of each landmark's part that were ever seen.

    Seen ones only: behind lips and lids lies more skin, closer at times and wrong.
    """
    triangles = head["triangles"].astype(np.int64)
    group = head["triangle_group"][candidates]
    result = np.zeros(LANDMARKS, np.int64)
    weights = np.zeros((LANDMARKS, 3))
    for part, members in parts():
        own = candidates[group == part]
        corners = vertices[triangles[own]]
        for landmark in members:
            places = nearest_on_triangles(wanted[landmark], corners)
            distance = np.linalg.norm(np.einsum("nk,nkc->nc", places, corners) - wanted[landmark], axis=1)
            best = int(distance.argmin())
            result[landmark], weights[landmark] = own[best], places[best]
    return result, weights


def nearest_on_triangles(point: Floats, corners: Floats) -> Floats:
    """Return where each triangle ``(k, 3, 3)`` is nearest to `point`: barycentric coordinates ``(k, 3)``.

    The foot of the perpendicular where it falls inside, otherwise the nearest point of the three edges.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    e1, e2, d = b - a, c - a, point - a
    d11, d12, d22 = (e1 * e1).sum(1), (e1 * e2).sum(1), (e2 * e2).sum(1)
    p1, p2 = (d * e1).sum(1), (d * e2).sum(1)
    scale = np.maximum(d11 * d22 - d12 * d12, 1e-18)
    v = (d22 * p1 - d12 * p2) / scale
    w = (d11 * p2 - d12 * p1) / scale
    options = [np.stack([1 - v - w, v, w], axis=1)]
    outside = options[0].min(axis=1) < 0
    for first, second in ((0, 1), (1, 2), (2, 0)):
        edge = corners[:, second] - corners[:, first]
        along = ((point - corners[:, first]) * edge).sum(1) / np.maximum((edge * edge).sum(1), 1e-18)
        along = np.clip(along, 0.0, 1.0)
        weights = np.zeros((len(corners), 3))
        weights[:, first], weights[:, second] = 1 - along, along
        options.append(weights)
    stacked = np.array(options)
    distance = np.linalg.norm(np.einsum("onk,nkc->onc", stacked, corners) - point, axis=2)
    distance[0, outside] = np.inf
    return np.asarray(stacked[distance.argmin(axis=0), np.arange(len(corners))])
