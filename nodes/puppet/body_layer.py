"""Body and hair: a grid over the person, displaced by the depth map, that goes with the head where it is near it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import NOSE_TIP
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.mesh_part import MeshPart, grid_triangles, picture_to_uv

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_FINE_CELLS, _COARSE_CELLS = 12, 9
"""Per face width: near the face, and elsewhere. 34 and 12 look the same, with up to five times the triangles."""
_LEAST_CELL_PX = 6
MARGIN = 0.5  # face widths by which the layer goes on beyond the picture's border
_FINE_REACH = 0.75  # face widths from the face's middle
_MOST_CELLS = 70
_ALPHA = 0.012
_BINDING_SIDE = 420
_FADE = 0.12  # face widths beyond the head's outline over which expression fades


def body_layer(
    head: AnatomicalHead, placed: PlacedHead, matte: F32, face_width: float, size: tuple[int, int]
) -> MeshPart:
    """Build the grid.

    Args:
        head: The anatomical head.
        placed: It in picture space.
        matte: ``float32 (h, w)``.
        face_width: Picture heights.
        size: Width and height of the picture.

    Returns:
        The part; its z is 0 everywhere, the depth map adds the rest.
    """
    width, height = size
    aspect = width / height
    # Where the person is cut by the picture's border the layer goes on beyond it: else a head that sinks would show
    # its cut edge.
    margin = MARGIN * face_width
    centre = head.landmark_positions(placed.vertices)[NOSE_TIP]
    fine = max(face_width / _FINE_CELLS, _LEAST_CELL_PX / height)
    coarse = max(face_width / _COARSE_CELLS, max(1.0, aspect) / _MOST_CELLS)
    reach = _FINE_REACH * face_width
    x = _lines(-aspect / 2 - margin, aspect / 2 + margin, float(centre[0]), reach, fine, coarse)
    y = _lines(-0.5 - margin, 0.5 + margin, float(centre[1]), reach, fine, coarse)[::-1]
    columns, rows = len(x), len(y)
    px, py = np.meshgrid(x, y)
    points = np.stack([px.ravel(), py.ravel(), np.zeros(px.size)], axis=1).astype(np.float32)
    person = np.asarray(cv2.dilate((matte > _ALPHA).astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    triangles = grid_triangles(columns, rows)
    triangles = triangles[_covers(person, points[triangles].mean(axis=1), coarse, size)]
    used, flat = np.unique(triangles, return_inverse=True)
    points = points[used]
    return MeshPart(
        name="body",
        texture="body",
        vertices=points,
        triangles=flat.reshape(-1, 3).astype(np.int32),
        uv=_padded_uv(points, face_width, size),
        opacity=np.ones(len(points), np.float32),
        role=Role.BODY,
        units=_units_at(head, placed, points, face_width, size),
        mapped=True,
    )


def body_texture(foreground: U8, face_width: float) -> U8:
    """Continue the person beyond the picture's border, as far as the grid goes, ``uint8 (h + 2 m, w + 2 m, 4)``.

    Colours go on mirrored, alpha as it is at the border: a body that is cut there goes on, and one that ends before
    the border does not come back.

    Args:
        foreground: ``uint8 (h, w, 4)`` RGBA.
        face_width: Picture heights.
    """
    pad = _padding(face_width, foreground.shape[0])
    pad_x, pad_y = min(pad, foreground.shape[1] - 1), min(pad, foreground.shape[0] - 1)
    sides = ((pad_y, pad_y), (pad_x, pad_x))
    out = np.pad(foreground, (*sides, (0, 0)), mode="reflect")
    out[..., 3] = np.pad(foreground[..., 3], sides, mode="edge")
    return np.ascontiguousarray(np.pad(out, ((pad - pad_y,) * 2, (pad - pad_x,) * 2, (0, 0)), mode="edge"))


def _padding(face_width: float, height: int) -> int:
    """Pixels by which `body_texture` is larger on each side."""
    return int(np.ceil(MARGIN * face_width * height))


def _padded_uv(points: F32, face_width: float, size: tuple[int, int]) -> F32:
    """Texture coordinates in `body_texture` of places in the picture."""
    pad, pixels = _padding(face_width, size[1]), np.array(size)
    return np.asarray((picture_to_uv(points, size) * pixels + pad) / (pixels + 2 * pad), np.float32)


def _lines(low: float, high: float, centre: float, reach: float, fine: float, coarse: float) -> npt.NDArray[np.float64]:
    """Return where a grid's lines run: `fine` apart within `reach` of `centre`, `coarse` elsewhere."""
    left, right = max(low, centre - reach), min(high, centre + reach)
    runs = [(low, left, coarse), (left, right, fine), (right, high, coarse)]
    lines = [np.linspace(a, b, max(1, int(np.ceil((b - a) / step))), endpoint=False) for a, b, step in runs if b > a]
    return np.concatenate([*lines, [high]])


def _covers(person: npt.NDArray[np.uint8], centres: F32, cell: float, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Whether some of the person lies within a cell's reach of each point; beyond the border its edge goes on."""
    width, height = size
    reach = max(1, round(cell * height))
    grown = cv2.dilate(person, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    uv = picture_to_uv(centres, size)
    uv = uv.clip(0, 1)
    column = np.minimum((uv[:, 0] * width).astype(int), width - 1)
    row = np.minimum((uv[:, 1] * height).astype(int), height - 1)
    return np.asarray(grown[row, column] > 0)


def _units_at(head: AnatomicalHead, placed: PlacedHead, points: F32, face_width: float, size: tuple[int, int]) -> F32:
    """How much each expression unit moves the picture at each point, then each handle, ``float32 (52 + 2 H, N, 3)``.

    A point on the head's silhouette moves as the surface that shows there; beyond it the motion fades.
    """
    width, height = size
    zoom = min(1.0, _BINDING_SIDE / max(width, height))
    small = (max(8, round(width * zoom)), max(8, round(height * zoom)))
    body = head.triangles[head.triangle_group == 0]
    pixels = placed.vertices.copy()
    pixels[:, 0] = pixels[:, 0] * small[1] + small[0] / 2
    pixels[:, 1] = small[1] / 2 - pixels[:, 1] * small[1]
    shown, bary, _ = rasterize(pixels, body, small)
    covered = shown >= 0
    if not covered.any():
        return np.zeros((52 + len(placed.handles), len(points), 3), np.float32)
    distance, label = cv2.distanceTransformWithLabels(
        1 - covered.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label = np.asarray(label, np.int32)
    where = np.zeros((int(label.max()) + 1, 2), np.int64)
    rows, columns = np.nonzero(covered)
    where[label[rows, columns]] = np.stack([rows, columns], axis=1)
    column = np.clip((points[:, 0] * small[1] + small[0] / 2).astype(int), 0, small[0] - 1)
    row = np.clip((small[1] / 2 - points[:, 1] * small[1]).astype(int), 0, small[1] - 1)
    nearest = where[label[row, column]]
    fade = np.exp(-((distance[row, column] / (small[1] * _FADE * face_width)) ** 2)).astype(np.float32)
    corners = body[shown[nearest[:, 0], nearest[:, 1]]]
    share = bary[nearest[:, 0], nearest[:, 1]] * fade[:, None]
    moved = (np.einsum("nk,unkx->unx", share, units[:, corners]) for units in (placed.units, placed.handles))
    return np.concatenate(list(moved)).astype(np.float32)
