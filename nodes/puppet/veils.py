"""Veils: skin that the picture does not show, laid over its own where an expression brings it to light.

A lid that closes is drawn out of the few rows of pixels that the picture has of it; a smile that is undone leaves its
folds behind, which are painted in the picture. There, a second texture fades in as far as the expression goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import (
    BROWS,
    EYE_CONTOURS,
    EYE_CORNERS,
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

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

TEXTURE = "veil"

_FOLLOWS = (0.05, 0.6)  # shares of the rim's way between which lid skin is drawn out more and more
_CLOSED = (0.35, 0.8)  # shares of its way between which a lid shows the veil
_LASHES = 0.025  # widths of the eye: the rim keeps its own dark line
_SURROUNDINGS = 0.22  # widths of the eye over which colours of skin around it are mixed
_BRIGHT, _LIT = 75, 4
_RIM_SHADE = 0.1
_FINE = 4  # steps per pixel in which the lids' rim is followed

_LEAST_SMILE = 0.25
_FOLD_REACH, _FOLD_WIDTH, _FOLD_BLUR = 0.05, 0.09, 0.03  # face widths
_LIP_EDGE, _LIP_REACH, _LIP_BLUR = 0.012, 0.03, 0.02  # face widths
_LINE_WIDTH, _LINE_SHADE = 0.009, 0.5  # face widths: where lips meet it is dark between them
_OF_MOUTH = np.array([name.startswith(("mouth", "jaw")) for name in BLENDSHAPES], np.float32)
_GRAIN = 0.01  # face widths
_FOLD_DEPTH = 5.0  # of 255: skin so much darker than what is beside it is a fold's
_TINY = 1e-3
_SHADING = {"mouthFunnel": 1.2, "mouthPucker": 0.5}


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


def shades(mouth: list[MeshPart], texture: str, worn: F32, units: int) -> list[Veil]:
    """Return the dark in which teeth lie behind lips that are put forward: as a ring they leave little light.

    Args:
        mouth: Parts of the inside of the mouth.
        texture: Its colour.
        worn: The expression at rest ``(52,)``.
        units: How many units there are, U.
    """
    row = np.zeros(1 + units, np.float32)
    for name, share in _SHADING.items():
        row[0] += share * worn[INDEX[name]]
        row[1 + INDEX[name]] = share
    teeth = [part for part in mouth if part.name.startswith("teeth")]
    return [Veil(f"shade{part.name.removeprefix('teeth')}", part.name, texture, part.triangles, row) for part in teeth]


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
    covered, bary, _ = rasterize(
        np.concatenate([places, face.vertices[:, 2:]], axis=1).astype(np.float32), face.triangles, (width, height)
    )
    colour, alpha = pixels.astype(np.float32), np.zeros((height, width), np.float32)
    found: list[Veil] = []
    pages: dict[str, U8] = {}
    for number, side in enumerate(("Right", "Left")):
        follows = _lid_share(placed, members, fit, side)
        on_page = (follows[face.triangles[covered]] * bary).sum(axis=2) * (covered >= 0)
        painted, cover = _lid(pixels, fit, side, on_page.astype(np.float32))
        colour, alpha = _over(colour, alpha, painted, cover)
        row = np.zeros(1 + units, np.float32)
        opening, gap = placed.details.lid_opening[:, number], max(float(placed.details.lid_gap[number]), 1e-3)
        start, span = _CLOSED[0], _CLOSED[1] - _CLOSED[0]
        row[0], row[1 : 1 + len(opening)] = -start / span, -opening / (gap * span)
        found.append(
            Veil(f"lid{side}", face.name, TEXTURE, face.triangles[(follows[face.triangles] > 0).any(axis=1)], row)
        )
    for side in ("Right", "Left"):
        smile = INDEX[f"mouthSmile{side}"]
        worn = float(fit.weights[smile])
        if worn < _LEAST_SMILE:
            continue
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
        pages[f"{TEXTURE}Lips"] = _page(painted, cover)
        row = np.zeros(1 + units, np.float32)
        row[1:53] = -of_mouth / strength
        column, line = np.floor(places).astype(int).T
        at = cover[line.clip(0, height - 1), column.clip(0, width - 1)] > _TINY
        found.append(Veil("lips", face.name, f"{TEXTURE}Lips", face.triangles[at[face.triangles].any(axis=1)], row))
    pages[TEXTURE] = _page(colour, alpha)
    return found, pages


def _page(colour: F32, cover: F32) -> U8:
    return np.ascontiguousarray(np.clip(np.round(np.dstack([colour, 255 * cover])), 0, 255).astype(np.uint8))


def _over(colour: F32, alpha: F32, painted: F32, cover: F32) -> tuple[F32, F32]:
    """Lay one veil's page beside those of the others: they do not overlap by more than their soft edges."""
    more = (cover > alpha)[..., None]
    return np.where(more, painted, colour), np.maximum(alpha, cover)


