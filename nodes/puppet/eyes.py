"""The eyeballs: a cap behind each pair of lids, painted from what the picture shows of the eye."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import EYE_CONTOURS, EYE_CORNERS, IRISES, LIDS
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_pixels
from vivant.nodes.puppet.posing import CAP_RADIUS

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_CAP_RAD = 1.25
_RINGS, _SPOKES = 5, 16
_PAGE = 1.5  # side of the painted square, in widths of the eye
_IRIS = 0.19  # radius of a carved iris in widths of the eye: 11.7 mm across of 30
_BLANK_CONTRAST = 0.8
_DARK = 4.0  # of 255: where both are black, neither is brighter
_LIGHT_REACH, _LIGHT_RANGE, _LIGHT_DOUBT = 0.14, (0.25, 2.0), 0.02  # widths of the eye; ratios; share of certainty
_MOST_TINT = 1.12
_RIM, _RIM_PX, _RIM_GAP = 0.045, 1.5, 0.2
"""How far into the eye its rim is the lid's: widths of the eye, pixels at least, and at most a share of how far it is
open."""
_MIN_PAGE_PX, _MAX_PAGE_PX = 96, 640


def eye_part(side: str, fit: HeadFit, pixels: U8) -> tuple[MeshPart, F32, U8, U8]:
    """Build one eyeball.

    Args:
        side: "Left" or "Right", the person's own.
        fit: The fitted head.
        pixels: The picture, ``uint8 (h, w, 3)``.

    Returns:
        Its mesh, the centre it turns about ``float32 (3,)``, its texture ``uint8 (n, n, 4)``, and that of the lids'
        rims before it, transparent farther in.
    """
    centre, width = _place(side, fit)
    radius = CAP_RADIUS * width
    polar = np.linspace(0, _CAP_RAD, _RINGS)[1:]
    around = np.linspace(0, 2 * np.pi, _SPOKES, endpoint=False)
    ring = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(around),
            np.sin(polar)[:, None] * np.sin(around),
            np.broadcast_to(np.cos(polar)[:, None], (len(polar), _SPOKES)),
        ],
        axis=2,
    ).reshape(-1, 3)
    vertices = (centre + radius * np.concatenate([[[0, 0, 1]], ring])).astype(np.float32)
    part = MeshPart(
        name=f"eye{side}",
        texture=f"eye{side}",
        vertices=vertices,
        triangles=_cap_triangles(),
        uv=on_eye_page(side, fit, vertices),
        opacity=np.ones(len(vertices), np.float32),
        role=Role.INSIDE,
        bone=f"eye{side}",
    )
    return part, centre, *_paint(side, fit, pixels, centre, 0.5 * _PAGE * width)


def on_eye_page(side: str, fit: HeadFit, points: F32) -> F32:
    """Texture coordinates ``float32 (N, 2)`` of places in the picture ``(N, 2+)`` in an eye's texture."""
    centre, width = _place(side, fit)
    return np.asarray((points[:, :2] - centre[:2]) * [1, -1] / (_PAGE * width) + 0.5, np.float32)


def rim_reach(side: str, fit: HeadFit) -> tuple[float, float]:
    """How far into the eye its rim is the lid's, and how wide the eye is, picture heights."""
    _, width = _place(side, fit)
    upper, lower = fit.points[np.array(LIDS[side])[2:5].T, :2]
    gap = float(np.linalg.norm(upper - lower, axis=1).mean())
    return min(max(_RIM * width, _RIM_PX / fit.size[1]), _RIM_GAP * gap), width


def _place(side: str, fit: HeadFit) -> tuple[F32, float]:
    """Where the eyeball's centre lies, ``float32 (3,)``, and how wide the eye is."""
    corners, rim = fit.points[list(EYE_CORNERS[side])], fit.points[list(EYE_CONTOURS[side])]
    width = float(np.linalg.norm(corners[0] - corners[1]))
    middle = 0.5 * (rim.mean(axis=0) + corners.mean(axis=0))
    return np.array([middle[0], middle[1], rim[:, 2].mean() - CAP_RADIUS * width], np.float32), width


def _cap_triangles() -> npt.NDArray[np.int32]:
    triangles = []
    for s in range(_SPOKES):
        n = (s + 1) % _SPOKES
        triangles.append((0, 1 + s, 1 + n))
        for r in range(_RINGS - 2):
            a, b = 1 + r * _SPOKES + s, 1 + r * _SPOKES + n
            c, d = a + _SPOKES, b + _SPOKES
            triangles += [(a, c, b), (b, c, d)]
    return np.array(triangles, np.int32)


