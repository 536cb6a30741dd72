"""The command line in-process, with a graph of small nodes and the real engines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.node import Emission, Lane, Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, latest, output, trigger
from vivant.graph.registry import Registry
from vivant.runtime.cli import main
from vivant.runtime.drawing import NoWindowError


class VideoParams(NodeParams):
    path: str = param(..., "A file.")
    frames: int = param(8, "How many.", ge=0)
    loop: bool = param(False, "Again and again.")
    interrupt_at: int = param(-1, "The frame at which the user presses Ctrl-C.")


class PathParams(NodeParams):
    path: str = param(..., "A file.")


class DrawParams(NodeParams):
    gain: float = param(1.0, "How much.", ge=0, le=2)
    fails_at: int = param(-1, "The frame at which this node breaks.")


@dataclass(frozen=True)
class NumberOut:
    frame: int = output("A number in place of a picture.")


@dataclass(frozen=True)
class DrawIn:
    frame: Packet[int] = trigger("The driver.")
    portrait: Packet[int] = latest("The portrait.")


@dataclass(frozen=True)
class NumberIn:
    frame: Packet[int] = trigger("What was drawn.")


class Video(Source[VideoParams, NumberOut], type="source.video", pace=Pace.MEDIA):
    """Counts."""

    count = 0

    def open(self, context: NodeContext) -> None:
        if not context.resolve(self.params.path).exists():
            raise VivantError("there is no such video file", where=self.params.path, exit_status=2)

    def length(self) -> int:
        return self.params.frames

    def process(self, inputs: NoInputs) -> Emission[NumberOut]:
        if self.count == self.params.frames:
            raise EndOfStream
        if self.count == self.params.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        self.count += 1
        return Emission(NumberOut(self.count), t_ns=self.count * 1000)


class Picture(Source[PathParams, NumberOut], type="source.image", pace=Pace.ONCE):
    """Gives one number."""

    def process(self, inputs: NoInputs) -> NumberOut:
        return NumberOut(100)


class Draw(Node[DrawParams, DrawIn, NumberOut], type="test.draw"):
    """Adds."""

    def process(self, inputs: DrawIn) -> NumberOut:
        if inputs.frame.value == self.params.fails_at:
            raise ZeroDivisionError("what nobody thought of")
        return NumberOut(inputs.frame.value + inputs.portrait.value)


class Window(Node[NodeParams, NumberIn, NoOutputs], type="output.window", lane=Lane.RENDER, shows=True):
    """Shows."""

    def process(self, inputs: NumberIn) -> None:
        return None


class TextFile(Node[PathParams, NumberIn, NoOutputs], type="output.video"):
    """Writes numbers to a file."""

    def open(self, context: NodeContext) -> None:
        self.lines: list[str] = []

    def process(self, inputs: NumberIn) -> None:
        self.lines.append(str(inputs.frame.value))

    def close(self, outcome: Outcome) -> None:
        if outcome is not Outcome.FAILED and self.lines:
            Path(self.params.path).write_text("\n".join(self.lines))


class TextFiles(TextFile, Node[PathParams, NumberIn, NoOutputs], type="output.images"):
    """Writes numbers to a file, too."""


class Performance(Video, Source[VideoParams, NumberOut], type="source.performance", pace=Pace.MEDIA):
    """Counts, too."""


REGISTRY = {c.type: c for c in (Video, Performance, Picture, Draw, Window, TextFile, TextFiles)}


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run one command in an empty folder that holds a portrait and a driver, with the nodes above."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("me.png", "talk.mp4"):
        (here / name).write_bytes(b"")
    monkeypatch.setattr("vivant.runtime.cli.log_folder", lambda: tmp_path / "log")
    monkeypatch.setattr("vivant.runtime.faults.log_folder", lambda: tmp_path / "log")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("VIVANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VIVANT_OFFLINE", "1")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Registry, "installed", lambda: Registry(REGISTRY))

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


@pytest.fixture
def preset(cli: Cli) -> Path:
    """Write a good preset, and return its file."""
    return write_preset()


def document() -> dict[str, Any]:
    return {
        "version": 1,
        "name": "test",
        "about": "A test.",
        "nodes": {
            "driver": {"type": "source.video", "params": {"path": "talk.mp4"}},
            "portrait": {"type": "source.image", "params": {"path": "me.png"}},
            "draw": {"type": "test.draw", "inputs": {"frame": "driver.frame", "portrait": "portrait.frame"}},
            "window": {"type": "output.window", "inputs": {"frame": "draw.frame"}},
        },
    }


def write_preset(changed: dict[str, Any] | str | None = None) -> Path:
    path = Path.cwd() / "test.json"
    path.write_text(changed if isinstance(changed, str) else json.dumps(changed or document()))
    return path


def assert_one_block(ran: Ran, status: int, *says: str) -> None:
    """The whole of stderr is one block, without a traceback, and it says these words."""
    assert ran.status == status, ran.err
    lines = ran.err.rstrip("\n").split("\n")
    assert [line.startswith("vivant: ") for line in lines] == [True] + [False] * (len(lines) - 1), ran.err
    assert all(line.startswith("  ") for line in lines[1:]), ran.err
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.err
    for word in says:
        assert word in ran.err


def files_here() -> set[str]:
    return {path.name for path in Path.cwd().iterdir()} - {"me.png", "talk.mp4", "test.json"}


# --- wrong use --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], "'check'"),
        (["run"], "preset"),
        (["run", "demo", "--no-such-option"], "--no-such-option"),
        (["run", "demo", "--duration", "soon"], "--duration"),
        (["animate", "me.png"], "driver"),
        (["animate", "me.png", "talk.mp4"], "output"),
    ],
)
def test_wrong_use_is_told_in_one_block(cli: Cli, arguments: list[str], says: str) -> None:
    ran = cli(*arguments)
    assert_one_block(ran, 2, "--help")
    assert says in ran.err.lower()


def test_without_arguments_the_help_is_shown(cli: Cli) -> None:
    ran = cli()
    assert ran.status == 0
    assert "animate" in ran.out


def test_the_version_is_told(cli: Cli) -> None:
    ran = cli("--version")
    assert ran.status == 0
    assert re.fullmatch(r"vivant \d+\.\d+\.\d+\n", ran.out)


# --- presets ----------------------------------------------------------------------------------------------


def test_a_good_preset_is_valid(cli: Cli, preset: Path) -> None:
    ran = cli("check", preset)
    assert (ran.status, ran.err) == (0, "")
    assert "test: valid, 4 nodes" in ran.out


@pytest.mark.parametrize("command", ["check", "run"])
def test_an_unknown_preset_is_told_with_the_nearest_name(cli: Cli, command: str) -> None:
    assert_one_block(cli(command, "portrat"), 2, "portrat", "did you mean 'portrait'?")


def test_a_missing_preset_file_is_told_with_the_nearest_file(cli: Cli, preset: Path) -> None:
    assert_one_block(cli("check", "tset.json"), 2, "tset.json", "test.json")
    assert_one_block(cli("check", "nowhere/a.json"), 2, "nowhere/a.json")
    assert_one_block(cli("check", Path.cwd()), 2, "folder")


def unknown_key(d: dict[str, Any]) -> None:
    d["nodes"]["draw"]["input"] = {}


def wrong_type(d: dict[str, Any]) -> None:
    d["nodes"]["draw"]["params"] = {"gain": "loud"}


def out_of_bounds(d: dict[str, Any]) -> None:
    d["nodes"]["draw"]["params"] = {"gain": 3}


def unknown_node_type(d: dict[str, Any]) -> None:
    d["nodes"]["draw"]["type"] = "test.drow"


def missing_input(d: dict[str, Any]) -> None:
    del d["nodes"]["draw"]["inputs"]["portrait"]


def unknown_output(d: dict[str, Any]) -> None:
    d["nodes"]["draw"]["inputs"]["portrait"] = "portrait.fram"


def cycle(d: dict[str, Any]) -> None:
    d["nodes"]["draw"]["inputs"]["portrait"] = "draw.frame"


def newer_version(d: dict[str, Any]) -> None:
    d["version"] = 99


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (unknown_key, "nodes.draw.input"),
        (wrong_type, "nodes.draw.params.gain"),
        (out_of_bounds, "nodes.draw.params.gain"),
        (unknown_node_type, "'test.draw'"),
        (missing_input, "nodes.draw.inputs"),
        (unknown_output, "'portrait.frame'"),
        (cycle, "draw"),
        (newer_version, "version"),
    ],
)
@pytest.mark.parametrize("command", ["check", "animate"])
def test_a_faulty_preset_is_told(cli: Cli, command: str, spoil: Callable[[dict[str, Any]], None], says: str) -> None:
    d = document()
    spoil(d)
    path = write_preset(d)
    if command == "check":
        ran = cli("check", path)
    else:
        ran = cli("animate", "me.png", "talk.mp4", "-o", "out.mp4", "--preset", path)
    assert_one_block(ran, 2, says, str(path))
    assert files_here() == set()


@pytest.mark.parametrize("text", ["", "{", "[]", "nonsense", '{"version": 1, "version": 1}', "[" * 100_000])
def test_a_file_that_is_no_preset_is_told(cli: Cli, text: str) -> None:
    assert_one_block(cli("check", write_preset(text)), 2, "test.json")


def test_all_problems_are_told_at_once(cli: Cli) -> None:
    d = document()
    wrong_type(d)
    unknown_output(d)
    assert_one_block(cli("check", write_preset(d)), 2, "nodes.draw.params.gain", "portrait.fram")


@pytest.mark.parametrize("override", ["draw.gain=loud", "draw.gian=1", "drow.gain=1", "draw", "draw.gain"])
def test_a_wrong_override_is_told(cli: Cli, preset: Path, override: str) -> None:
    assert_one_block(cli("check", preset, "--set", override), 2, override.split("=")[0].split(".")[-1])


# --- animate ----------------------------------------------------------------------------------------------


def test_animate_writes_one_frame_for_each_of_the_driver(cli: Cli, preset: Path) -> None:
    ran = cli("animate", "me.png", "talk.mp4", "-o", "out.mp4", "--preset", preset, "--report", "r.json")
    assert ran.status == 0, ran.err
    assert Path("out.mp4").read_text().split() == [str(100 + n) for n in range(1, 9)]
    assert "out.mp4: 8 frames" in ran.out
    assert json.loads(Path("r.json").read_text())["frames"] == 8
    assert files_here() == {"out.mp4", "r.json"}


def test_overrides_reach_the_nodes(cli: Cli, preset: Path) -> None:
    ran = cli("animate", "me.png", "talk.mp4", "-o", "out.mp4", "--preset", preset, "--set", "driver.frames=3")
    assert ran.status == 0, ran.err
    assert Path("out.mp4").read_text().split() == ["101", "102", "103"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["me.png", "talk.mp4", "-o", "talk.mp4"], 2, "overwrite"),
        (["me.png", "talk.mp4", "-o", "./me.png"], 2, "overwrite"),
        (["me.png", "talk.mp4", "-o", "out.docx"], 2, ".mp4"),
        (["me.png", "talk.mp4", "-o", "nowhere/out.mp4"], 2, "nowhere"),
        (["talk.mp4", "talk.mp4", "-o", "out.mp4"], 2, "PORTRAIT DRIVER"),
        (["me.png", "me.png", "-o", "out.mp4"], 2, "PORTRAIT DRIVER"),
        (["me.png", "missing.mp4", "-o", "out.mp4"], 2, "missing.mp4"),
        (["\udcfc.png", "talk.mp4", "-o", "out.mp4"], 2, "no valid UTF-8"),
        (["me.png", "talk.mp4", "-o", "\udcfc.mp4"], 2, "no valid UTF-8"),
        (["me.png", "talk.mp4", "-o", "out.mp4", "--report", "nowhere/r.json"], 2, "report"),
        (["me.png", "talk.mp4", "-o", "out.mp4", "--set", "draw.fails_at=5"], 1, "ZeroDivisionError"),
    ],
)
def test_what_is_wrong_with_animate_is_told_and_nothing_is_left(
    cli: Cli, preset: Path, arguments: list[str], status: int, says: str
) -> None:
    ran = cli("animate", *arguments, "--preset", preset)
    progress = re.compile(r"^out\.mp4: \d+ of \d+ frames\n", re.MULTILINE)
    assert_one_block(Ran(ran.status, ran.out, progress.sub("", ran.err)), status, says)
    assert files_here() == set()
    assert Path("talk.mp4").read_bytes() == b""


def test_an_interrupted_run_keeps_what_was_made(cli: Cli, preset: Path) -> None:
    ran = cli(
        "animate", "me.png", "talk.mp4", "-o", "out.mp4", "--preset", preset, "--set", "driver.frames=100000",
        "--set", "driver.interrupt_at=20",
    )  # fmt: skip
    assert ran.status == 1
    assert "note: Stopping" in ran.err
    assert "vivant: interrupted: out.mp4 holds" in ran.err
    assert "what to do" not in ran.err
    kept = Path("out.mp4").read_text().split()
    assert 0 < len(kept) < 100_000
    assert f"out.mp4 holds the {len(kept)} frames" in ran.err


# --- run --------------------------------------------------------------------------------------------------


def test_a_window_without_a_display_is_told(cli: Cli, preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert_one_block(cli("run", preset), 1, "no display", "--headless")


@pytest.mark.parametrize("command", [["run", "--headless"], ["animate", "me.png", "talk.mp4", "-o", "out.mp4"]])
def test_a_trace_follows_every_frame(cli: Cli, preset: Path, command: list[str]) -> None:
    wanted = [command[0], preset, *command[1:]] if command[0] == "run" else [*command, "--preset", preset]
    ran = cli(*wanted, "--trace", "t.json")
    assert ran.status == 0, ran.err
    events = json.loads(Path("t.json").read_text())["traceEvents"]
    threads = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert len(threads) >= 3
    flows = {e["id"] for e in events if e.get("cat") == "frame"}
    ends = sorted((e["id"], e["ph"]) for e in events if e["ph"] in "sf" and e.get("cat") == "frame")
    assert ends == sorted((identity, phase) for identity in flows for phase in "sf")
    offline = {f"driver {index}" for index in range(8)}
    assert flows == offline if command[0] == "animate" else flows and flows <= offline  # live, frames may be dropped


def test_a_trace_that_cannot_be_written_is_refused_at_once(cli: Cli, preset: Path) -> None:
    ran = cli("run", preset, "--headless", "--trace", "nowhere/t.json")
    assert_one_block(ran, 2, "the trace cannot be written there", "nowhere")


def test_a_headless_run_writes_its_report(cli: Cli, preset: Path) -> None:
    ran = cli("run", preset, "--headless", "--report", "r.json")
    assert ran.status == 0, ran.err
    report = json.loads(Path("r.json").read_text())
    assert {"frames", "fps", "duration_s", "latency_ms", "nodes", "renderer", "providers", "peak_rss_mb"} <= (
        report.keys()
    )
    assert report["nodes"]["draw"]["type"] == "test.draw"


def test_ctrl_c_ends_a_live_run_well(cli: Cli, preset: Path) -> None:
    ran = cli("run", preset, "--headless", "--set", "driver.frames=1000000", "--set", "driver.interrupt_at=10")
    assert ran.status == 0, ran.err
    assert "Traceback" not in ran.err


# --- demo -------------------------------------------------------------------------------------------------


@pytest.fixture
def strips(preset: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, list[float], Path]]:
    """Make the test preset the demo, driven by a performance, and record the strips that are asked for."""
    d = document()
    d["nodes"]["driver"] = {"type": "source.performance", "params": {"path": "clip.json", "frames": 4}}
    tracks = {"jawOpen": [[0, 0], [2.5, 0.7], [3, 0]]}
    (preset.parent / "clip.json").write_text(json.dumps({"version": 1, "tracks": tracks}))
    write_preset(d)
    asked: list[tuple[Path, list[float], Path]] = []
    monkeypatch.setattr("vivant.runtime.shipped_presets.find_preset", lambda name: preset)
    monkeypatch.setattr("vivant.runtime.strip.write_strip", lambda *given: asked.append(given))
    return asked


def test_the_demo_without_a_display_writes_a_video_and_a_picture(
    cli: Cli, strips: list[tuple[Path, list[float], Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    ran = cli("demo")
    here = Path.cwd()
    assert ran.status == 0, ran.err
    assert (here / "vivant-demo.mp4").read_text().split() == ["101", "102", "103", "104"]
    assert strips == [(here / "vivant-demo.mp4", [0.0, 2.5], here / "vivant-demo.png")]
    assert str(here / "vivant-demo.mp4") in ran.out
    assert str(here / "vivant-demo.png") in ran.out


def test_the_demo_writes_files_where_no_window_can_be_opened(
    cli: Cli, strips: list[tuple[Path, list[float], Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(title: str) -> None:
        raise NoWindowError("the screen is gone")

    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr("vivant.runtime.drawing._windowed", fail)
    ran = cli("demo")
    assert ran.status == 0, ran.err
    assert "the screen is gone" in ran.err
    assert Path("vivant-demo.mp4").exists()
    assert len(strips) == 1


def test_the_demo_refuses_a_folder_that_is_not_there(cli: Cli, strips: list[tuple[Path, list[float], Path]]) -> None:
    assert_one_block(cli("demo", "--output", "nowhere"), 2, "nowhere")
    assert strips == []


# --- the rest ---------------------------------------------------------------------------------------------


def test_nodes_are_listed_and_shown(cli: Cli) -> None:
    ran = cli("nodes", "--json")
    described = {node["type"]: node for node in json.loads(ran.out)}
    assert ran.status == 0
    assert described.keys() == REGISTRY.keys()
    assert {"type", "about", "inputs", "outputs", "params"} <= described["test.draw"].keys()
    assert [port["name"] for port in described["test.draw"]["inputs"]] == ["frame", "portrait"]
    (gain, _) = described["test.draw"]["params"]
    assert (gain["name"], gain["default"], gain["type"]) == ("gain", 1.0, "number 0 to 2")
    shown = cli("nodes", "source.video")
    assert shown.status == 0
    assert "How many." in shown.out
    assert_one_block(cli("nodes", "source.vidio"), 2, "source.vid")


def test_presets_are_listed(cli: Cli) -> None:
    ran = cli("presets")
    assert ran.status == 0
    assert [line.split()[0] for line in ran.out.splitlines()[:-1]] == [
        "demo",
        "installation",
        "points",
        "portrait-video",
        "portrait",
        "relief",
        "stereo",
        "webcam-relief",
        "window",
    ]
    for line in ran.out.splitlines()[:-1]:
        assert len(line.split()) > 3, "every preset has one line about it"


def test_the_schema_is_printed_or_written(cli: Cli) -> None:
    printed = cli("schema")
    assert printed.status == 0
    assert "test.draw" in json.loads(printed.out)["$defs"]
    assert cli("schema", "-o", "schema.json").status == 0
    assert Path("schema.json").read_text() == printed.out
    assert_one_block(cli("schema", "-o", "nowhere/schema.json"), 2, "nowhere")


def test_a_model_that_is_not_there_and_may_not_be_fetched_is_told(cli: Cli, tmp_path: Path) -> None:
    assert_one_block(cli("models", "--fetch"), 1, "face_landmarker", str(tmp_path / "cache"))


def test_a_model_with_a_wrong_hash_is_never_given_out(cli: Cli, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "face_landmarker.task").write_bytes(b"no model")
    listed = cli("models").out
    assert "damaged" in listed
    assert f"kept in {cache}" in listed
    ran = cli("models", "face_landmarker")
    assert_one_block(ran, 1, "face_landmarker")
    assert ran.out == ""


def test_the_doctor_says_what_is_missing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vivant.runtime.gl_context", None)  # its import fails
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    ran = cli("doctor")
    assert ran.status == 1
    assert ran.err == ""
    assert ran.out.count("MISSING") >= 2
    assert "Something is missing: OpenGL" in ran.out
    assert "ORT_DISABLE_TELEMETRY=1" in ran.out


def test_the_doctor_finds_what_may_not_be_fetched(cli: Cli, tmp_path: Path) -> None:
    ran = cli("doctor")  # the cache of these tests is empty, and they are offline
    assert ran.status == 1
    assert "MISSING: face_landmarker, selfie_segmenter, sample:astronaut, and VIVANT_OFFLINE forbids" in ran.out
    assert "hand_landmarker: not fetched (no preset needs it)" in ran.out
    assert "Model files" in ran.out.splitlines()[-1]


def test_the_doctor_finds_a_damaged_model(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIVANT_OFFLINE")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "face_landmarker.task").write_bytes(b"no model")
    ran = cli("doctor")
    assert ran.status == 1
    assert "DAMAGED: face_landmarker, will not be loaded" in ran.out


def test_an_unexpected_error_is_one_block_and_its_traceback_is_in_the_log(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> Path:
        raise RuntimeError("out of \x1b[31mcheese\nsecond line")

    monkeypatch.setattr("vivant.runtime.shipped_presets.find_preset", fail)
    ran = cli("check", "demo")
    log = tmp_path / "log" / "vivant.log"
    assert_one_block(ran, 1, "unexpected error", "RuntimeError: out of", str(log))
    assert "Traceback" in log.read_text()
    assert "second line" in log.read_text()


def test_help_loads_no_large_library() -> None:
    program = (
        "import sys\n"
        "from vivant.runtime.cli import main\n"
        "status = main(['--help']) or main(['run', '--help'])\n"
        "large = {'numpy', 'cv2', 'ai_edge_litert', 'moderngl', 'glfw', 'numba', 'onnxruntime', 'av', 'PIL'}\n"
        "sys.stderr.write(f'{status} {sorted(large & set(sys.modules))}')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stderr == "0 []"
    assert "--headless" in ran.stdout


def test_noise_of_native_libraries_goes_to_a_file_and_errors_to_the_terminal(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from vivant.runtime.native_stderr import native_stderr_in\n"
        "with native_stderr_in(pathlib.Path(sys.argv[1])):\n"
        "    os.write(2, b'noise')\n"
        "    sys.stderr.write('error ')\n"
        "os.write(2, b'after')\n"
    )
    log = tmp_path / "log" / "native.log"
    ran = subprocess.run([sys.executable, "-c", program, log], capture_output=True, text=True, check=True)
    assert ran.stderr == "error after"
    assert log.read_text() == "noise"
