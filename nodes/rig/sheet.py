"""One picture that shows a portrait's rig and what it can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import CHIN, FOREHEAD, LEFT_SIDE, RIGHT_SIDE
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.rotation import rotation_vector
from vivant.nodes.puppet.mesh_part import picture_to_pixels
from vivant.nodes.rig.portrait_panels import (
    View,
    depth_panel,
    landmarks_panel,
    layer_colour,
    matte_panel,
    mesh_panel,
    on_checks,
    triangles_of,
    weights_panel,
)
from vivant.nodes.rig.read_back import Shot

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

U8 = npt.NDArray[np.uint8]

_WIDTH, _MARGIN, _GAP = 2400, 30, 14
_COLUMNS, _CELL_COLUMNS, _TURN_COLUMNS, _TEXTURE_COLUMNS = 4, 7, 8, 10
_BACK, _TEXT, _DIM = (24, 24, 28), (236, 236, 240), (165, 165, 175)
_GOOD, _FAIR, _POOR = (120, 220, 130), (245, 200, 90), (255, 110, 100)
_EXPRESSION_STEPS, _TURN_STEPS_DEG = (0.2, 0.4), (4.0, 10.0)
_WEAKLY_READ = (
    "mouthLeft",
    "mouthRight",
    "cheekPuff",
    "jawForward",
    "noseSneer",
    "mouthRoll",
    "mouthPress",
    "mouthFrown",
)


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """A portrait's rig and what it was made from.

    Attributes:
        name: Of the picture.
        picture: The picture.
        fit: The head fitted to its face.
        matte: ``float32 (h, w)``.
        depth: Its depth.
        puppet: The puppet.
        turn_limits_deg: How far the head turns at most: up, down, to the viewer's left, right; all positive.
    """

    name: str
    picture: Picture
    fit: HeadFit
    matte: npt.NDArray[np.float32]
    depth: DepthMap
    puppet: Puppet
    turn_limits_deg: tuple[float, float, float, float]


def draw_sheet(rig: Rig, neutral: Shot, expressions: Sequence[Shot], turned: Sequence[Shot]) -> Image.Image:
    """Draw the sheet, 2400 pixels wide.

    Args:
        rig: What was found.
        neutral: The puppet without expression.
        expressions: What came of expressions that were asked.
        turned: What came of turns of the head.
    """
    page = _Page()
    page.title(f"{rig.name}: rig")
    for line in _facts(rig):
        page.line(line)
    pixels, puppet = rig.picture.rgb, rig.puppet
    width, height = puppet.size
    panel = page.side(_COLUMNS)
    close, whole = (
        _face_view(rig, panel, 0.72),
        View(puppet.size, (width / 2, height / 2), max(width, height) / 2, panel),
    )
    page.heading("What was found")
    page.row(
        _COLUMNS,
        [
            (landmarks_panel(pixels, rig.fit, close), [("landmarks: face, eyes, irises, lips", _TEXT)]),
            (mesh_panel(pixels, puppet, close), [("mesh, coloured by layer (see below)", _TEXT)]),
            (matte_panel(pixels, rig.matte, whole), [("matte: the person on green", _TEXT)]),
            (depth_panel(rig.depth, whole), [("depth: bright is near", _TEXT)]),
            (weights_panel(pixels, puppet, whole), [("bones, and what each carries", _TEXT)]),
            (weights_panel(pixels, puppet, close), [("the same, closer", _TEXT)]),
            (mesh_panel(pixels, puppet, whole), [("mesh, whole picture", _TEXT)]),
            (close.cut(neutral.pixels), [("drawn without expression", _TEXT), *_rest_words(neutral)]),
        ],
    )
    page.heading("Layers, back to front, and their textures")
    small = page.side(_TEXTURE_COLUMNS)
    first = [
        (
            on_checks(puppet.textures[puppet.backdrop], small),
            [("backdrop", _TEXT), (_pixels(rig, puppet.backdrop), _DIM)],
        )
    ]
    page.row(
        _TEXTURE_COLUMNS,
        first
        + [
            (
                on_checks(puppet.textures[layer.texture], small),
                [
                    (layer.name, layer_colour(number)),
                    (f"{layer.role.value}, {len(triangles_of(puppet, layer))} triangles", _DIM),
                    (f"texture {layer.texture}: {_pixels(rig, layer.texture)}", _DIM),
                ],
            )
            for number, layer in enumerate(puppet.layers)
            if layer.texture in puppet.textures
        ],
    )
    cell = page.side(_TURN_COLUMNS)
    page.heading(
        "Turns of the head, eased into at most {2:.0f} degrees to the left, {3:.0f} to the right, {0:.0f} up and "
        "{1:.0f} down: asked, and read back by the tracker".format(*rig.turn_limits_deg)
    )
    if neutral.reading is not None:
        page.line(_reach_words(turned))
    view = _face_view(rig, cell, 0.95)
    page.row(_TURN_COLUMNS, [(view.cut(shot.pixels), _turn_words(shot, neutral)) for shot in turned])
    cell = page.side(_CELL_COLUMNS)
    page.heading("Expressions: asked, and read back by the tracker")
    if neutral.reading is None:
        page.line("The tracker sees no face in this puppet at rest: what it reads, or does not, says little here.")
    page.line(
        "In brackets what it reads without any expression. The tracker's own 1.00 is rarely reached by people, either."
    )
    view = _face_view(rig, cell, 0.62)
    page.row(_CELL_COLUMNS, [(view.cut(shot.pixels), _expression_words(shot, neutral)) for shot in expressions])
    return page.finished()


def _facts(rig: Rig) -> list[str]:
    fit, puppet = rig.fit, rig.puppet
    pitch, yaw, roll = np.degrees(rotation_vector(fit.rotation.astype(np.float64)))
    worn = sorted(((float(w), n) for w, n in zip(fit.weights, BLENDSHAPES, strict=True) if w > 0.1), reverse=True)[:8]
    across = float(np.linalg.norm(fit.points[RIGHT_SIDE] - fit.points[LEFT_SIDE])) * fit.size[1]
    came = "pointed out in the file beside the picture" if rig.picture.marks is not None else "found by the tracker"
    return [
        f"Picture {fit.size[0]} x {fit.size[1]}. Face {came}, {across:.0f} pixels wide; the head fits it to "
        f"{100 * fit.error:.2f} % of that (median).",
        f"It looks {abs(yaw):.0f} degrees to the viewer's {'right' if yaw > 0 else 'left'}, "
        f"{abs(pitch):.0f} {'down' if pitch > 0 else 'up'}, tilted by {roll:+.0f}. "
        "It wears " + (", ".join(f"{name} {weight:.2f}" for weight, name in worn) or "no expression") + ".",
        f"{len(puppet.plane)} vertices, {len(puppet.triangles)} triangles, {len(puppet.layers)} layers, "
        f"{len(puppet.bones)} bones, 52 morphs with {len(puppet.morphs.unit)} entries; the person covers "
        f"{100 * float(rig.matte.mean()):.0f} % of the picture.",
    ]


def _face_view(rig: Rig, side: int, reach: float) -> View:
    """Return a view of the head, `reach` in heights of the face."""
    marks = picture_to_pixels(rig.fit.points[[FOREHEAD, CHIN, RIGHT_SIDE, LEFT_SIDE]], rig.puppet.size)
    tall = float(np.linalg.norm(marks[0] - marks[1]))
    middle = marks.mean(axis=0)
    return View(rig.puppet.size, (float(middle[0]), float(middle[1])), reach * max(tall, 1.0), side)


def _pixels(rig: Rig, texture: str) -> str:
    height, width = rig.puppet.textures[texture].shape[:2]
    return f"{width} x {height}"


def _rest_words(shot: Shot) -> list[tuple[str, tuple[int, int, int]]]:
    if shot.reading is None:
        return [("the tracker finds no face in it", _POOR)]
    worn = sorted(zip(shot.reading.scores, BLENDSHAPES, strict=True), reverse=True)[:3]
    return [("strongest read: " + ", ".join(f"{name} {score:.2f}" for score, name in worn), _DIM)]


def _turn_words(shot: Shot, neutral: Shot) -> list[tuple[str, tuple[int, int, int]]]:
    asked = shot.probe.turn_deg
    axis = max(range(3), key=lambda i: abs(asked[i]))
    if shot.turned_deg is None:
        return [(shot.probe.name, _TEXT), ("not read", _DIM if neutral.reading is None else _POOR)]
    error = abs(shot.turned_deg[axis] - asked[axis])
    return [
        (shot.probe.name, _TEXT),
        (f"asked {asked[axis]:+.0f}, read {shot.turned_deg[axis]:+.0f}", _mark(error, _TURN_STEPS_DEG)),
    ]


def _reach_words(turned: Sequence[Shot]) -> str:
    """Say how far turns are read within a tolerance of what was asked, without a gap from rest."""
    parts = []
    for axis, name in ((1, "yaw"), (0, "pitch")):
        ends = []
        for sign in (-1, 1):
            asked = sorted(
                ((abs(s.probe.turn_deg[axis]), s) for s in turned if sign * s.probe.turn_deg[axis] > 0),
                key=lambda pair: pair[0],
            )
            good = 0.0
            for deg, shot in asked:
                if shot.turned_deg is None or abs(shot.turned_deg[axis] - sign * deg) > _TURN_STEPS_DEG[1]:
                    break
                good = deg
            ends.append(f"{sign * good:+.0f}")
        parts.append(f"{name} {' to '.join(ends)}")
    return f"Read within {_TURN_STEPS_DEG[1]:.0f} degrees of what was asked: {', '.join(parts)}."


def _expression_words(shot: Shot, neutral: Shot) -> list[tuple[str, tuple[int, int, int]]]:
    probe = shot.probe
    if shot.reading is None or shot.read is None:
        colour = _DIM if neutral.reading is None else _POOR
        return [(probe.name, _TEXT), (f"asked {probe.weight:.2f}, not read", colour)]
    rest = ""
    if neutral.reading is not None:
        at_rest = [neutral.reading.scores[BLENDSHAPES.index(name)] for name in probe.units]
        rest = f" ({float(np.mean(at_rest)):.2f})"
    weak = any(name.startswith(_WEAKLY_READ) for name in probe.units)
    colour = _DIM if weak else _mark(abs(probe.weight - shot.read), _EXPRESSION_STEPS)
    words = [(probe.name, _TEXT), (f"asked {probe.weight:.2f}, read {shot.read:.2f}{rest}", colour)]
    return [*words, ("(the tracker reads this weakly)", _DIM)] if weak else words


def _mark(error: float, steps: tuple[float, float]) -> tuple[int, int, int]:
    return _GOOD if error <= steps[0] else _FAIR if error <= steps[1] else _POOR


class _Page:
    """A page that grows downward."""

    def __init__(self) -> None:
        self._parts: list[Image.Image] = []

    def side(self, columns: int) -> int:
        """Return the width of a panel where `columns` stand side by side."""
        return (_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns

    def title(self, text: str) -> None:
        self._text(text, 44, _TEXT, 30)

    def heading(self, text: str) -> None:
        self._text(text, 32, _TEXT, 34)

    def line(self, text: str) -> None:
        self._text(text, 24, _DIM, 6)

    def row(self, columns: int, panels: Sequence[tuple[U8, list[tuple[str, tuple[int, int, int]]]]]) -> None:
        """Add panels with words below each, `columns` to a row."""
        from PIL import Image

        side, size = self.side(columns), 24 if columns <= _COLUMNS else 20
        for start in range(0, len(panels), columns):
            part = panels[start : start + columns]
            lines = [[piece for words in panel[1] for piece in _wrapped(words, size, side)] for panel in part]
            high = side + 10 + max(len(words) for words in lines) * (size + 7)
            strip, draw = self._strip(high + _GAP)
            for number, (pixels, _) in enumerate(part):
                left = _MARGIN + number * (side + _GAP)
                strip.paste(Image.fromarray(pixels), (left, 0))
                for row, (text, colour) in enumerate(lines[number]):
                    draw.text((left + 2, side + 8 + row * (size + 7)), text, fill=colour, font=_font(size))
            self._parts.append(strip)

    def finished(self) -> Image.Image:
        from PIL import Image

        out = Image.new("RGB", (_WIDTH, sum(part.height for part in self._parts) + _MARGIN), _BACK)
        top = 0
        for part in self._parts:
            out.paste(part, (0, top))
            top += part.height
        return out

    def _text(self, text: str, size: int, colour: tuple[int, int, int], above: int) -> None:
        lines = _wrapped((text, colour), size, _WIDTH - 2 * _MARGIN)
        strip, draw = self._strip(above + len(lines) * (size + 8) + 6)
        for row, (line, _) in enumerate(lines):
            draw.text((_MARGIN, above + row * (size + 8)), line, fill=colour, font=_font(size))
        self._parts.append(strip)

    @staticmethod
    def _strip(height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        from PIL import Image, ImageDraw

        strip = Image.new("RGB", (_WIDTH, height), _BACK)
        return strip, ImageDraw.Draw(strip)


@lru_cache
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _wrapped(words: tuple[str, tuple[int, int, int]], size: int, width: int) -> list[tuple[str, tuple[int, int, int]]]:
    text, colour = words
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _font(size).getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [(line, colour) for line in lines]