def _paint(side: str, fit: HeadFit, pixels: U8, centre: F32, half: float) -> tuple[U8, U8]:
    """Paint the eyeball: the picture within the lids, iris and white completed beyond them; and the lids' rims.

    What the picture shows of the eye close to a rim is the lid's: lashes, their shadow, the wet edge. On the eyeball it
    would be dragged along by a glance, and stay behind when the lid rises.
    """
    height = pixels.shape[0]
    page = int(np.clip(2 * half * height * 2, _MIN_PAGE_PX, _MAX_PAGE_PX))
    zoom = page / (2 * half * height)
    corner = picture_to_pixels(centre[None], fit.size)[0] - half * height
    # Pixel centres lie at .5 in picture and page alike.
    shift = zoom * (0.5 - corner) - 0.5
    affine = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
    crop = np.asarray(
        cv2.warpAffine(pixels, affine, (page, page), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32
    )

    def on_page(indices: tuple[int, ...]) -> F32:
        pixels_of = picture_to_pixels(fit.points[list(indices)], fit.size)
        return np.asarray((pixels_of - corner) * zoom, np.float32)

    opening = np.zeros((page, page), np.uint8)
    cv2.fillPoly(opening, [np.round(on_page(EYE_CONTOURS[side]) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    # What is learned about the eye is learned inside: the rim has lashes and the lids' shadow.
    rim = rim_reach(side, fit)[0] * height * zoom
    inner = cv2.erode(opening, np.ones((3, 3), np.uint8), iterations=max(1, page // 60)) > 128
    if inner.sum() < 20:
        inner = opening > 128
    if inner.sum() < 20:
        inner = np.ones_like(inner)
    iris = on_page(IRISES[side])
    iris_centre = iris[0]
    iris_radius = float(np.linalg.norm(iris[1:] - iris_centre, axis=1).mean())
    y, x = np.mgrid[:page, :page].astype(np.float32) + 0.5
    distance = np.hypot(x - iris_centre[0], y - iris_centre[1]) / max(iris_radius, 1e-3)
    white = inner & (distance > 1.25)
    if white.sum() < 20:
        white = inner
    brightness = crop.mean(axis=2)
    bright = white & (brightness >= np.percentile(brightness[white], 50))
    painted = np.broadcast_to(np.median(crop[bright], axis=0), crop.shape).copy()
    painted *= (1 - 0.25 * np.clip(np.hypot(x - page / 2, y - page / 2) / (page / 2), 0, 1) ** 2)[..., None]
    # The upper lid shades what it hides.
    painted *= (1 - 0.3 * np.clip((page / 2 - y) / (0.3 * page), 0, 1))[..., None]
    profile = _radial_profile(crop, distance, inner)
    bins = np.clip((distance * len(profile) / 1.2).astype(int), 0, len(profile) - 1)
    cover = np.clip((1.12 - distance) / 0.2, 0, 1)[..., None]
    painted = cover * profile[bins] + (1 - cover) * painted
    painted *= _light(crop, painted, inner, _LIGHT_REACH * page / _PAGE)
    blank = _is_blank(crop, distance, inner, white)
    inward = cv2.distanceTransform((opening > 128).astype(np.uint8), cv2.DIST_L2, 5)
    # Where the rim's page begins to let it through, the eyeball's is the picture already.
    seen = np.clip(3 * inward / rim - 1, 0, 1)[..., None].astype(np.float32)
    mixed = seen * crop + (1 - seen) * painted
    if blank:
        mixed = _carve_iris(mixed, np.hypot(x - page / 2, y - page / 2) / (_IRIS * page / _PAGE))
    out = np.full((page, page, 4), 255, np.uint8)
    out[..., :3] = np.clip(np.round(mixed), 0, 255)
    rims = np.empty_like(out)
    rims[..., :3] = np.clip(np.round(crop), 0, 255)
    rims[..., 3] = np.round(255 * np.clip(3 - 3 * inward / rim, 0, 1))
    return out, rims


def _light(crop: F32, painted: F32, inner: npt.NDArray[np.bool_], reach: float) -> F32:
    """How much brighter or darker the picture is than what was painted, continued beyond the lids, ``(n, n, 3)``.

    The lids' shadow, its tint and a corner in the dark go on where the picture ends: else a bright band would come to
    light beside them as soon as the eye opens wider. Far away it is 1 (normalised convolution, Knutsson and Westin
    1993, with a little certainty of 1 everywhere).
    """
    known = inner.astype(np.float32)
    grey = (crop.mean(axis=2, keepdims=True) + _DARK) / (painted.mean(axis=2, keepdims=True) + _DARK)
    tint = np.clip((crop + _DARK) / (painted + _DARK) / grey, 1 / _MOST_TINT, _MOST_TINT)
    ratio = np.clip(grey, *_LIGHT_RANGE) * tint
    said = cv2.GaussianBlur(np.log(ratio) * known[..., None], (0, 0), reach)
    light = np.exp(said / (cv2.GaussianBlur(known, (0, 0), reach) + _LIGHT_DOUBT)[..., None])
    return np.asarray(light, np.float32)


def _is_blank(crop: F32, distance: F32, inner: npt.NDArray[np.bool_], white: npt.NDArray[np.bool_]) -> bool:
    """Whether the eye shows no iris, as on many statues: what should be iris is hardly darker than the rest."""
    iris = inner & (distance < 0.8)
    if iris.sum() < 8:
        return True
    brightness = crop.mean(axis=2)
    return float(np.median(brightness[iris])) > _BLANK_CONTRAST * float(np.median(brightness[white]))


def _carve_iris(page: F32, distance: F32) -> F32:
    """Hollow out an iris with a deeper pupil, in the eye's own colour, as sculptors do."""
    iris = 0.42 * np.clip((1.0 - distance) / 0.15 + 0.5, 0, 1)
    pupil = 0.35 * np.clip((0.45 - distance) / 0.15 + 0.5, 0, 1)
    return np.asarray(page * (1 - iris - pupil)[..., None], np.float32)


def _radial_profile(crop: F32, distance: F32, inner: npt.NDArray[np.bool_]) -> F32:
    """Median colour of the iris at each distance from its centre, ``float32 (n, 3)``; gaps take the nearest."""
    count = 24
    profile = np.full((count, 3), np.nan, np.float32)
    bins = (distance * count / 1.2).astype(int)
    for b in range(count):
        members = inner & (bins == b)
        if members.sum() >= 4:
            profile[b] = np.median(crop[members], axis=0)
    known = np.flatnonzero(~np.isnan(profile[:, 0]))
    if len(known) == 0:
        return np.broadcast_to(np.median(crop[inner], axis=0), profile.shape).astype(np.float32)
    for channel in range(3):
        profile[:, channel] = np.interp(np.arange(count), known, profile[known, channel])
    return profile
