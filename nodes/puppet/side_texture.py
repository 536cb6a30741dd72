"""Paints the head's own surface where the picture does not show it, unrolled from a cylinder about the head."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.puppet.mesh_part import picture_to_pixels

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

_LOW_DM, _HIGH_DM = 5.7, 9.0
_AXIS_DM = 0.1
_AROUND_DM = 5.0
_LEAST_PX, _MOST_PX = 160, 768
_FROM, _WELL = 0.1, 0.45  # how much a surface faces the camera where the picture begins to be trusted, and is
_GRAZING_TRUST = 0.2
_RIM_TRUST = 0.3
_RIM_SMOOTH_DM = 0.12
_HIDING_SIDE = 420
_JAW_DM = 6.7  # below, the outline is the neck's
_DETAIL_PX, _MOST_DETAIL = 3.0, 28.0


def side_places(fit: HeadFit) -> F32:
    """Texture coordinates ``(V, 2)`` of the head's vertices on the unrolled cylinder; its seam lies behind."""
    around = np.arctan2(fit.neutral[:, 0], fit.neutral[:, 2] - _AXIS_DM) / (2 * np.pi) + 0.5
    down = (_HIGH_DM - fit.neutral[:, 1]) / (_HIGH_DM - _LOW_DM)
    return np.stack([around, down], axis=1).astype(np.float32)


def paint_sides(fit: HeadFit, vertices: F32, facing: F32, triangles: I32, pixels: U8, matte: F32) -> U8:
    """Unroll what the picture shows of the head, and complete the rest.

    Colours go on smoothly from where the surface is seen well (push and pull over a pyramid: Gortler and others,
    "The Lumigraph", 1996); what faces away takes them from the head's outline, where the picture may show hair.
    Fine detail comes from the other side of the head, where that is seen better, and as grain.

    Args:
        fit: The fitted head.
        vertices: ``(V, 3)`` the head in picture space.
        facing: ``(V,)`` how much each vertex faces the camera.
        triangles: ``(T, 3)`` skin of head and neck.
        pixels: ``uint8 (h, w, 3)``.
        matte: ``float32 (h, w)``.

    Returns:
        ``uint8 (n, m, 4)``.
    """
    dm_px = fit.scale * fit.size[1]
    width = int(np.clip(_AROUND_DM * dm_px, _LEAST_PX, _MOST_PX))
    height = round(width * (_HIGH_DM - _LOW_DM) / _AROUND_DM)
    shown, bary = _unroll(fit, triangles, (width, height))
    corners = triangles[shown]
    covered = shown >= 0
    place = (vertices[corners] * bary[..., None]).sum(axis=2)
    faces = (facing[corners] * bary).sum(axis=2)
    visible = covered & _visible(fit, vertices, triangles, place)
    at = picture_to_pixels(place.reshape(-1, 3), fit.size).reshape(height, width, 2) - 0.5
    sure = (matte > 0.9).astype(np.float32)
    inner = np.asarray(cv2.erode(sure, np.ones((3, 3), np.uint8), iterations=2), np.float32)
    person = _look(inner, at) * visible
    trust = person * np.maximum(_ease((faces - _FROM) / (_WELL - _FROM)), _GRAZING_TRUST * (faces > 0.03))
    colour = _look(pixels.astype(np.float32), at)
    seen = trust.copy()
    _add_rim(fit, place, covered & (faces < 0), pixels, inner, colour, trust)
    painted = push_pull(colour, trust)
    painted += _detail(colour, seen) + _grain(colour, seen)
    out = np.full((height, width, 4), 255, np.uint8)
    out[..., :3] = np.clip(np.round(painted), 0, 255)
    return out