def _lid_share(placed: PlacedHead, members: I32, fit: HeadFit, side: str) -> F32:
    """How far skin follows the upper lid's rim when it closes, eased to [0, 1] ``(N,)``."""
    down = -(placed.units[INDEX[f"eyeBlink{side}"], members] @ fit.rotation[:, 1])
    low, high = (share * max(float(down.max()), 1e-6) for share in _FOLLOWS)
    return _ease((down - low) / (high - low))


def _lid(pixels: U8, fit: HeadFit, side: str, follows: F32) -> tuple[F32, F32]:
    """Paint a closed lid from the skin around the eye; colours ``(h, w, 3)`` and how much they count ``(h, w)``."""
    eye = picture_to_pixels(fit.points[list(EYE_CONTOURS[side])], fit.size)
    wide = float(np.linalg.norm(np.subtract(*picture_to_pixels(fit.points[list(EYE_CORNERS[side])], fit.size))))
    box = _box(eye, 1.2 * wide, follows.shape)
    corner = np.array([box[1].start, box[0].start])
    local, near = follows[box], pixels[box].astype(np.float32)
    opening = _filled([eye - corner], local.shape)
    fine = tuple(_FINE * size for size in local.shape)
    away = cv2.distanceTransform(1 - _filled([_FINE * (eye - corner)], fine), cv2.DIST_L2, 5) / _FINE
    off_rim = cv2.resize(away, local.shape[::-1], interpolation=cv2.INTER_AREA)
    brow = _filled([picture_to_pixels(fit.points[list(BROWS[side])], fit.size) - corner], local.shape)
    lashes = cv2.dilate(opening, _disc(0.12 * wide))
    known = ((lashes == 0) & (cv2.dilate(brow, _disc(0.05 * wide)) == 0) & (local < 0.02)).astype(np.float32)
    # A lid bulges into the light: it is as bright as the brighter skin around, not as the hollows.
    grey = near.mean(axis=2) + 1
    known *= np.clip(grey / np.percentile(grey[known > 0], _BRIGHT) if known.any() else 1, 0, 1) ** _LIT
    skin = _mixed(near, known, _SURROUNDINGS * wide)
    skin *= (1 - _RIM_SHADE * local**2)[..., None]
    cover = local * np.clip(off_rim / max(_LASHES * wide, 1.0), 0, 1)
    out, share = pixels.astype(np.float32), np.zeros(follows.shape, np.float32)
    out[box], share[box] = skin, cover
    return out, share


