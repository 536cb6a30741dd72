"""Veils: skin that the picture does not show, laid over its own where an expression brings it to light.

A smile that is undone leaves its folds behind, which are painted in the picture. There, a second texture fades in as
far as the expression goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import (
    FOLDS,
    INNER_LIPS,
    LEFT_SIDE,
    OUTER_LIPS,
    RIGHT_SIDE,
)
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.face.rims import mouth_is_open
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_pixels
from vivant.nodes.puppet.mouth import shade_of
from vivant.nodes.puppet.skin_paint import box_around, disc, ease, filled, mixed, page

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

TEXTURE = "veil"

_LEAST_SMILE = 0.25
_FOLD_REACH, _FOLD_WIDTH, _FOLD_BLUR = 0.05, 0.09, 0.03  # face widths
_LIP_EDGE, _LIP_REACH, _LIP_BLUR = 0.012, 0.03, 0.02  # face widths
_SHARED_TINT = 0.7
"""An upper lip that a smile draws thin lies in shadow, and shows its own hue hardly."""
_SEAM_WIDTH, _SEAM_SHADE = 0.018, 0.25  # face widths: of the shadow that the mouth's corner lies in
_SHADOW_TINT = np.array([0.7, 1.1, 1.2], np.float32)  # light that has been through skin is redder
_OF_MOUTH = np.array([name.startswith(("mouth", "jaw")) for name in BLENDSHAPES], np.float32)
_GRAIN = 0.01  # face widths
_FOLD_DEPTH = 5.0  # of 255: skin so much darker than what is beside it is a fold's
_CORNER = {"Right": OUTER_LIPS[0], "Left": OUTER_LIPS[10]}
_INNER_CORNER = {"Right": INNER_LIPS[0], "Left": INNER_LIPS[10]}
_PIT_REACH, _PIT_END = 0.02, 1.6
"""Face widths, and how many of these: a broad smile digs a pit beyond the corner of the mouth, which is skin again when
it is undone. Taken for lip it would be a blunt, dark end of the red."""
_TINY = 1e-3
_SHADING = {"mouthFunnel": 1.2, "mouthPucker": 0.5}
_LIT_DM = 0.2
"""How far lips are parted when light falls in as it does into an open mouth."""
_IN_NARROW = {"tongue": 1.0, "teethLower": 0.6}
"""How much of what lies behind lips hardly parted is dark; upper teeth are right behind them, in the light."""


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """A piece of the mesh that is drawn once more.

    Attributes:
        name: What it shows.
        of: Name of the part that it belongs to, whose role it has.
        texture: What it is drawn with.
        triangles: ``int32 (T, 3)`` indices into the vertices of that part.
        fade: ``float32 (1 + U,)`` a row of `Puppet.fades`.
    """

    name: str
    of: str
    texture: str
    triangles: I32
    fade: F32


def shown(puppet: Puppet, change: F32) -> F32:
    """Return how much is drawn of each layer that fades, ``float32 (F,)`` in [0, 1].

    Args:
        puppet: The puppet.
        change: By how much its units differ from rest, as `change_of` says ``(U,)``.
    """
    linear = np.clip(puppet.fades[:, 0] + puppet.fades[:, 1:] @ change, 0, 1)
    return np.asarray(linear * linear * (3 - 2 * linear), np.float32)


def shades(mouth: list[MeshPart], fit: HeadFit, parted: F32) -> list[Veil]:
    """Return the dark in which teeth and tongue lie: what is behind lips hardly parted, or put forward as a ring.

    Args:
        mouth: What of the inside of the mouth is to be shaded.
        fit: The head fitted to the picture.
        parted: How far apart the lips are, as `middle_parting` says ``(1 + U,)``.
    """
    ring = np.zeros_like(parted)
    for name, share in _SHADING.items():
        ring[0] += share * fit.weights[INDEX[name]]
        ring[1 + INDEX[name]] = share
    # at rest an open mouth is as light as the picture shows it
    lit = min(_LIT_DM, float(parted[0])) if mouth_is_open(fit.points) else _LIT_DM
    narrow = -parted / max(lit, _TINY)
    narrow[0] += 1
    found = []
    for part in mouth:
        page = shade_of(part.name)
        found.append(Veil(page, part.name, page, part.triangles, ring))
        if part.name in _IN_NARROW:
            dark = np.asarray(_IN_NARROW[part.name] * narrow, np.float32)
            found.append(Veil(f"{page}Narrow", part.name, page, part.triangles, dark))
    return found


def veils(
    face: MeshPart, members: I32, placed: PlacedHead, fit: HeadFit, pixels: U8, units: int
) -> tuple[list[Veil], dict[str, U8]]:
    """Lay out all veils of a face.

    Args:
        face: Its skin at rest; its texture is as large as the picture.
        members: Which of the head's vertices its are ``(N,)``.
        placed: The head in picture space.
        fit: The head fitted to the picture.
        pixels: The picture, ``uint8 (h, w, 3)``.
        units: How many units there are, U.

    Returns:
        The veils, and their textures by name, as large as the picture ``uint8 (h, w, 4)``.
    """
    height, width = pixels.shape[:2]
    places = picture_to_pixels(face.vertices, fit.size)
    covered: I32 | None = None
    colour, alpha = pixels.astype(np.float32), np.zeros((height, width), np.float32)
    found: list[Veil] = []
    pages: dict[str, U8] = {}
    for side in ("Right", "Left"):
        smile = INDEX[f"mouthSmile{side}"]
        worn = float(fit.weights[smile])
        if worn < _LEAST_SMILE:
            continue
        if covered is None:
            on_page = np.concatenate([places, face.vertices[:, 2:]], axis=1).astype(np.float32)
            covered, _, _ = rasterize(on_page, face.triangles, (width, height))
        painted, cover = _unfolded(pixels, fit, side)
        colour, alpha = _over(colour, alpha, painted, cover)
        row = np.zeros(1 + units, np.float32)
        row[1 + smile] = -1 / worn
        column, line = np.floor(places).astype(int).T
        at = cover[line.clip(0, height - 1), column.clip(0, width - 1)] > _TINY
        there = np.asarray(at[face.triangles].any(axis=1))  # triangles that are hidden, or smaller than a pixel, too
        there[covered[(cover > _TINY) & (covered >= 0)]] = True
        found.append(Veil(f"fold{side}", face.name, TEXTURE, face.triangles[there], row))
    of_mouth = fit.weights * _OF_MOUTH
    strength = float(of_mouth @ of_mouth)
    if mouth_is_open(fit.points) and strength > _LEAST_SMILE**2:
        painted, cover = _lips(pixels, fit)
        pages[f"{TEXTURE}Lips"] = page(painted, cover)
        row = np.zeros(1 + units, np.float32)
        row[1:53] = -of_mouth / strength
        column, line = np.floor(places).astype(int).T
        at = cover[line.clip(0, height - 1), column.clip(0, width - 1)] > _TINY
        found.append(Veil("lips", face.name, f"{TEXTURE}Lips", face.triangles[at[face.triangles].any(axis=1)], row))
    if alpha.any():
        pages[TEXTURE] = page(colour, alpha)
    return found, pages


def _over(colour: F32, alpha: F32, painted: F32, cover: F32) -> tuple[F32, F32]:
    """Lay one veil's page beside those of the others: they do not overlap by more than their soft edges."""
    more = (cover > alpha)[..., None]
    return np.where(more, painted, colour), np.maximum(alpha, cover)


