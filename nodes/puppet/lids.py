"""Upper lids as they look when they are closed: of most of their skin a picture with open eyes shows nothing.

Drawn out of the few rows of pixels that the picture has of it, a lid would be streaks of lashes and crease. So its skin
is drawn once more, fading in as the eye closes, with a texture that is painted for the closed eye: where a piece of the
lid lies then is where it is on the page.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import BROWS, EYE_CONTOURS, EYE_CORNERS
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_pixels
from vivant.nodes.puppet.skin_paint import box_around, disc, ease, filled, mixed, page

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

_LEAST_GAP_DM = 1e-3
_FOLLOWS = (0.05, 0.6)  # shares of the rim's way between which lid skin is drawn out more and more
_CLOSED = (0.2, 0.7)  # shares of its way between which a lid shows what is painted
_RIM_GONE = 0.5  # share at which what the picture shows along the rims, iris too, is no longer drawn with the lids
_SOLID = 0.35  # from where on, of how far skin follows, the painted lid covers the picture's
_PAGE_PX = 320  # how wide a page is at least, as far as four times the picture's pixels go
_FINEST = 4
_SURROUNDINGS = 0.12  # widths of the eye over which colours of skin around it are mixed
_BRIGHT, _LIT = 75, 2
_BULGE, _RIM_SHADE = 0.06, 0.1
_SKIN_TINT = np.array([0.7, 1.1, 1.3], np.float32)  # light that has been through skin is redder
_LASH_WIDTH, _LASH_NEAR, _DARKEST = 0.05, 0.06, 30  # widths of the eye; the same; percent of what is near the rim
_LASH_SHARE, _EDGE_ORDER = 0.85, 4
_LASH_RISE = 0.025  # widths of the eye: where lids have met, the lowest edge of the upper one is hidden
_GRAIN, _MOST_GRAIN = 0.04, 2.0  # widths of the eye; times what is usual: more is a line, not grain


def lid_parts(
    face: MeshPart, members: I32, placed: PlacedHead, fit: HeadFit, pixels: U8, units: int
) -> tuple[list[MeshPart], dict[str, U8]]:
    """Build the lids to be drawn over the face's skin.

    Args:
        face: Its skin at rest.
        members: Which of the head's vertices its are ``(N,)``.
        placed: The head in picture space.
        fit: The head fitted to the picture.
        pixels: The picture, ``uint8 (h, w, 3)``.
        units: How many units there are, U.

    Returns:
        A part for each side, on vertices that lie and move as the face's, and their textures by name.
    """
    assert face.units is not None
    parts, textures = [], {}
    for number, side in enumerate(("Right", "Left")):
        follows = _follows(placed, members, fit, side)
        moved = face.triangles[(follows[face.triangles] > 0).any(axis=1)]
        own, corners = np.unique(moved, return_inverse=True)
        triangles = corners.reshape(-1, 3).astype(np.int32)
        opening, gap = placed.details.lid_opening[:, number], max(float(placed.details.lid_gap[number]), _LEAST_GAP_DM)
        blink = INDEX[f"eyeBlink{side}"]
        # as far as the lids need to meet
        closed = face.vertices[own] + face.units[blink][own] * (gap / max(-float(opening[blink]), 1e-3))
        texture, uv = _painted(closed.astype(np.float32), triangles, follows[own], fit, side, pixels)
        name = f"lid{side}"
        textures[name] = texture
        fade = _closing_fade(placed, number, units, *_CLOSED)
        parts.append(
            MeshPart(
                name=name,
                texture=name,
                vertices=face.vertices[own],
                triangles=triangles,
                uv=uv,
                opacity=face.opacity[own],
                role=Role.SKIN,
                units=face.units[:, own],
                bone=face.bone,
                fade=fade,
            )
        )
    return parts, textures


def rim_fades(placed: PlacedHead, units: int) -> dict[str, F32]:
    """Return by side how the bands along the rims fade when lids close, as `MeshPart.fade`."""
    return {side: _closing_fade(placed, number, units, _RIM_GONE, 0.0) for number, side in enumerate(("Right", "Left"))}


def _closing_fade(placed: PlacedHead, number: int, units: int, begin: float, end: float) -> F32:
    """Return a row of `Puppet.fades` that goes from 0 to 1 as an eye closes, ``float32 (1 + U,)``.

    Args:
        placed: The head in picture space.
        number: 0: the right eye, 1: the left.
        units: How many units there are, U.
        begin: Share of the lid's way, from rest until lids meet, at which it is 0.
        end: At which it is 1; before `begin`: then it falls.
    """
    opening, gap = placed.details.lid_opening[:, number], max(float(placed.details.lid_gap[number]), _LEAST_GAP_DM)
    row = np.zeros(1 + units, np.float32)
    row[0], row[1 : 1 + len(opening)] = -begin / (end - begin), -opening / (gap * (end - begin))
    return row


def _follows(placed: PlacedHead, members: I32, fit: HeadFit, side: str) -> F32:
    """How far skin follows the upper lid's rim when it closes, eased to [0, 1] ``(N,)``."""
    down = -(placed.units[INDEX[f"eyeBlink{side}"], members] @ fit.rotation[:, 1])
    low, high = (share * max(float(down.max()), 1e-6) for share in _FOLLOWS)
    return ease((down - low) / (high - low))


