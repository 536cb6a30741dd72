from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Emission, Lane, Node, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoOutputs, latest, output, trigger
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.file_output import output_type
from vivant.runtime.offline_document import offline_document


class Drawn:
    """Stands for a picture."""


class Motion:
    """Stands for a face's motion."""


class PathParams(NodeParams):
    path: str = param("", "A file.")
    loop: bool = param(False, "Again and again.")


@dataclass(frozen=True)
class FrameOut:
    frame: Drawn = output("The picture.")


@dataclass(frozen=True)
class MotionOut:
    motion: Motion = output("The motion.")


@dataclass(frozen=True)
class FoundOut:
    motion: Motion | None = output("The motion, None where there is no face.")


@dataclass(frozen=True)
class DrawOut:
    surface: str = output("What a window shows.")
    frame: Drawn = output("What a file holds.")


@dataclass(frozen=True)
class FrameIn:
    frame: Packet[Drawn] = trigger("A picture.")


@dataclass(frozen=True)
class DrawIn:
    motion: Packet[Motion | None] = trigger("Motion.")
    portrait: Packet[Drawn] = latest("The portrait.")
    behind: Packet[Drawn] | None = latest("What is seen behind.")


@dataclass(frozen=True)
class SurfaceIn:
    surface: Packet[str] = trigger("What is shown.")


class Video(Source[PathParams, FrameOut], type="source.video", pace=Pace.MEDIA):
    """A video."""

    def process(self, inputs: Any) -> Emission[FrameOut]:
        raise NotImplementedError


class Camera(Source[NodeParams, FrameOut], type="source.camera", pace=Pace.CAPTURE):
    """A camera."""

    def process(self, inputs: Any) -> FrameOut:
        raise NotImplementedError


class Picture(Source[PathParams, FrameOut], type="source.image", pace=Pace.ONCE):
    """A picture."""

    def process(self, inputs: Any) -> FrameOut:
        raise NotImplementedError


class Performance(Source[PathParams, MotionOut], type="source.performance", pace=Pace.MEDIA):
    """A performance."""

    def process(self, inputs: Any) -> Emission[MotionOut]:
        raise NotImplementedError


class Fit(Node[NodeParams, FrameIn, FoundOut], type="face.fit"):
    """Reads motion off pictures."""

    def process(self, inputs: FrameIn) -> FoundOut:
        raise NotImplementedError


class Draw(Node[NodeParams, DrawIn, DrawOut], type="test.draw", lane=Lane.RENDER):
    """Draws."""

    def process(self, inputs: DrawIn) -> DrawOut:
        raise NotImplementedError


class Window(Node[NodeParams, SurfaceIn, NoOutputs], type="output.window", lane=Lane.RENDER, shows=True):
    """Shows."""

    def process(self, inputs: SurfaceIn) -> None:
        raise NotImplementedError


class VideoFile(Node[PathParams, FrameIn, NoOutputs], type="output.video"):
    """Writes a video."""

    def process(self, inputs: FrameIn) -> None:
        raise NotImplementedError


class Images(Node[PathParams, FrameIn, NoOutputs], type="output.images"):
    """Writes pictures."""

    def process(self, inputs: FrameIn) -> None:
        raise NotImplementedError


REGISTRY = Registry({c.type: c for c in (Video, Camera, Picture, Performance, Fit, Draw, Window, VideoFile, Images)})


def preset(driver: str = "source.video", **draw_inputs: str) -> dict[str, Any]:
    motion = "driver.motion" if driver == "source.performance" else "fit.motion"
    nodes = {
        "driver": {"type": driver},
        "portrait": {"type": "source.image", "params": {"path": "sample:astronaut"}},
        "fit": {"type": "face.fit", "inputs": {"frame": "driver.frame"}},
        "draw": {
            "type": "test.draw",
            "inputs": {"motion": motion, "portrait": "portrait.frame", **draw_inputs},
        },
        "window": {"type": "output.window", "inputs": {"surface": "draw.surface"}},
    }
    if driver == "source.performance":
        del nodes["fit"]
    return {"version": 1, "name": "test", "about": "A test.", "nodes": nodes}


def made(document: dict[str, Any], driver: str, out: str = "/out/result.mp4") -> dict[str, Any]:
    graph = validate(document, REGISTRY, Path("/presets"))
    result = offline_document(document, graph, REGISTRY, portrait="/in/me.png", driver=Path(driver), out=Path(out))
    assert isinstance(validate(result, REGISTRY, Path("/presets")), Graph)
    nodes: dict[str, Any] = result["nodes"]
    return nodes


