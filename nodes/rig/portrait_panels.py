"""Panels that show what was found in a portrait: landmarks, depth, mesh, bones, weights, layers."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import EYE_CONTOURS, FACE_OVAL, INNER_LIPS, IRISES
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Layer, Puppet
from vivant.nodes.puppet.mesh_part import picture_to_pixels

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Colour = tuple[int, int, int]

BONE_COLOURS: dict[str, Colour] = {
    "root": (70, 110, 255),
    "neck": (60, 200, 120),
    "head": (255, 110, 90),
    "jaw": (255, 205, 60),
    "eyeLeft": (200, 90, 255),
    "eyeRight": (90, 220, 255),
}
_OTHER_BONE: Colour = (235, 235, 235)
_LAYER_COLOURS: tuple[Colour, ...] = (
    (90, 160, 255), (255, 120, 90), (255, 205, 60), (110, 220, 130),
    (200, 110, 255), (90, 220, 255), (255, 140, 210), (200, 200, 120),
)  # fmt: skip
_SHIFT = 4  # binary digits behind the point in OpenCV's drawing


class View:
    """A square cut of the picture, enlarged or reduced to a panel.

    Args:
        size: Width and height of the picture.
        centre: Of the cut, pixels.
        reach: Half its side, pixels; the cut is moved and reduced so that it lies within the picture as far as it can.
        side: Of the panel, pixels.
    """

    def __init__(self, size: tuple[int, int], centre: tuple[float, float], reach: float, side: int) -> None:
        reach = min(reach, max(size) / 2)
        places = [
            size[axis] / 2 if 2 * reach >= size[axis] else min(max(centre[axis], reach), size[axis] - reach)
            for axis in (0, 1)
        ]
        self.side = side
        self.zoom = side / (2 * reach)
        self._corner = np.array(places, np.float64) - reach
        self.size = size

    def cut(self, pixels: npt.NDArray[np.uint8]) -> U8:
        """Return the cut ``uint8 (side, side, 3)``; beside the picture it is dark."""
        scale = pixels.shape[1] / self.size[0]
        zoom = self.zoom / scale
        shift = -self._corner * self.zoom
        affine = np.array([[zoom, 0, shift[0] + 0.5 * zoom - 0.5], [0, zoom, shift[1] + 0.5 * zoom - 0.5]])
        flags = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
        if zoom < 0.7:  # a warp samples, an average does not flicker
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.4 / zoom), np.uint8)
        out = cv2.warpAffine(pixels, affine, (self.side, self.side), flags=flags, borderValue=(24, 24, 28))
        return np.asarray(out, np.uint8)

    def at(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Map picture space ``(N, 2+)`` to the panel ``(N, 2)``."""
        return np.asarray((picture_to_pixels(points, self.size) - self._corner) * self.zoom)


def landmarks_panel(pixels: U8, fit: HeadFit, view: View) -> U8:
    """Draw the 478 landmarks, outlines of eyes and mouth, irises, and where the fitted head has the landmarks."""
    out = _dimmed(view.cut(pixels), 0.85)
    places = view.at(fit.points)
    radius = max(1.2, view.side / 500)
    for place in places[:468]:
        _disc(out, place, radius, (90, 200, 255))
    for contour, colour in (
        *((marks, (120, 255, 120)) for marks in EYE_CONTOURS.values()),
        (INNER_LIPS, (255, 120, 170)),
        (FACE_OVAL, (255, 255, 255)),
    ):
        _line(out, places[list(contour)], colour, closed=True)
    for ring in IRISES.values():
        centre = places[ring[0]]
        across = float(np.linalg.norm(places[list(ring[1:])] - centre, axis=1).mean())
        _ring(out, centre, across, (255, 230, 80))
        _disc(out, centre, radius * 1.5, (255, 230, 80))
    return out