def _painted(closed: F32, triangles: I32, follows: F32, fit: HeadFit, side: str, pixels: U8) -> tuple[U8, F32]:
    """Paint a closed lid; return the page, and where on it the vertices are ``(N, 2)``."""
    eye = picture_to_pixels(fit.points[list(EYE_CONTOURS[side])], fit.size)
    wide = float(np.linalg.norm(np.subtract(*picture_to_pixels(fit.points[list(EYE_CORNERS[side])], fit.size))))
    places = picture_to_pixels(closed, fit.size)
    box = box_around(np.concatenate([places, eye]), 1.0 * wide, pixels.shape[:2])
    corner = np.array([box[1].start, box[0].start], np.float32)
    near = pixels[box].astype(np.float32)
    zoom = float(np.clip(np.ceil(_PAGE_PX / near.shape[1]), 1, _FINEST))
    size = round(zoom * near.shape[1]), round(zoom * near.shape[0])
    at = zoom * (places - corner)
    covered, bary, _ = rasterize(np.concatenate([at, closed[:, 2:]], axis=1).astype(np.float32), triangles, size)
    share = np.where(covered >= 0, (follows[triangles[covered]] * bary).sum(axis=2), 0).astype(np.float32)
    lash = _from_rim(share > 0.5, zoom * wide)
    share = _continued(share, covered >= 0)
    skin = _skin(near, eye - corner, side, fit, corner, wide)
    skin = np.asarray(cv2.resize(skin, size, interpolation=cv2.INTER_CUBIC), np.float32)
    light = 1 + _BULGE * np.sin(np.pi * share) - _RIM_SHADE * share**3
    skin *= light[..., None] ** _SKIN_TINT
    # lashes are thickest in the middle of a lid, and none at its corners
    dark = _LASH_SHARE * np.exp(-((lash / _LASH_WIDTH) ** 2)) * ease(share / 0.9)
    skin += dark[..., None] * (_lash_colour(near, eye - corner, wide) - skin)
    uv = at / np.array(size, np.float32)
    return page(skin, ease(share / _SOLID)), uv.astype(np.float32)


def _skin(near: F32, eye: F32, side: str, fit: HeadFit, corner: F32, wide: float) -> F32:
    """Spread the skin around an eye over it, as large as `near`."""
    opening = filled([eye], near.shape)
    brow = filled([picture_to_pixels(fit.points[list(BROWS[side])], fit.size) - corner], near.shape)
    lashes = cv2.dilate(opening, disc(0.14 * wide))
    known = ((lashes == 0) & (cv2.dilate(brow, disc(0.06 * wide)) == 0)).astype(np.float32)
    # A lid bulges into the light: it is as bright as the brighter skin around, not as the hollows.
    grey = near.mean(axis=2) + 1
    known *= np.clip(grey / np.percentile(grey[known > 0], _BRIGHT) if known.any() else 1, 0, 1) ** _LIT
    smooth = mixed(near, known, _SURROUNDINGS * wide)
    # the grain of the skin below, which is a cheek's
    down = round(0.55 * wide)
    fine = near - cv2.GaussianBlur(near, (0, 0), max(0.7, _GRAIN * wide))
    usual = np.median(np.abs(fine).max(axis=2)[known > 0]) if known.any() else 0.0
    fine *= ((np.abs(fine).max(axis=2) < _MOST_GRAIN * usual) & (lashes == 0))[..., None]
    grain = np.zeros_like(fine)
    if down < len(fine):
        grain[:-down] = fine[down:]
    return np.asarray(smooth + grain, np.float32)


def _lash_colour(near: F32, eye: F32, wide: float) -> F32:
    """What is darkest just above the upper rim, ``(3,)``."""
    opening = filled([eye], near.shape)
    upper = np.concatenate([eye[8:], eye[8:][::-1] - [0, _LASH_NEAR * wide]])
    along = near[(filled([upper.astype(np.float32)], near.shape) > 0) & (opening == 0)]
    if not len(along):
        return np.zeros(3, np.float32)
    grey = along.mean(axis=1)
    return np.asarray(along[grey <= np.percentile(grey, _DARKEST)].mean(axis=0), np.float32)


def _from_rim(lid: npt.NDArray[np.bool_], wide: float) -> F32:
    """Distance from the lower edge of a closed lid ``(h, w)``, in widths of the eye; infinite where there is none."""
    columns = np.flatnonzero(lid.any(axis=0))
    if len(columns) < 2:
        return np.full(lid.shape, np.inf, np.float32)
    edge = lid.shape[0] - 1 - lid[::-1, columns].argmax(axis=0)
    # the mesh's own edge has corners; lashes stand on an even curve
    across = np.linspace(-1, 1, len(columns))
    even = np.polynomial.Polynomial.fit(across, edge, min(_EDGE_ORDER, len(columns) - 1))(across) - _LASH_RISE * wide
    line = np.ones(lid.shape, np.uint8)
    cv2.polylines(line, [np.round(np.stack([columns, even], axis=1)).astype(np.int32)], False, 0)
    return np.asarray(cv2.distanceTransform(line, cv2.DIST_L2, 5) / wide, np.float32)


def _continued(values: F32, known: npt.NDArray[np.bool_]) -> F32:
    """Give each place that is not known the nearest value that is."""
    if not known.any():
        return values
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label = np.asarray(label, np.int32)
    table = np.zeros(int(label.max()) + 1, np.float32)
    table[label[known]] = values[known]
    return np.asarray(table[label], np.float32)