def _unfolded(pixels: U8, fit: HeadFit, side: str) -> tuple[F32, F32]:
    """Paint the fold beside nose and mouth as the skin around it.

    Returns:
        Colours ``(h, w, 3)`` and how much they count ``(h, w)``.
    """
    wide = fit.size[1] * float(np.linalg.norm(fit.points[RIGHT_SIDE] - fit.points[LEFT_SIDE]))
    line = picture_to_pixels(fit.points[list(FOLDS[side])], fit.size)
    shape = pixels.shape[:2]
    box = box_around(line, 0.2 * wide, shape)
    corner = np.array([box[1].start, box[0].start])
    near = pixels[box].astype(np.float32)
    lips = filled([picture_to_pixels(fit.points[list(OUTER_LIPS)], fit.size) - corner], near.shape[:2])
    grey = cv2.GaussianBlur(near.mean(axis=2), (0, 0), max(0.5, 0.005 * wide))
    beside = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, disc(_FOLD_WIDTH * wide / 2))
    known = np.exp(-(((beside - grey) / _FOLD_DEPTH) ** 2)).astype(np.float32)
    known *= cv2.dilate(lips, disc(0.02 * wide)) == 0
    grain = (near - cv2.GaussianBlur(near, (0, 0), max(0.7, _GRAIN * wide))) * known[..., None]
    skin = mixed(near, known, _FOLD_BLUR * wide) + grain
    away = cv2.distanceTransform(1 - filled([line - corner], near.shape[:2]), cv2.DIST_L2, 5) / wide
    cover = ease(1 - away / _FOLD_REACH)
    inside = cv2.GaussianBlur(lips.astype(np.float32), (0, 0), max(0.5, 0.006 * wide))
    pit = ease(_PIT_END - _from_corners(fit, near.shape[:2], corner, (side,)) / (_PIT_REACH * wide))
    # A soft shadow: as narrow and dark as the line in which lips meet it would be a dot beside it.
    seam = picture_to_pixels(fit.points[[_CORNER[side], _INNER_CORNER[side]]], fit.size) - corner
    dark = np.ones(near.shape[:2], np.uint8)
    outer, inner = np.round(seam * 16 - 8).astype(int).tolist()
    cv2.line(dark, outer, inner, 0, 1, cv2.LINE_8, 4)
    from_seam = cv2.distanceTransform(dark, cv2.DIST_L2, 5) / wide
    skin *= (1 - _SEAM_SHADE * np.exp(-((from_seam / _SEAM_WIDTH) ** 2)))[..., None] ** _SHADOW_TINT
    out, share = pixels.astype(np.float32), np.zeros(shape, np.float32)
    out[box], share[box] = skin, np.maximum(cover * (1 - np.clip(2 * inside, 0, 1)), pit)
    return out, share


