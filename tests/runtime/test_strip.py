from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.strip import telling_moments, write_strip


def write_frames(path: Path, frames: list[np.ndarray]) -> None:
    """Write a video of ten frames a second."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_greys(path: Path, greys: list[int]) -> None:
    """Write a video of ten frames a second, each of one grey."""
    write_frames(path, [np.full((60, 80, 3), grey, np.uint8) for grey in greys])


def test_the_telling_moments_are_the_strongest_of_the_tracks(tmp_path: Path) -> None:
    clip = tmp_path / "clip.json"
    tracks = {
        "jawOpen": [[0, 0], [4.0, 0.2], [5.0, 0.6], [6, 0]],
        "head.yaw_deg": [[0, 0], [1.5, 12.0], [2.5, -20.0]],
        "mouthSmileLeft": [[8.0, 0.9]],
        "eyeBlinkLeft": [[3.0, 1.0]],
    }
    clip.write_text(json.dumps({"version": 1, "tracks": tracks}))
    assert telling_moments(clip) == [0.0, 2.5, 5.0, 8.0]


def test_the_strip_shows_the_frames_of_these_moments(tmp_path: Path) -> None:
    from PIL import Image

    video, out = tmp_path / "clip.mp4", tmp_path / "strip.png"
    write_greys(video, [0, 40, 80, 120, 160, 200])
    write_strip(video, [0.0, 0.2, 0.5, 99.0], out)
    with Image.open(out) as strip:
        # all of these frames changes: the largest square is kept
        assert strip.size == (4 * 360, 360)
        seen = [strip.convert("L").getpixel((180 + 360 * tile, 180)) for tile in range(4)]
    assert seen == pytest.approx([0, 80, 200, 200], abs=4)
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "strip.png"}


def test_the_strip_is_cut_down_to_what_moves(tmp_path: Path) -> None:
    from PIL import Image

    video, out = tmp_path / "clip.mp4", tmp_path / "strip.png"
    still = np.full((240, 320, 3), 90, np.uint8)
    moved = still.copy()
    moved[40:100, 200:260] = 240
    write_frames(video, [still, moved])
    write_strip(video, [0.0, 99.0], out)
    with Image.open(out) as strip:
        assert strip.size == (2 * 360, 360)
        bright = np.asarray(strip.convert("L"))[:, 360:] > 170
    assert 0.4 < bright.mean() < 0.75  # 60 of about 81 pixels a side
    assert bright[170:190, 170:190].all()


def test_a_strip_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    video = tmp_path / "clip.mp4"
    write_greys(video, [0, 40])
    with pytest.raises(VivantError, match="cannot be written"):
        write_strip(video, [0.0], tmp_path / "nowhere" / "strip.png")
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4"}
