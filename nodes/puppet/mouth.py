"""The inside of the mouth: cavity, tongue, lower and upper teeth, painted in the light of the picture."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import CHEEKS, INNER_LIPS
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rims import mouth_is_open
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.mesh_part import MeshPart, grid_triangles, picture_to_pixels

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

# Widths of teeth in decimetres from the middle outward (Wheeler's Dental Anatomy, table of crown widths).
_UPPER_WIDTHS = (0.085, 0.065, 0.075, 0.07, 0.07, 0.10)
_LOWER_WIDTHS = (0.05, 0.055, 0.07, 0.07, 0.07, 0.11)
_UPPER_CROWN, _LOWER_CROWN = 0.105, 0.09

_UPPER_SHOWS, _LOWER_SHOWS = 0.05, -0.01  # how far the biting edges pass the closed lips, decimetres

_TONGUE_RISES_DM = 0.0  # how far beyond the lower teeth it lies at rest: higher up it fills the mouth
_TONGUE_FRONT = 0.5
"""Which part of its length is seen, from the tip on."""
_TONGUE_SEEN_FROM = np.array([0, 0.7, 0.7])  # before and above: lower teeth hide its underside
_TONGUE_TURNED_AWAY = -0.2

_TONGUE_LIT_AT = 0.2
"""Where most light falls on it, of its length from the tip on."""

_CORNER_SHADE_DM = 0.05
_IN_LIPS_SHADOW = 0.8
"""How bright lower teeth are at their edge, upper ones being 0.94: light comes from above, past the upper lip."""
_DEEP = (0.15, 0.055, 0.05)  # of what hardly any light reaches
_SHADE = 0.75
_BEHIND_CORNER_DM, _BEYOND_CORNER_DM = 0.05, 0.08  # the arch, from the mouth's corner

_HARDLY, _MOSTLY = 100, 230  # of 255: how much of a pixel lies between the lips
_SURROUNDINGS = 8

_COLUMNS, _ROWS = 13, 3
_PAGE = (640, 224)
_IVORY = (0.88, 0.83, 0.74)
"""Of teeth that are not bleached, in the light in which fair skin has a luminance of 0.68."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """How bright and how tinted the face is lit.

    Attributes:
        skin: Median colour of the cheeks, ``float32 (3,)`` in [0, 1].
        level: Brightness against a fair face in full light, about 0.3 to 1.1.
        tint: Colour cast of the light, ``float32 (3,)``, mean about 1.
    """

    skin: F32
    level: float
    tint: F32

    def on(self, colour: tuple[float, float, float]) -> F32:
        """Return how a surface of this colour (in [0, 1]) looks in this light, in [0, 255]."""
        lit = np.asarray(colour, np.float32) * self.level * self.tint
        return np.asarray(np.clip(lit, 0, 1) * 255, np.float32)


def light_of(fit: HeadFit, pixels: U8) -> Light:
    """Read the light off the cheeks."""
    places = picture_to_pixels(fit.points[list(CHEEKS)], fit.size)
    reach = max(1, round(0.03 * float(np.linalg.norm(places[0] - places[1]))))
    samples = []
    for x, y in places:
        column, row = int(np.clip(x, 0, pixels.shape[1] - 1)), int(np.clip(y, 0, pixels.shape[0] - 1))
        box = pixels[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        samples.append(box.reshape(-1, 3))
    skin = np.asarray(np.median(np.concatenate(samples), axis=0).astype(np.float32) / 255, np.float32)
    luminance = float(skin @ [0.3, 0.59, 0.11])
    tint = (skin / max(luminance, 1e-3)) ** 0.3
    return Light(skin, float(np.clip(luminance / 0.68, 0.3, 1.1)), (tint / tint.mean()).astype(np.float32))


def mouth_parts(
    head: AnatomicalHead, fit: HeadFit, placed: PlacedHead, pixels: U8
) -> tuple[list[MeshPart], dict[str, U8]]:
    """Build the inside of the mouth, back to front.

    Args:
        head: The anatomical head.
        fit: Its fit to the picture.
        placed: It in picture space.
        pixels: The picture, ``uint8 (h, w, 3)``.

    Returns:
        The parts and their textures, among them those of `shade_of`.
    """
    light = light_of(fit, pixels)
    fit = dataclasses.replace(fit, translation=fit.translation + _lips_off_the_fit(head, fit, placed))
    upper = _Arch(head, fit, "helper-upper-teeth")
    lower = _Arch(head, fit, "helper-lower-teeth")
    textures: dict[str, U8] = {}
    parts = [_cavity(lower, fit), _tongue(head, fit, lower.high)]
    textures["cavity"] = _cavity_page(light)
    textures["tongue"] = _tongue_page(light)
    opening = _opening(fit)
    tooth = _tooth_colour(fit, pixels, opening, light)
    for name, arch, widths, crown in (
        ("teethLower", lower, _LOWER_WIDTHS, _LOWER_CROWN),
        ("teethUpper", upper, _UPPER_WIDTHS, _UPPER_CROWN),
    ):
        is_upper = name == "teethUpper"
        heights = (arch.low - 0.16, arch.low + 0.24) if is_upper else (arch.high - 0.24, arch.high + 0.02)
        part, place = _plate(name, arch, fit, heights)
        page = _teeth_page(arch, widths, crown, heights, tooth, light, is_upper)
        if is_upper and opening is not None:
            page = _keep_picture(page, place, fit, pixels, opening)
        parts.append(part)
        textures[name] = page
    for name in ("tongue", "teethLower", "teethUpper"):
        textures[shade_of(name)] = _shade_page(textures[name], light)
    return parts, textures


def shade_of(name: str) -> str:
    """Return what the page is called that darkens a part."""
    return f"shade{name[0].upper()}{name[1:]}"


def _shade_page(page: U8, light: Light) -> U8:
    """Dark in the form of what is to be darkened: beyond it, what shows through has a shade of its own."""
    out = np.empty_like(page)
    out[..., :3] = light.on(_DEEP).round()
    out[..., 3] = (_SHADE * page[..., 3]).round()
    return out


def _lips_off_the_fit(head: AnatomicalHead, fit: HeadFit, placed: PlacedHead) -> F32:
    """How far the closed lips lie from where the fit alone has them, ``float32 (3,)``: teeth go with the lips."""
    closed = placed.vertices - np.tensordot(fit.weights, placed.units, axes=1)
    where = head.landmark_positions(closed.astype(np.float32))[[13, 14]].mean(axis=0)
    return np.asarray(where - fit.place(head.landmark_positions(fit.neutral))[[13, 14]].mean(axis=0), np.float32)


def without_opening(fit: HeadFit, pixels: U8) -> U8:
    """Paint an open mouth over with the colours of the lips' edges: skin that closes must not take teeth along.

    Args:
        fit: The fitted head.
        pixels: The picture, ``uint8 (h, w, 3)``.
    """
    opening = _opening(fit)
    if opening is None:
        return pixels
    return _continued(pixels, opening < _HARDLY, _around(opening))


def _around(opening: U8) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(opening.any(axis=1)), np.flatnonzero(opening.any(axis=0))
    spans = [slice(max(0, int(at[0]) - _SURROUNDINGS), int(at[-1]) + _SURROUNDINGS + 1) for at in (rows, columns)]
    return spans[0], spans[1]


def _continued(pixels: U8, known: npt.NDArray[np.bool_], box: tuple[slice, slice]) -> U8:
    """Give what is not known within a box the colour of the nearest pixel that is, ``uint8 (h, w, 3)``."""
    unknown = (~known[box]).astype(np.uint8)
    out = pixels.copy()
    if unknown.all():
        return out
    _, label = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label = np.asarray(label, np.int32)
    table = np.zeros((int(label.max()) + 1, 3), np.uint8)
    table[label[unknown == 0]] = pixels[box][unknown == 0]
    out[box] = table[label]
    return out


class _Arch:
    """A dental arch: a parabola through the head's own teeth, with the way they move."""

    def __init__(self, head: AnatomicalHead, fit: HeadFit, group: str) -> None:
        index = list(head.group_names).index(group)
        self.members = np.unique(head.triangles[head.triangle_group == index])
        teeth = fit.neutral[self.members]
        self.half = float(np.abs(teeth[:, 0]).max())
        self.front, self.back = float(teeth[:, 2].max()), float(teeth[:, 2].min())
        # It keeps close behind the lips as the picture wears them: the head's own, seen from aside, would leave a dark
        # gap at the far corner of the mouth.
        worn = fit.neutral + np.tensordot(fit.weights, head.face_units, axes=1)
        corners = head.landmark_positions(worn.astype(np.float32))[[INNER_LIPS[0], INNER_LIPS[10]]]
        aside, depth = float(np.abs(corners[:, 0]).mean()), float(corners[:, 2].mean()) - _BEHIND_CORNER_DM
        self.corner = aside
        self.half = max(self.half, aside + _BEYOND_CORNER_DM)
        self.back = max(self.back, self.front - max(self.front - depth, 0.0) * (self.half / aside) ** 2)
        # The biting edges are where a relaxed mouth shows them, whatever the shape's own teeth say.
        upper_lip, lower_lip = head.landmark_positions(fit.neutral)[[13, 14], 1]
        self.low = float(upper_lip) - _UPPER_SHOWS
        self.high = float(lower_lip) + _LOWER_SHOWS
        # Teeth are stiff: what a unit does to them is linear in the place. (52, 3, 4)
        places = np.concatenate([teeth, np.ones((len(teeth), 1))], axis=1)
        moves = head.face_units[:, self.members]
        self._stiff = np.einsum("kv,uvx->uxk", np.linalg.pinv(places), moves)

    def moves(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return how each unit moves teeth at `points` ``(N, 3)`` in head space, ``(52, N, 3)``."""
        places = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        return np.asarray(np.einsum("uxk,nk->unx", self._stiff, places))

    def at(self, across: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return points of the arch in head space for ``across`` in [-1, 1] and heights y, ``(..., 3)``."""
        x = across * self.half
        z = self.front - (self.front - self.back) * across**2
        return np.asarray(np.stack([x, y, z], axis=-1), np.float64)


def _plate(
    name: str, arch: _Arch, fit: HeadFit, heights: tuple[float, float]
) -> tuple[MeshPart, npt.NDArray[np.float64]]:
    """Build a curved plate on an arch; also returns where each page pixel lies in the picture, ``(h, w, 2)``."""
    low, high = heights

    def resting(across: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return arch.at(across, y).reshape(-1, 3)

    def placed(points: npt.NDArray[np.float64]) -> F32:
        worn = points + np.tensordot(fit.weights, arch.moves(points), axes=1)
        return fit.place(worn.astype(np.float32))

    u, v = np.meshgrid(np.linspace(0, 1, _COLUMNS), np.linspace(0, 1, _ROWS))
    points = resting(2 * u - 1, high + (low - high) * v)
    vertices = placed(points)
    part = MeshPart(
        name=name,
        texture=name,
        vertices=vertices,
        triangles=grid_triangles(_COLUMNS, _ROWS),
        uv=np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32),
        opacity=np.ones(vertices.shape[0], np.float32),
        role=Role.INSIDE,
        units=(fit.scale * arch.moves(points) @ fit.rotation.T).astype(np.float32),
        bone="head",
    )
    width, height = _PAGE
    pu, pv = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    # Interpolated between vertices, as the page itself is when it is drawn.
    grid = picture_to_pixels(vertices, fit.size).reshape(_ROWS, _COLUMNS, 2)
    place = cv2.remap(
        grid,
        (pu * (_COLUMNS - 1)).astype(np.float32),
        (pv * (_ROWS - 1)).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    return part, place.reshape(height, width, 2).astype(np.float64)


def _teeth_page(
    arch: _Arch,
    widths: tuple[float, ...],
    crown: float,
    heights: tuple[float, float],
    tooth: F32,
    light: Light,
    is_upper: bool,
) -> U8:
    """Paint a row of teeth with gums, ``uint8 (h, w, 4)``; transparent beyond the biting edge."""
    width, height = _PAGE
    across = 2 * (np.arange(width) + 0.5) / width - 1
    # Arc length from the middle, along the parabola.
    step = np.hypot(arch.half, 2 * (arch.front - arch.back) * across) * (2 / width)
    length = np.abs(np.cumsum(step) - step.sum() / 2)
    borders = np.concatenate([[0], np.cumsum(widths)])
    number = np.clip(np.searchsorted(borders, length, side="right") - 1, 0, len(widths) - 1)
    local = 2 * (length - borders[number]) / np.asarray(widths)[number] - 1  # [-1, 1] over one tooth
    local = np.clip(local, -1.3, 1.3)
    shorter = np.array([0.0, 0.012, 0.002, 0.012, 0.016, 0.02])[number]
    low, high = heights
    y = (high + (low - high) * (np.arange(height) + 0.5) / height)[:, None]
    edge = arch.low if is_upper else arch.high
    beyond = (y - edge) if is_upper else (edge - y)  # distance into the tooth from the biting edge
    beyond = beyond - shorter - 0.016 * np.abs(local) ** 4
    pixel = (high - low) / height
    cover = np.clip(beyond / (2 * pixel) + 0.5, 0, 1)
    gum_line = crown * (1 - 0.12 * np.cos(np.pi * np.clip(local, -1, 1)) ** 2) - shorter
    gum = np.clip((beyond - gum_line) / 0.012 + 0.5, 0, 1)
    gap = 1 - (0.33 if is_upper else 0.22) * np.clip(np.abs(local), 0, 1) ** 14
    round_off = 0.90 + 0.10 * np.sqrt(np.clip(1 - np.clip(np.abs(local), 0, 1) ** 2 * 0.8, 0, 1))
    sides = 1 - 0.62 * np.abs(across) ** 2.2
    # In the corner of the mouth hardly any light falls on them: there they are as dark as the cavity.
    dark = np.clip((np.abs(across) * arch.half - arch.corner) / _CORNER_SHADE_DM + 1, 0, 1)
    dark = (dark * dark * (3 - 2 * dark))[None, :, None]
    into = np.clip(beyond / crown, 0, 1)
    depth = 0.94 + 0.06 * into if is_upper else _IN_LIPS_SHADOW - 0.1 * into
    shade = (gap * round_off * sides) * depth
    colour = tooth * shade[..., None]
    flesh = light.on((0.66, 0.36, 0.35)) * (sides * (1.0 if is_upper else 0.75))[None, :, None]
    colour = gum[..., None] * flesh + (1 - gum[..., None]) * colour
    colour = dark * light.on(_DEEP) + (1 - dark) * colour
    page = np.empty((height, width, 4), np.uint8)
    page[..., :3] = np.clip(np.round(colour), 0, 255)
    page[..., 3] = np.round(255 * cover)
    return page


def _opening(fit: HeadFit) -> U8 | None:
    """Return the mouth's opening in the picture, ``uint8 (h, w)``, or None where the lips touch."""
    lips = picture_to_pixels(fit.points[list(INNER_LIPS)], fit.size)
    width, height = fit.size
    if not mouth_is_open(fit.points):
        return None
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(lips * 16 - 8).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask


def _tooth_colour(fit: HeadFit, pixels: U8, opening: U8 | None, light: Light) -> F32:
    """The picture's own teeth where it shows some, else ivory in the picture's light; ``float32 (3,)`` in [0, 255]."""
    ivory = light.on(_IVORY)
    if opening is None:
        return ivory
    inside = pixels[opening > 200].astype(np.float32)
    if len(inside) < 12:
        return ivory
    luminance = inside @ np.array([0.3, 0.59, 0.11], np.float32)
    bright = inside[luminance >= np.percentile(luminance, 70)]
    colour = np.median(bright, axis=0)
    skin = 255 * light.skin
    # Teeth are brighter than skin or at least less red; else the opening shows tongue or dark.
    if colour.mean() > 0.85 * skin.mean() and colour[2] / max(colour[0], 1) > skin[2] / max(skin[0], 1):
        return (1.06 * colour).astype(np.float32)
    return ivory


def _keep_picture(page: U8, place: npt.NDArray[np.float64], fit: HeadFit, pixels: U8, opening: U8) -> U8:
    """Lay what the open mouth shows over the painted teeth, so that the puppet at rest is the picture."""
    # remap counts from pixel centres.
    map_x, map_y = (place[..., 0] - 0.5).astype(np.float32), (place[..., 1] - 0.5).astype(np.float32)
    # Beyond the lips' edges, where they are when they part, what is between them goes on: not the lips.
    between = _continued(pixels, opening > _MOSTLY, _around(opening))
    shown = cv2.remap(between, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    grown = cv2.dilate(opening, np.ones((3, 3), np.uint8), iterations=2)
    mask = cv2.remap(grown, map_x, map_y, cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    out = page.astype(np.float32)
    alpha = np.maximum(out[..., 3:], 255 * mask)
    colour = mask * shown + (1 - mask) * out[..., :3]
    return np.concatenate([colour, alpha], axis=2).round().clip(0, 255).astype(np.uint8)


def _tongue(head: AnatomicalHead, fit: HeadFit, teeth: float) -> MeshPart:
    """Build the tongue to lie behind lower teeth whose biting edge is at a height `teeth` of head space."""
    group = list(head.group_names).index("helper-tongue")
    triangles = head.triangles[head.triangle_group == group]
    corners = fit.neutral[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    members, flat = np.unique(triangles[normals @ _TONGUE_SEEN_FROM > _TONGUE_TURNED_AWAY], return_inverse=True)
    neutral = fit.neutral[members]
    worn = neutral + np.tensordot(fit.weights, head.face_units[:, members], axes=1)
    low, span = neutral.min(axis=0), np.ptp(neutral, axis=0)
    unit = (neutral - low) / np.maximum(span, 1e-6)
    worn[:, 1] += teeth + _TONGUE_RISES_DM - neutral[unit[:, 2] > 1 - _TONGUE_FRONT, 1].max()
    return MeshPart(
        name="tongue",
        texture="tongue",
        vertices=fit.place(worn.astype(np.float32)),
        triangles=flat.reshape(-1, 3).astype(np.int32),
        uv=np.stack([unit[:, 0], 1 - unit[:, 2]], axis=1).astype(np.float32),
        opacity=np.ones(len(members), np.float32),
        role=Role.INSIDE,
        units=(fit.scale * head.face_units[:, members] @ fit.rotation.T).astype(np.float32),
        bone="head",
    )


def _tongue_page(light: Light) -> U8:
    size = 64
    u, v = np.meshgrid(np.linspace(-1, 1, size), np.linspace(0, 1, size))
    # Light falls on the part behind the tip, which lies in the lower lip's shadow; back and sides are in the dark.
    along = np.where(v < _TONGUE_LIT_AT, (_TONGUE_LIT_AT - v) / 0.3, (v - _TONGUE_LIT_AT) / 0.24)
    lit = (0.66 * np.exp(-(along**2) - (np.abs(u) / 0.65) ** 3) * (1 - 0.1 * np.exp(-((u / 0.12) ** 2))))[..., None]
    page = np.full((size, size, 4), 255, np.uint8)
    page[..., :3] = np.clip(lit * light.on((0.77, 0.46, 0.44)) + (1 - lit) * light.on(_DEEP), 0, 255)
    # its sides go over into the dark of the cavity: as an edge they would be a wall
    page[..., 3] = np.round(255 * np.clip((1 - np.abs(u)) / 0.3, 0, 1))
    return page


def _cavity(lower: _Arch, fit: HeadFit) -> MeshPart:
    """A dark wall behind teeth and tongue; its lower half goes with the jaw."""
    columns, rows = 7, 9
    u, v = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(1, -1, rows))
    points = np.stack([0.38 * u, lower.high + 0.42 * v, np.full_like(u, lower.front - 0.5) - 0.2 * u**2], axis=-1)
    with_jaw = np.clip(0.5 - v, 0, 1).reshape(-1, 1)
    flat = points.reshape(-1, 3)
    moves = with_jaw * lower.moves(flat)
    vertices = fit.place((flat + np.tensordot(fit.weights, moves, axes=1)).astype(np.float32))
    return MeshPart(
        name="cavity",
        texture="cavity",
        vertices=vertices,
        triangles=grid_triangles(columns, rows),
        uv=np.stack([(u.ravel() + 1) / 2, (1 - v.ravel()) / 2], axis=1).astype(np.float32),
        opacity=np.ones(len(vertices), np.float32),
        role=Role.INSIDE,
        units=(fit.scale * moves @ fit.rotation.T).astype(np.float32),
        bone="head",
    )


def _cavity_page(light: Light) -> U8:
    size = 64
    u, v = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    shade = 0.42 + 0.16 * np.clip(np.hypot(u, v * 0.8), 0, 1) ** 2
    page = np.full((size, size, 4), 255, np.uint8)
    page[..., :3] = np.clip(light.on((0.36, 0.14, 0.13)) * shade[..., None], 0, 255)
    return page
