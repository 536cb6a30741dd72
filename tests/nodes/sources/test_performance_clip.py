from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.sources.head_angles import head_rotation
from vivant.nodes.sources.performance_clip import PerformanceClip, read_clip

TOP = Path(__file__).resolve().parents[3]


def read(folder: Path, content: Any) -> PerformanceClip:
    file = folder / "clip.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_clip(file)


def refusal(folder: Path, content: Any) -> str:
    with pytest.raises(VivantError) as caught:
        read(folder, content)
    assert caught.value.exit_status == 2
    assert caught.value.where.endswith("clip.json")
    return caught.value.what


def clip(**changes: Any) -> dict[str, Any]:
    return {"version": 1, "duration_s": 2, "tracks": {"jawOpen": [[0, 0], [1, 1]]}} | changes


def test_tracks_become_weights_and_pose(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        clip(
            name="test",
            tracks={
                "jawOpen": [[0, 0], [1, 1]],
                "head.yaw_deg": [[0, 30]],
                "head.pitch_deg": [[0, -10]],
                "head.roll_deg": [[0, 5]],
                "head.x_cm": [[0, 1]],
                "head.z_cm": [[0, -3]],
            },
        ),
    )
    assert (made.name, made.duration_s) == ("test", 2)
    motion = made.at(0.5)
    assert motion.weights.dtype == np.float32
    assert motion.weights[INDEX["jawOpen"]] == pytest.approx(0.5)
    assert motion.weights.sum() == pytest.approx(0.5)
    np.testing.assert_allclose(motion.rotation, head_rotation(*np.radians([30, -10, 5])))
    assert motion.translation.tolist() == [1, 0, -3]


def test_name_is_the_file_s_where_none_is_given(tmp_path: Path) -> None:
    assert read(tmp_path, clip()).name == "clip"


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    what = refusal(
        tmp_path,
        {
            "version": 2,
            "naem": "x",
            "duration_s": 2,
            "tracks": {
                "jawOpn": [[0, 0]],
                "head.yaw": [[0, 0]],
                "eyeBlinkLeft": [[0, 0], [0.5, 1.5], [0.4, 0], [3, 0]],
                "mouthClose": [],
                "mouthLeft": [[0], [1, "a"], [1, True]],
                "head.roll_deg": [[-1, 0], [1, 400]],
            },
        },
    )
    assert what.split("\n  ") == [
        "this performance has 13 problems:",
        "naem: unknown; did you mean name?",
        "version: must be 1, is 2",
        "tracks.jawOpn: there is no such track; did you mean jawOpen?",
        "tracks.head.yaw: there is no such track; did you mean head.yaw_deg?",
        "tracks.eyeBlinkLeft[1]: value 1.5 lies outside 0 to 1",
        "tracks.eyeBlinkLeft[2]: time 0.4 s does not come after 0.5 s",
        "tracks.eyeBlinkLeft[3]: time 3 s lies outside the clip",
        "tracks.mouthClose: must be a list of [time, value] with at least one key",
        "tracks.mouthLeft[0]: must be two numbers, [time in seconds, value]",
        "tracks.mouthLeft[1]: must be two numbers, [time in seconds, value]",
        "tracks.mouthLeft[2]: must be two numbers, [time in seconds, value]",
        "tracks.head.roll_deg[0]: time -1 s lies outside the clip",
        "tracks.head.roll_deg[1]: value 400 lies outside -90 to 90",
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "line 1"),
        ("{", "line 1"),
        ("[1]", "must be an object"),
        ("{}", "tracks: must be"),
        ('{"version": 1, "duration_s": NaN, "tracks": {}}', "NaN"),
        ("[" * 100_000, "performance"),
        (clip(duration_s=0), "duration_s"),
        (clip(duration_s=True), "duration_s"),
        (clip(duration_s=1e999), "Infinity"),
        (clip(duration_s=10**400), "duration_s"),
        (clip(version=True), "version"),
        (clip(tracks=[]), "tracks"),
        (clip(name=3), "name"),
        ('{"version": 1, "duration_s": 1, "tracks": {"jawOpen": [[0,0]], "jawOpen": [[0,1]]}}', "more than"),
    ],
)
def test_what_is_no_clip_is_refused(tmp_path: Path, content: Any, word: str) -> None:
    assert word in refusal(tmp_path, content)


def test_binary_and_enormous_files(tmp_path: Path) -> None:
    (tmp_path / "clip.json").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(VivantError, match="not a performance"):
        read_clip(tmp_path / "clip.json")
    with (tmp_path / "huge.json").open("wb") as stream:
        stream.truncate(10**9)
    with pytest.raises(VivantError, match="too large"):
        read_clip(tmp_path / "huge.json")


def test_a_long_list_of_problems_is_cut(tmp_path: Path) -> None:
    what = refusal(tmp_path, clip(tracks={"jawOpen": [[i / 100, 2] for i in range(100)]}))
    assert "100 problems" in what
    assert what.count("\n") == 21


@pytest.fixture(scope="module")
def hello() -> PerformanceClip:
    return read_clip(TOP / "presets" / "performances" / "hello.json")


def test_the_shipped_clip_starts_and_ends_neutral(hello: PerformanceClip) -> None:
    assert 11 <= hello.duration_s <= 13
    for time in (0.0, hello.duration_s):
        motion = hello.at(time)
        assert not motion.weights.any()
        np.testing.assert_array_equal(motion.rotation, np.eye(3))
        assert not motion.translation.any()


def test_the_shipped_clip_looks_blinks_speaks_smiles_and_raises_brows(hello: PerformanceClip) -> None:
    motions = [hello.at(i / 30) for i in range(round(hello.duration_s * 30))]
    weight = {name: np.array([m.weights[INDEX[name]] for m in motions]) for name in BLENDSHAPES}
    yaw = np.degrees([np.arctan2(m.rotation[0, 2], m.rotation[2, 2]) for m in motions])
    assert yaw.max() > 15
    assert yaw.min() < -15
    assert weight["eyeLookOutLeft"].max() > 0.5
    assert weight["eyeLookOutRight"].max() > 0.5
    shut = weight["eyeBlinkLeft"] > 0.9  # at 30 Hz, so each blink must stay shut for a frame
    assert 5 <= (np.diff(shut.astype(int)) == 1).sum() <= 9
    assert shut.mean() < 0.1
    jaw = weight["jawOpen"][120:220]
    openings = (np.diff(np.sign(np.diff(jaw))) < 0).sum()
    assert 8 <= openings <= 20  # syllables
    assert jaw.max() > 0.4
    for name in ("mouthFunnel", "mouthPucker", "mouthPressLeft"):
        assert weight[name][120:220].max() > 0.35
    assert (weight["mouthClose"] <= weight["jawOpen"] + 0.05).all()
    smile = weight["mouthSmileLeft"] > 0.8
    assert smile.sum() > 20
    assert weight["cheekSquintLeft"][smile].min() > 0.3
    assert weight["browInnerUp"].max() > 0.7


def test_the_shipped_clip_is_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = TOP / "scripts" / "write_performance.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path / "hello.json")])
    runpy.run_path(str(script), run_name="__main__")
    shipped = TOP / "presets" / "performances" / "hello.json"
    assert (tmp_path / "hello.json").read_bytes() == shipped.read_bytes()