def _from_corners(fit: HeadFit, shape: tuple[int, int], origin: npt.NDArray[np.int64], sides: tuple[str, ...]) -> F32:
    """Distance from the nearer corner of the mouth in pixels ``(h, w)``, in a box with this first pixel (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) + 0.5
    corners = picture_to_pixels(fit.points[[_CORNER[side] for side in sides]], fit.size) - origin
    return np.asarray(np.min([np.hypot(x - px, y - py) for px, py in corners], axis=0), np.float32)


def _one_red(painted: F32, lips: F32) -> F32:
    """Bring what is painted near the tint of both lips together, by its share, and leave it as bright as it is.

    Args:
        painted: ``(h, w, 3)``.
        lips: What the picture shows of them ``(N, 3)``.
    """
    if not len(lips):
        return painted
    own = (painted + 1) / (painted + 1).mean(axis=2, keepdims=True)
    mean = lips.mean(axis=0) + 1
    return np.asarray(painted * (mean / mean.mean() / own) ** _SHARED_TINT, np.float32)


def _lips(pixels: U8, fit: HeadFit) -> tuple[F32, F32]:
    """Paint the inner edges of parted lips from what is farther out; results as of `_unfolded`.

    When they meet, the row of pixels between lip and teeth is drawn out over all that a smile hides of them.
    """
    wide = fit.size[1] * float(np.linalg.norm(fit.points[RIGHT_SIDE] - fit.points[LEFT_SIDE]))
    outer, inner = (picture_to_pixels(fit.points[list(line)], fit.size) for line in (OUTER_LIPS, INNER_LIPS))
    shape = pixels.shape[:2]
    box = box_around(outer, 0.1 * wide, shape)
    corner = np.array([box[1].start, box[0].start])
    near = pixels[box].astype(np.float32)
    opening = filled([inner - corner], near.shape)
    red = filled([outer - corner], near.shape) * (1 - opening)
    away = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5) / wide
    known = cv2.erode(red, disc(0.003 * wide)) * (away > _LIP_EDGE)
    out, share = pixels.astype(np.float32), np.zeros(shape, np.float32)
    out[box] = _one_red(mixed(near, known.astype(np.float32), _LIP_BLUR * wide), near[known > 0])
    share[box] = ease(1.5 - 1.5 * away / _LIP_REACH) * np.maximum(cv2.dilate(opening, disc(0.01 * wide)), red)
    share[box] *= 1 - ease(_PIT_END - _from_corners(fit, near.shape[:2], corner, tuple(_CORNER)) / (_PIT_REACH * wide))
    return out, share
