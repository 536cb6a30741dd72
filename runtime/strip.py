"""A strip of telling moments of a performance, cut out of the video that was made with it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError

# What to show, by the tracks that say when it is there; the strongest moment of each is taken.
_MOMENTS = (
    ("head.yaw_deg",),
    ("jawOpen",),
    ("mouthSmileLeft", "mouthSmileRight"),
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
)
_HEIGHT = 360
_MOVED = 24  # of 255
_MARGIN = 1.35


def telling_moments(performance: Path) -> list[float]:
    """Return times in seconds, ascending: the start, a turned head, an open mouth, a smile, raised brows.

    Args:
        performance: A clip for ``source.performance``.
    """
    tracks: dict[str, list[list[float]]] = json.loads(performance.read_text(encoding="utf-8"))["tracks"]
    times = {0.0}
    for names in _MOMENTS:
        keys = [key for name in names for key in tracks.get(name, ())]
        if keys:
            times.add(max(keys, key=lambda key: abs(key[1]))[0])
    return sorted(times)


def write_strip(video: Path, times: list[float], out: Path) -> None:
    """Put the frames of `video` nearest to `times` side by side into a picture, cut down to what moves.

    Args:
        video: A video file.
        times: Seconds from its start, ascending; times past its end give its last frame.
        out: The picture; its ending says the format.

    Raises:
        VivantError: The video has no frames, or the picture cannot be written.
    """
    from PIL import Image

    tiles = [frame.to_image() for frame in _frames_at(video, times)]
    if not tiles:
        raise VivantError("the video has no frames to make a picture of", where=str(video))
    box = _where_it_moves(tiles)
    tiles = [tile.crop(box) for tile in tiles]
    tiles = [t.resize((round(t.width * _HEIGHT / t.height), _HEIGHT), Image.Resampling.LANCZOS) for t in tiles]
    strip = Image.new("RGB", (sum(tile.width for tile in tiles), _HEIGHT))
    left = 0
    for tile in tiles:
        strip.paste(tile, (left, 0))
        left += tile.width
    beside = out.with_name(f".{os.getpid()}.{out.name}")
    try:
        strip.save(beside, quality=92)
        beside.replace(out)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise VivantError(f"the picture cannot be written: {error.strerror or error}", where=str(out)) from error


def _where_it_moves(tiles: list[Any]) -> tuple[int, int, int, int]:
    """Return the square (left, top, right, bottom) around the pixels in which the pictures differ, with a margin."""
    import numpy as np

    stack = np.stack([np.asarray(tile.convert("L"), np.int16) for tile in tiles])
    rows, columns = np.nonzero(np.ptp(stack, axis=0) > _MOVED)
    width, height = tiles[0].size
    if len(rows) == 0:
        return 0, 0, width, height
    # A few stray pixels are not what moves.
    left, right = np.percentile(columns, [1, 99])
    top, bottom = np.percentile(rows, [1, 99])
    side = min(width, height, round(_MARGIN * max(right - left, bottom - top)))
    x = int(np.clip((left + right - side) / 2, 0, width - side))
    y = int(np.clip((top + bottom - side) / 2, 0, height - side))
    return x, y, x + side, y + side


def _frames_at(video: Path, times: list[float]) -> list[Any]:
    import av

    chosen: list[Any] = []
    last: Any = None
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            while len(chosen) < len(times) and frame.time is not None and frame.time >= times[len(chosen)]:
                chosen.append(frame)
            last = frame
    return chosen + [last] * (len(times) - len(chosen)) if last is not None else []
