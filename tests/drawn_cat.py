"""A cat, drawn with a few shapes: a face in which no tracker finds one, and where its points are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

SIZE = (480, 560)
LEAST: dict[str, tuple[float, float]] = {
    "right_eye": (180, 232),
    "left_eye": (300, 232),
    "nose_tip": (240, 290),
    "right_mouth_corner": (204, 330),
    "left_mouth_corner": (276, 330),
    "chin": (240, 378),
}
POINTS: dict[str, tuple[float, float]] = {
    "right_eye_outer": (146, 234),
    "right_eye_inner": (212, 238),
    "right_eye_upper": (180, 204),
    "right_eye_lower": (180, 260),
    "right_iris": (182, 232),
    "right_iris_edge": (190, 232),
    "left_eye_outer": (334, 234),
    "left_eye_inner": (268, 238),
    "left_eye_upper": (300, 204),
    "left_eye_lower": (300, 260),
    "left_iris": (298, 232),
    "left_iris_edge": (306, 232),
    **{name: place for name, place in LEAST.items() if not name.endswith("_eye")},
    "upper_lip_top": (240, 328),
    "upper_lip_bottom": (240, 335),
    "lower_lip_top": (240, 336),
    "lower_lip_bottom": (240, 345),
    "right_ear": (92, 250),
    "left_ear": (388, 250),
}


def draw_cat() -> npt.NDArray[np.uint8]:
    """Return the drawing, ``uint8 (560, 480, 3)``."""
    zoom = 4
    image = Image.new("RGB", (SIZE[0] * zoom, SIZE[1] * zoom), (196, 222, 236))
    draw = ImageDraw.Draw(image)

    def shape(kind: str, places: list[tuple[float, float]], colour: tuple[int, int, int], line: int = 4) -> None:
        scaled = [(x * zoom, y * zoom) for x, y in places]
        if kind == "ellipse":
            draw.ellipse([scaled[0], scaled[1]], fill=colour, outline=(60, 40, 30), width=line * zoom)
        elif kind == "polygon":
            draw.polygon(scaled, fill=colour, outline=(60, 40, 30), width=line * zoom)
        else:
            draw.line(scaled, fill=colour, width=line * zoom, joint="curve")

    fur, pale, dark = (232, 158, 84), (250, 224, 190), (60, 40, 30)
    shape("ellipse", [(110, 370), (370, 700)], fur)
    for side in (-1, 1):
        shape("polygon", [(240 + side * 60, 150), (240 + side * 148, 190), (240 + side * 138, 50)], fur)
    shape("ellipse", [(90, 110), (390, 384)], fur)
    shape("ellipse", [(176, 270), (304, 372)], pale, 2)
    for side in (-1, 1):
        x = 240 + side * 60
        shape("ellipse", [(x - 34, 204), (x + 34, 262)], (210, 230, 60), 3)
        shape("ellipse", [(x - side * 2 - 8, 208), (x - side * 2 + 8, 258)], (20, 20, 20), 1)
        for tilt in (-10, 4, 18):
            shape("line", [(240 + side * 70, 306 + tilt / 3), (240 + side * 160, 300 + tilt)], dark, 2)
    shape("polygon", [(226, 282), (254, 282), (240, 298)], (226, 110, 110), 2)
    shape("line", [(240, 298), (240, 328)], dark, 2)
    shape(
        "polygon",
        [(204, 330), (222, 330), (240, 328), (258, 330), (276, 330), (260, 343), (240, 346), (220, 343)],
        (206, 96, 96),
        1,
    )
    shape("line", [(204, 330), (222, 335), (240, 336), (258, 335), (276, 330)], dark, 2)
    return np.asarray(image.resize(SIZE, Image.Resampling.LANCZOS), np.uint8)


def write_cat(folder: Path, points: dict[str, tuple[float, float]] | None = POINTS) -> Path:
    """Write the drawing, and its side file unless `points` is None; return the picture's path."""
    picture = folder / "cat.png"
    Image.fromarray(draw_cat()).save(picture)
    if points is not None:
        document = {"version": 1, "size": list(SIZE), "points": {name: list(place) for name, place in points.items()}}
        (folder / "cat.face.json").write_text(json.dumps(document), encoding="utf-8")
    return picture
