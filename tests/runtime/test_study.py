"""``vivant animate``: the driver is read first, then the puppet that has studied it is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.preset import apply_overrides, load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.nodes.formats.motion_recording import MotionRecording
from vivant.runtime.cli import main
from vivant.runtime.offline_document import offline_document
from vivant.runtime.shipped_presets import find_preset
from vivant.runtime.studied_document import driver_document, studied_document


def whole(tmp_path: Path, *overrides: str, **changed: Any) -> tuple[dict[str, Any], Graph, Registry]:
    """What `animate` runs of a preset, with some of its nodes changed (None: left out)."""
    path, registry = find_preset("portrait-video"), Registry.installed()
    document = load_preset(path)
    for name, change in changed.items():
        if change is None:
            del document["nodes"][name]
        else:
            document["nodes"][name] |= change
    graph = validate(document, registry, path.parent)
    driver, out = tmp_path / "me.mp4", tmp_path / "out.mp4"
    document = offline_document(document, graph, registry, portrait="sample:astronaut", driver=driver, out=out)
    document = apply_overrides(document, overrides)
    return document, validate(document, registry, path.parent), registry


def test_the_first_go_reads_motion_builds_the_puppet_and_draws_nothing(tmp_path: Path) -> None:
    document, graph, registry = whole(tmp_path, "driver.duration_s=2", "tune.shapes={}")
    before = json.dumps(document)
    first = driver_document(document, graph, tmp_path / "me.npz")
    assert json.dumps(document) == before
    part = validate(first, registry, tmp_path)
    reading = {"driver", "face", "fit", "calibration", "tune", "motion"}
    assert {spec.id for spec in part.nodes if spec.id not in part.still} == reading
    assert {spec.id for spec in part.nodes} - reading == graph.upstream(["puppet"]) | {"puppet"}
    assert not any(spec.node_class.draws for spec in part.nodes)
    assert first["nodes"]["driver"]["params"] == {"path": str(tmp_path / "me.mp4"), "duration_s": 2}
    assert first["nodes"]["motion"]["inputs"] == {"motion": "tune.motion"}


@pytest.mark.parametrize("mirror", ["true", "false"])
def test_the_second_go_plays_it_and_has_studied_it(tmp_path: Path, mirror: str) -> None:
    document, graph, registry = whole(tmp_path, f"retarget.mirror={mirror}", "output.quality=20")
    before = json.dumps(document)
    second = studied_document(document, graph, tmp_path / "me.npz")
    assert json.dumps(document) == before
    nodes = second["nodes"]
    names = {spec.id for spec in validate(second, registry, tmp_path).nodes}
    assert names.isdisjoint({"driver", "face", "fit", "calibration", "tune", "smooth"})
    assert {"recording", "portrait", "puppet", "probe", "retarget", "skin", "render", "output"} <= names
    assert nodes["recording"] == {"type": "source.motion", "params": {"path": str(tmp_path / "me.npz")}}
    assert nodes["retarget"]["inputs"]["motion"] == "recording.motion"
    assert nodes["probe"]["params"] == {"study": str(tmp_path / "me.npz"), "study_mirrored": mirror == "true"}
    assert nodes["output"]["params"]["quality"] == 20


def test_a_preset_that_looks_at_no_puppet_cannot_study(tmp_path: Path) -> None:
    blind = {"inputs": {"motion": "smooth.motion", "puppet": "puppet.puppet"}}
    document, graph, _ = whole(tmp_path, probe=None, retarget=blind)
    with pytest.raises(VivantError, match=r"wire a node puppet\.probe"):
        studied_document(document, graph, tmp_path / "me.npz")
    document, graph, _ = whole(tmp_path, "probe.enabled=false")
    with pytest.raises(VivantError, match="probe is switched off"):
        studied_document(document, graph, tmp_path / "me.npz")


def test_a_recording_that_is_named_is_studied_in_place_of_the_driver(tmp_path: Path) -> None:
    document, graph, _ = whole(tmp_path, "probe.study=mine.npz")
    with pytest.raises(VivantError, match=r"probe\.study names a recording already"):
        studied_document(document, graph, tmp_path / "me.npz")


def test_a_performance_has_nothing_to_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = {"version": 1, "duration_s": 1, "tracks": {"jawOpen": [[0, 0], [1, 1]]}}
    (tmp_path / "me.json").write_text(json.dumps(clip))
    out = tmp_path / "out.mp4"
    assert main(["animate", "sample:astronaut", str(tmp_path / "me.json"), "-o", str(out), "--study"]) == 2
    told = capsys.readouterr().err
    assert "nothing to study" in told and "me.json" in told and "Traceback" not in told
    assert not out.exists()


def animated(portrait: str, video: Path, out: Path, *more: str) -> bytes:
    few = ["--set", "driver.frames=9", "--set", "render.height=200"]
    assert main(["animate", portrait, str(video), "-o", str(out), *few, *more]) == 0
    return out.read_bytes()


@pytest.mark.usefixtures("models")
def test_two_goes_are_as_one_where_nothing_can_be_read_of_the_puppet(tmp_path: Path, cat: Any, media: Path) -> None:
    portrait, video = str(cat.write(tmp_path, cat.points)), media / "drivers" / "short.mp4"
    assert animated(portrait, video, tmp_path / "a.mp4") == animated(portrait, video, tmp_path / "b.mp4", "--no-study")


@pytest.mark.usefixtures("models")
def test_what_was_studied_shows_and_is_the_same_at_every_run(
    tmp_path: Path, media: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import av

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    portrait, video = str(media / "portraits" / "astronaut.png"), media / "drivers" / "short.mp4"
    plain = animated(portrait, video, tmp_path / "plain.mp4", "--no-study")
    report, trace = tmp_path / "report.json", tmp_path / "trace.json"
    first = animated(portrait, video, tmp_path / "first.mp4", "--report", str(report), "--trace", str(trace))
    assert first == animated(portrait, video, tmp_path / "second.mp4", "--study")
    assert first != plain
    with av.open(str(tmp_path / "first.mp4")) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 9
    assert capsys.readouterr().out.count("9 frames in") == 3
    assert not list(temporary.iterdir()), "nothing of the recording is left"
    # told of as one run: who reads the driver, and who draws
    told = json.loads(report.read_text())
    assert told["frames"] == 9 and told["outcome"] == "done"
    assert {name for name, node in told["nodes"].items() if node["count"] == 9} >= {"driver", "face", "fit", "render"}
    traced = {event["name"] for event in json.loads(trace.read_text())["traceEvents"]}
    assert {"driver", "face", "render", "output"} <= traced


@pytest.mark.usefixtures("models")
def test_a_puppet_that_nobody_moves_is_drawn_all_the_same(
    tmp_path: Path, cat: Any, grey_video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(cat.write(tmp_path, cat.points))
    made = [animated(source, grey_video, tmp_path / f"{n}.mp4", *more) for n, more in enumerate(([], ["--no-study"]))]
    assert made[0] == made[1]
    told = capsys.readouterr().err
    assert told.count("no face was seen") == 2 and "Traceback" not in told


@pytest.mark.usefixtures("models")
def test_what_is_wrong_with_the_portrait_is_told_before_the_driver_is_read(
    tmp_path: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank, out = tmp_path / "blank.png", tmp_path / "out.mp4"
    Image.new("RGB", (200, 240), "white").save(blank)
    assert main(["animate", str(blank), str(media / "drivers" / "d9.mp4"), "-o", str(out)]) != 0
    told = capsys.readouterr().err
    assert "no face was found in the picture" in told and "Traceback" not in told
    assert "frames" not in told and not out.exists()


@pytest.mark.usefixtures("models")
def test_where_nothing_can_be_studied_it_is_drawn_as_it_is_read(tmp_path: Path, media: Path, cat: Any) -> None:
    portrait, video = str(cat.write(tmp_path, cat.points)), media / "drivers" / "short.mp4"
    report = tmp_path / "report.json"
    blind = ["--set", "probe.enabled=false", "--report", str(report)]
    animated(portrait, video, tmp_path / "a.mp4", *blind)
    assert "recording" not in json.loads(report.read_text())["nodes"]
    few = ["--set", "driver.frames=9", "--study"]
    assert main(["animate", portrait, str(video), "-o", str(tmp_path / "b.mp4"), *few, *blind]) == 2
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.usefixtures("models")
def test_what_cannot_be_written_is_told_before_the_driver_is_read(
    tmp_path: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, driver = tmp_path / "out.mov", media / "drivers" / "d9.mp4"
    assert main(["animate", "sample:astronaut", str(driver), "-o", str(out), "--set", "output.codec=vp9"]) != 0
    told = capsys.readouterr().err
    assert "vp9" in told and "reading" not in told and "Traceback" not in told
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("models")
def test_without_room_for_what_is_read_it_is_told_or_drawn_at_once(
    tmp_path: Path, media: Path, cat: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(**kwargs: Any) -> Any:
        raise FileNotFoundError(2, "no usable folder")

    portrait, video = str(cat.write(tmp_path, cat.points)), media / "drivers" / "short.mp4"
    with monkeypatch.context() as patched:
        patched.setattr("tempfile.TemporaryDirectory", none)
        animated(portrait, video, tmp_path / "a.mp4")
        animated(portrait, video, tmp_path / "b.mp4", "--no-study")
        assert main(["animate", portrait, str(video), "-o", str(tmp_path / "c.mp4"), "--study"]) == 1
    told = capsys.readouterr().err
    assert "no usable folder" in told and "--no-study" in told and "Traceback" not in told

    def full(recording: MotionRecording, path: Path) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(MotionRecording, "save", full)
    assert main(["animate", portrait, str(video), "-o", str(tmp_path / "d.mp4"), "--set", "driver.frames=3"]) == 1
    told = capsys.readouterr().err
    assert "what is read of the driver cannot be kept" in told and "TMPDIR" in told and "Traceback" not in told
    assert not (tmp_path / "d.mp4").exists()