def test_the_window_becomes_a_file_and_the_paths_are_set() -> None:
    document = preset()
    nodes = made(document, "/in/speech.mp4")
    assert "window" not in nodes
    assert nodes["output"] == {
        "type": "output.video",
        "params": {"path": "/out/result.mp4"},
        "inputs": {"frame": "draw.frame"},
    }
    assert nodes["driver"]["params"]["path"] == "/in/speech.mp4"
    assert nodes["portrait"]["params"]["path"] == "/in/me.png"
    assert "window" in document["nodes"], "the document given is not changed"


def test_a_performance_replaces_the_video_and_what_read_it() -> None:
    nodes = made(preset(), "/in/hello.json")
    assert nodes["driver"] == {"type": "source.performance", "params": {"path": "/in/hello.json"}}
    assert "fit" not in nodes
    assert nodes["draw"]["inputs"]["motion"] == "driver.motion"


def test_an_optional_picture_of_the_driver_is_left_out_with_a_performance() -> None:
    nodes = made(preset(behind="driver.frame"), "/in/hello.json")
    assert "behind" not in nodes["draw"]["inputs"]
    assert made(preset(behind="driver.frame"), "/in/speech.mp4")["draw"]["inputs"]["behind"] == "driver.frame"


def test_a_camera_is_replaced_by_the_video() -> None:
    nodes = made(preset("source.camera"), "/in/speech.mp4")
    assert nodes["driver"] == {"type": "source.video", "params": {"path": "/in/speech.mp4"}}


def test_a_looping_driver_comes_to_an_end() -> None:
    document = preset()
    document["nodes"]["driver"]["params"] = {"loop": True}
    assert made(document, "/in/speech.mp4")["driver"]["params"] == {"path": "/in/speech.mp4"}


def test_a_file_that_the_preset_writes_itself_is_replaced() -> None:
    document = preset()
    document["nodes"]["output"] = {
        "type": "output.video",
        "params": {"path": "own.mp4"},
        "inputs": {"frame": "draw.frame"},
    }
    nodes = made(document, "/in/speech.mp4", "/out/result.mkv")
    assert [n["params"]["path"] for n in nodes.values() if n["type"].startswith("output.")] == ["/out/result.mkv"]


def test_a_video_cannot_drive_a_preset_made_for_a_performance() -> None:
    with pytest.raises(VivantError, match=r"driven by source\.performance") as caught:
        made(preset("source.performance"), "/in/speech.mp4")
    assert caught.value.exit_status == 2


def test_a_preset_that_draws_the_drivers_picture_needs_a_video() -> None:
    document = preset()
    document["nodes"]["draw"]["inputs"]["portrait"] = "driver.frame"
    with pytest.raises(VivantError, match="a performance does not have"):
        made(document, "/in/hello.json")


@pytest.mark.parametrize("missing", ["driver", "portrait"])
def test_a_preset_without_the_named_nodes_is_refused(missing: str) -> None:
    document = preset()
    nodes = document["nodes"]
    nodes["other"] = nodes.pop(missing)
    for node in nodes.values():
        for port, link in node.get("inputs", {}).items():
            node["inputs"][port] = link.replace(f"{missing}.", "other.")
    with pytest.raises(VivantError, match=f"no node called '{missing}'"):
        made(document, "/in/speech.mp4")


def test_a_preset_without_a_picture_to_write_is_refused() -> None:
    document = preset()
    del document["nodes"]["window"]
    with pytest.raises(VivantError, match="nothing in it gives a picture"):
        made(document, "/in/speech.mp4")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.mp4", "output.video"),
        ("a.MOV", "output.video"),
        ("a.webm", "output.video"),
        ("a.png", "output.images"),
        ("a.JPG", "output.images"),
        ("frames", "output.images"),
    ],
)
def test_the_ending_says_what_is_written(name: str, wanted: str) -> None:
    assert output_type(Path(name)) == wanted


def test_an_unknown_ending_is_refused_with_the_known_ones() -> None:
    with pytest.raises(VivantError) as caught:
        output_type(Path("result.docx"))
    assert ".docx" in caught.value.what
    assert ".mp4" in caught.value.remedy
    assert caught.value.exit_status == 2


def test_a_folder_with_a_dot_in_its_name_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "take.2"
    folder.mkdir()
    assert output_type(folder) == "output.images"