def push_pull(colour: F32, trust: F32) -> F32:
    """Fill an image smoothly where it is not trusted.

    Args:
        colour: ``(h, w, 3)``.
        trust: ``(h, w)`` in [0, 1].
    """
    sums = [(colour * trust[..., None], trust)]
    while min(sums[-1][1].shape) > 2:
        total, weight = sums[-1]
        sums.append((np.asarray(cv2.pyrDown(total), np.float32), np.asarray(cv2.pyrDown(weight), np.float32)))
    total, weight = sums[-1]
    filled = total / np.maximum(weight, 1e-6)[..., None]
    mean = total.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
    filled = np.asarray(np.where(weight[..., None] > 1e-5, filled, mean), np.float32)
    for total, weight in sums[-2::-1]:
        wide = np.asarray(cv2.resize(filled, weight.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
        own = total / np.maximum(weight, 1e-6)[..., None]
        share = np.clip(weight, 0, 1)[..., None]
        filled = np.asarray(share * own + (1 - share) * wide, np.float32)
    return np.asarray(filled, np.float32)


def _unroll(fit: HeadFit, triangles: I32, size: tuple[int, int]) -> tuple[I32, F32]:
    """Which triangle each texel shows, the outermost, and where on it."""
    uv = side_places(fit)
    apart = np.hypot(fit.neutral[:, 0], fit.neutral[:, 2] - _AXIS_DM)
    points = np.concatenate([uv * np.array(size, np.float32), apart[:, None]], axis=1).astype(np.float32)
    whole = np.where((np.ptp(uv[triangles][:, :, 0], axis=1) <= 0.5)[:, None], triangles, triangles[:, :1])
    shown, bary, _ = rasterize(points, whole.astype(np.int32), size)
    return shown, bary


def _visible(fit: HeadFit, vertices: F32, triangles: I32, place: F32) -> npt.NDArray[np.bool_]:
    """Whether nothing of the head lies before each place ``(h, w, 3)``."""
    zoom = min(1.0, _HIDING_SIDE / max(fit.size))
    small = (max(8, round(fit.size[0] * zoom)), max(8, round(fit.size[1] * zoom)))
    points = np.concatenate([picture_to_pixels(vertices, small), vertices[:, 2:]], axis=1)
    _, _, depth = rasterize(points, triangles, small)
    at = np.floor(picture_to_pixels(place.reshape(-1, 3), small)).astype(int).reshape(*place.shape[:2], 2)
    within = (at >= 0).all(axis=2) & (at < small).all(axis=2)
    column, row = at[..., 0].clip(0, small[0] - 1), at[..., 1].clip(0, small[1] - 1)
    return np.asarray(within & (place[..., 2] >= depth[row, column] - 0.08 * fit.scale))


def _add_rim(
    fit: HeadFit, place: F32, away: npt.NDArray[np.bool_], pixels: U8, inner: F32, colour: F32, trust: F32
) -> None:
    """Give what faces away the colours of the outline beside it, a little outside, where hair may be; in place."""
    height, width = away.shape
    below = (_HIGH_DM - _JAW_DM) / (_HIGH_DM - _LOW_DM) * height
    picture = pixels.astype(np.float32)
    for columns in (slice(0, width // 2), slice(width // 2, width)):
        back = away[:, columns]
        side = place[:, columns]
        rims, known_rims = np.zeros((height, 3), np.float32), np.zeros(height, np.float32)
        for row in np.flatnonzero(back.any(axis=1)):
            known = np.any(side[row] != 0, axis=1)
            xs = side[row, known, 0]
            centre = float(place[row, place[row, :, 2] != 0, 0].mean()) if (place[row, :, 2] != 0).any() else 0.0
            rim = int(np.argmax(np.abs(xs - centre)))
            edge = side[row, known][rim]
            reach = float(np.sign(edge[0] - centre)) * fit.scale
            for out in (0.1, -0.08, -0.16) if row < below else (-0.08, -0.16):
                at = picture_to_pixels(np.array([[edge[0] + out * reach, edge[1]]], np.float32), fit.size)
                if _look(inner, at[None] - 0.5)[0, 0] > 0.5:
                    rims[row] = _look(picture, at[None] - 0.5)[0, 0]
                    known_rims[row] = 1
                    break
        # along the outline colours change from row to row, and would be rings around the head
        apart = _RIM_SMOOTH_DM / (_HIGH_DM - _LOW_DM) * height
        total = cv2.GaussianBlur(rims[:, None], (1, 0), apart, sigmaY=apart)[:, 0]
        weight = cv2.GaussianBlur(known_rims[:, None], (1, 0), apart, sigmaY=apart).reshape(-1)
        rows, here = np.nonzero(back & (weight > 1e-3)[:, None])
        colour[rows, here + columns.start] = (total / np.maximum(weight, 1e-3)[:, None])[rows]
        trust[rows, here + columns.start] = _RIM_TRUST


def _detail(colour: F32, trust: F32) -> F32:
    """What is finer than `_DETAIL_PX` on the better seen side, for the other one."""
    smooth = cv2.GaussianBlur(colour * trust[..., None], (0, 0), _DETAIL_PX)
    weight = cv2.GaussianBlur(trust, (0, 0), _DETAIL_PX)
    fine = np.clip(colour - smooth / np.maximum(weight, 1e-3)[..., None], -_MOST_DETAIL, _MOST_DETAIL)
    fine = fine * (trust * trust)[..., None]
    return np.asarray(fine[:, ::-1] * (1 - np.clip(2 * trust, 0, 1))[..., None], np.float32)


def _grain(colour: F32, trust: F32) -> F32:
    """Noise as strong as that of skin seen well, where nothing is seen; the same in every run."""
    well = trust > 0.8
    if well.sum() < 100:
        return np.zeros((*trust.shape, 1), np.float32)
    grey = colour.mean(axis=2)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)
    strength = min(8.0, 1.4826 * float(np.median(np.abs(fine[well]))))
    noise = np.random.default_rng(0).standard_normal(trust.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 2.2
    return np.asarray(strength * noise * (1 - trust), np.float32)[..., None]


def _look(image: F32, at: F32) -> F32:
    """Read an image ``(h, w[, 3])`` at places ``(n, m, 2)`` in pixels, pixel centres at whole numbers."""
    x, y = np.ascontiguousarray(at[..., 0], np.float32), np.ascontiguousarray(at[..., 1], np.float32)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _ease(t: F32) -> F32:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
