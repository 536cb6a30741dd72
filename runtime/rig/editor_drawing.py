"""What the window for editing a face shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from vivant.runtime.rig.face_editing import FaceEditing
    from vivant.runtime.rig.picture_view import PictureView

U8: TypeAlias = npt.NDArray[np.uint8]

BAR = 56
"""Height of the lines of text below the picture."""
_BACK = (24, 24, 28)
_SET, _FOLLOWS, _WANTED = (255, 205, 60), (120, 200, 255), (255, 110, 90)
_HOVERED, _OUTLINE = (255, 255, 255), (120, 255, 120)
_SHIFT = 4
KEYS = "drag a point | wheel: zoom | drag elsewhere: move | x: let it follow | z: undo, y: redo | s: save | q: leave"


def compose(pixels: U8, editing: FaceEditing, view: PictureView, hovered: str | None, message: str) -> U8:
    """Draw the window's content.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        editing: The points.
        view: Which part is shown.
        hovered: The point under the cursor.
        message: The last line.

    Returns:
        ``uint8 (window height + BAR, window width, 3)``.
    """
    import cv2

    from vivant.nodes.face.landmark_sets import EYE_CONTOURS, FACE_OVAL, INNER_LIPS, IRISES

    width, height = view.window
    shift = 0.5 * view.zoom - 0.5
    affine = np.array([[view.zoom, 0, view.left + shift], [0, view.zoom, view.top + shift]])
    flags = cv2.INTER_LINEAR if view.zoom < 3 else cv2.INTER_NEAREST
    source = pixels
    if view.zoom < 0.7:
        source = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.4 / view.zoom), np.uint8)
    out = np.asarray(cv2.warpAffine(source, affine, (width, height), flags=flags, borderValue=_BACK), np.uint8)
    if editing.reading is not None:
        marks = editing.reading.points[:, :2] * view.zoom + [view.left, view.top]
        rings = [marks[list(ring[1:])] for ring in IRISES.values()]
        contours = [marks[list(c)] for c in (*EYE_CONTOURS.values(), INNER_LIPS, FACE_OVAL)]
        for contour in (*contours, *rings):
            line = np.round(contour.clip(-1e4, 1e4) * (1 << _SHIFT)).astype(np.int32)
            cv2.polylines(out, [line], True, _OUTLINE, 1, cv2.LINE_AA, _SHIFT)
    wanted = editing.wanted()
    for name, place in sorted(editing.places.items(), key=lambda item: item[0] in wanted):
        x, y = view.to_window(place)
        centre = round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))
        colour = _SET if name in editing.set_by_hand else _WANTED if name in wanted else _FOLLOWS
        radius = 7 if name == hovered or name in wanted else 5
        cv2.circle(out, centre, radius << _SHIFT, (0, 0, 0), 3, cv2.LINE_AA, _SHIFT)
        cv2.circle(out, centre, radius << _SHIFT, _HOVERED if name == hovered else colour, 2, cv2.LINE_AA, _SHIFT)
        cv2.circle(out, centre, 1 << _SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)
    return _with_text(out, editing, view, hovered, message)


def _with_text(out: U8, editing: FaceEditing, view: PictureView, hovered: str | None, message: str) -> U8:
    from PIL import Image, ImageDraw

    from vivant.nodes.face.named_points import NAMED_POINTS

    height, width = out.shape[:2]
    image = Image.new("RGB", (width, height + BAR), _BACK)
    image.paste(Image.fromarray(out), (0, 0))
    draw = ImageDraw.Draw(image)
    state = "not saved" if editing.changed else ""
    if hovered is not None:
        told = "set by hand" if hovered in editing.set_by_hand else "follows the others"
        message = f"{hovered}: {NAMED_POINTS[hovered].about} ({told})"
        x, y = view.to_window(editing.places[hovered])
        font = _font(16)
        left = min(max(x + 12, 4), width - font.getlength(hovered) - 8)
        draw.text((left, y - 26), hovered, fill=_HOVERED, font=font, stroke_width=2, stroke_fill=(0, 0, 0))
    draw.text((10, height + 6), message, fill=(236, 236, 240), font=_font(16))
    draw.text((10, height + 31), KEYS, fill=(165, 165, 175), font=_font(14))
    draw.text((width - 10, height + 6), state, fill=(255, 150, 110), font=_font(16), anchor="ra")
    return np.asarray(image, np.uint8)


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