def _unfolded(pixels: U8, fit: HeadFit, side: str) -> tuple[F32, F32]:
    """Paint the fold beside nose and mouth as the skin around it; results as of `_lid`."""
    wide = fit.size[1] * float(np.linalg.norm(fit.points[RIGHT_SIDE] - fit.points[LEFT_SIDE]))
    line = picture_to_pixels(fit.points[list(FOLDS[side])], fit.size)
    shape = pixels.shape[:2]
    box = _box(line, 0.2 * wide, shape)
    corner = np.array([box[1].start, box[0].start])
    near = pixels[box].astype(np.float32)
    lips = _filled([picture_to_pixels(fit.points[list(OUTER_LIPS)], fit.size) - corner], near.shape[:2])
    grey = cv2.GaussianBlur(near.mean(axis=2), (0, 0), max(0.5, 0.005 * wide))
    beside = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, _disc(_FOLD_WIDTH * wide / 2))
    known = np.exp(-(((beside - grey) / _FOLD_DEPTH) ** 2)).astype(np.float32)
    known *= cv2.dilate(lips, _disc(0.02 * wide)) == 0
    grain = (near - cv2.GaussianBlur(near, (0, 0), max(0.7, _GRAIN * wide))) * known[..., None]
    skin = _mixed(near, known, _FOLD_BLUR * wide) + grain
    away = cv2.distanceTransform(1 - _filled([line - corner], near.shape[:2]), cv2.DIST_L2, 5) / wide
    cover = _ease(1 - away / _FOLD_REACH)
    inside = cv2.GaussianBlur(lips.astype(np.float32), (0, 0), max(0.5, 0.006 * wide))
    out, share = pixels.astype(np.float32), np.zeros(shape, np.float32)
    out[box], share[box] = skin, cover * (1 - np.clip(2 * inside, 0, 1))
    return out, share


def _lips(pixels: U8, fit: HeadFit) -> tuple[F32, F32]:
    """Paint the inner edges of parted lips from what is farther out; results as of `_lid`.

    When they meet, the row of pixels between lip and teeth is drawn out over all that a smile hides of them; the
    line in which they meet is in no picture of parted ones.
    """
    wide = fit.size[1] * float(np.linalg.norm(fit.points[RIGHT_SIDE] - fit.points[LEFT_SIDE]))
    outer, inner = (picture_to_pixels(fit.points[list(line)], fit.size) for line in (OUTER_LIPS, INNER_LIPS))
    shape = pixels.shape[:2]
    box = _box(outer, 0.1 * wide, shape)
    corner = np.array([box[1].start, box[0].start])
    near = pixels[box].astype(np.float32)
    opening = _filled([inner - corner], near.shape)
    red = _filled([outer - corner], near.shape) * (1 - opening)
    away = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5) / wide
    known = cv2.erode(red, _disc(0.003 * wide)) * (away > _LIP_EDGE)
    out, share = pixels.astype(np.float32), np.zeros(shape, np.float32)
    from_edge = np.where(opening > 0, cv2.distanceTransform(opening, cv2.DIST_L2, 5) / wide, away)
    line = 1 - _LINE_SHADE * np.exp(-((from_edge / _LINE_WIDTH) ** 2))
    out[box] = _mixed(near, known.astype(np.float32), _LIP_BLUR * wide) * line[..., None]
    share[box] = _ease(1.5 - 1.5 * away / _LIP_REACH) * np.maximum(cv2.dilate(opening, _disc(0.01 * wide)), red)
    return out, share


def _mixed(colours: F32, known: F32, reach: float) -> F32:
    """Spread what is known over what is not (normalised convolution), ``(h, w, 3)``."""
    out, given = np.zeros_like(colours), np.zeros((*known.shape, 1), np.float32)
    for sigma in (reach, 2 * reach, 4 * reach):
        weight = cv2.GaussianBlur(known, (0, 0), sigma)[..., None]
        spread = cv2.GaussianBlur(colours * known[..., None], (0, 0), sigma) / np.maximum(weight, 1e-6)
        share = np.clip(weight / 0.05, 0, 1) * (1 - given)
        out += share * spread
        given += share
    return np.asarray(out + (1 - given) * colours, np.float32)


def _filled(outlines: list[F32], shape: tuple[int, ...]) -> U8:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16 - 8).astype(np.int32) for outline in outlines], 1, cv2.LINE_8, 4)
    return mask


def _disc(radius: float) -> U8:
    reach = max(1, round(radius))
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)), np.uint8)


def _box(points: F32, reach: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns around some pixels, within the picture."""
    low, high = np.floor(points.min(axis=0) - reach), np.ceil(points.max(axis=0) + reach)
    spans = [
        slice(int(np.clip(low[axis], 0, size - 1)), int(np.clip(high[axis], 1, size)))
        for axis, size in ((1, shape[0]), (0, shape[1]))
    ]
    return spans[0], spans[1]


def _ease(t: Any) -> F32:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