def depth_panel(depth: DepthMap, view: View) -> U8:
    """Draw the depth map, near is bright."""
    grey = np.clip(depth.values * 255, 0, 255).astype(np.uint8)
    grey = np.asarray(cv2.resize(grey, view.size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return view.cut(
        np.asarray(cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB), np.uint8)
    )


def matte_panel(pixels: U8, matte: F32, view: View) -> U8:
    """Draw the person in colours and the rest on green."""
    alpha = matte[..., None]
    mixed = alpha * pixels[..., :3] + (1 - alpha) * np.array((20, 120, 60), np.float32)
    return view.cut(np.clip(mixed, 0, 255).astype(np.uint8))


def mesh_panel(pixels: U8, puppet: Puppet, view: View) -> U8:
    """Draw the edges of all layers, each in its colour."""
    out = _dimmed(view.cut(pixels), 0.45)
    for number, layer in enumerate(puppet.layers):
        _edges(out, view.at(puppet.plane), triangles_of(puppet, layer), layer_colour(number))
    return out


def weights_panel(pixels: U8, puppet: Puppet, view: View) -> U8:
    """Draw which bone carries what, mixed by weight, and the bones themselves."""
    out = _dimmed(view.cut(pixels), 0.6)
    colours = np.array([BONE_COLOURS.get(bone.name, _OTHER_BONE) for bone in puppet.bones], np.float64)
    mixed = np.einsum("vk,vkc->vc", puppet.bone_weight, colours[puppet.bone_index])
    places = view.at(puppet.plane)
    tint = out.copy()
    for layer in puppet.layers:
        for triangle in triangles_of(puppet, layer):
            corners = np.round(places[triangle] * (1 << _SHIFT)).astype(np.int32)
            cv2.fillConvexPoly(tint, corners, mixed[triangle].mean(axis=0), cv2.LINE_8, _SHIFT)
    out = np.asarray(cv2.addWeighted(out, 0.5, tint, 0.5, 0), np.uint8)
    joints = view.at(np.array([bone.pivot for bone in puppet.bones]))
    for bone, place in zip(puppet.bones, joints, strict=True):
        if bone.parent > 0:
            _line(out, np.array([joints[bone.parent], place]), (255, 255, 255), width=2)
    for bone, place in zip(puppet.bones, joints, strict=True):
        _disc(out, place, 7, (20, 20, 20))
        _disc(out, place, 5, BONE_COLOURS.get(bone.name, _OTHER_BONE))
    for row, bone in enumerate(puppet.bones):
        _label(out, bone.name, (14, 30 + 26 * row), BONE_COLOURS.get(bone.name, _OTHER_BONE))
    return out


def on_checks(texture: U8, side: int) -> U8:
    """Show a texture ``uint8 (h, w, 4)`` within a square of `side` pixels, on checks where it is transparent."""
    height, width = texture.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(
        cv2.resize(texture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8
    )
    out = np.full((side, side, 3), (24, 24, 28), np.uint8)
    y, x = (side - size[1]) // 2, (side - size[0]) // 2
    checks = ((np.indices((size[1], size[0])) // 12).sum(axis=0) % 2) * 40 + 90
    alpha = small[..., 3:].astype(np.float32) / 255
    out[y : y + size[1], x : x + size[0]] = alpha * small[..., :3] + (1 - alpha) * checks[..., None]
    return out


def triangles_of(puppet: Puppet, layer: Layer) -> npt.NDArray[np.int32]:
    """Return a layer's triangles ``int32 (T, 3)``."""
    return puppet.triangles.reshape(-1)[layer.first : layer.first + layer.count].reshape(-1, 3)


def layer_colour(number: int) -> Colour:
    """Return the colour of a layer in the drawing of the mesh."""
    return _LAYER_COLOURS[number % len(_LAYER_COLOURS)]


def _edges(out: U8, places: npt.NDArray[np.float64], triangles: npt.NDArray[np.int32], colour: Colour) -> None:
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    lines = np.round(places[np.unique(pairs, axis=0)] * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(out, list(lines), False, colour, 1, cv2.LINE_AA, _SHIFT)


def _dimmed(pixels: U8, share: float) -> U8:
    return (pixels * share).astype(np.uint8)


def _fixed(place: Iterable[float]) -> tuple[int, int]:
    x, y = place
    return round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))


def _disc(out: U8, place: Iterable[float], radius: float, colour: Colour) -> None:
    cv2.circle(out, _fixed(place), round(radius * (1 << _SHIFT)), colour, -1, cv2.LINE_AA, _SHIFT)


def _ring(out: U8, place: Iterable[float], radius: float, colour: Colour) -> None:
    cv2.circle(out, _fixed(place), round(radius * (1 << _SHIFT)), colour, 1, cv2.LINE_AA, _SHIFT)


def _label(out: U8, text: str, place: tuple[int, int], colour: Colour) -> None:
    for tint, width in (((10, 10, 10), 4), (colour, 2)):
        cv2.putText(out, text, place, cv2.FONT_HERSHEY_DUPLEX, 0.65, tint, width, cv2.LINE_AA)


def _line(out: U8, places: npt.NDArray[np.float64], colour: Colour, *, closed: bool = False, width: int = 1) -> None:
    points = np.round(places * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(out, [points], closed, colour, width, cv2.LINE_AA, _SHIFT)
