"""A registry of stand-ins: the node types of the shipped presets with ports, without code or libraries."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from enum import StrEnum
from typing import Any

import pytest

from vivant.graph.node import Lane, Node, Pace, Source
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, latest, output, tick, trigger
from vivant.graph.registry import AnyNode, Registry
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.surface import Surface


class Head: ...


class Puppet: ...


class Response: ...


class CameraPose: ...


class Scene: ...


class Pose: ...


class Mesh: ...


class Mode(StrEnum):
    STREAM = "stream"
    STILL = "still"


class PathParams(NodeParams):
    path: str = param("sample:astronaut", "A file.")


class ImageParams(PathParams):
    max_size: int = param(2048, "Pixels of the longer side.")


class NetworkParams(NodeParams):
    size: int = param(518, ge=32)
    threads: int = param(2, ge=1)


class MoveParams(NodeParams):
    move: str = param("orbit", "What it does.")
    amplitude: float = param(0.1, "How far.", ge=0)
    period_s: float = param(6.0, "How long.", gt=0)
    rate_hz: float = param(30.0, ge=1, le=240)


class ViewParams(NodeParams):
    stereo: str = param("none", "One view or two.")
    eyes_apart: float = param(0.0, "How far.", ge=0)
    pointer: float = param(0.0, "How far.", ge=0)
    points: float = param(0.0, "How far.", ge=0)


class CameraParams(NodeParams):
    device: int | str = param(0, "Number or path of the camera.")
    size: tuple[int, int] = param((640, 480), "Width and height in pixels.")
    rate_hz: float = param(30.0, "Frames per second.", gt=0, le=240)
    mirror: bool = param(True, "Show it like a mirror.")


class ModeParams(NodeParams):
    mode: Mode = param(Mode.STREAM, "How it is used.")
    required: bool = param(False, "Fail without a face.")


class CalibrateParams(NodeParams):
    at_start_s: float = param(1.0, "How long.", ge=0)
    profile: str = param("", "A name.")
    renew_s: float = param(0.0, "How long.", ge=0)


class PerformanceParams(PathParams):
    loop: bool = param(False, "Again.")


class WindowParams(NodeParams):
    keys: dict[str, str] = param({}, "What keys tell.")


class ScreenParams(NodeParams):
    screen_height_cm: float = param(30.0, "How high it is.", gt=0)
    distance_cm: float = param(60.0, "How far it is.", gt=0)


class ReachParams(NodeParams):
    reach: float = param(0.2, "How far.", gt=0)


class NeedyParams(NodeParams):
    amount: float = param(..., "Must be said.", ge=0)
    points: dict[str, list[tuple[float, float]]] = param({}, "Tracks.")


def _outputs(**ports: Any) -> Any:
    return make_dataclass("Outputs", [(n, t, output(f"A {n}.")) for n, t in ports.items()], frozen=True)


def _inputs(optional: dict[str, Any] | None = None, **ports: Any) -> Any:
    fields: list[Any] = [
        (name, Packet[t], trigger(f"A {name}."))  # type: ignore[valid-type]
        for name, t in list(ports.items())[:1]
    ]
    fields += [
        (name, Packet[t], latest(f"A {name}."))  # type: ignore[valid-type]
        for name, t in list(ports.items())[1:]
    ]
    fields += [
        (name, Packet[t] | None, latest(f"A {name}."))  # type: ignore[valid-type]
        for name, t in (optional or {}).items()
    ]
    return make_dataclass("Inputs", fields, frozen=True)


def _source(name: str, params: Any, pace_: Pace, outputs: Any) -> Any:
    class StandIn(Source[params, outputs], type=name, pace=pace_):
        """Stands for a source."""

        def process(self, inputs: NoInputs) -> None: ...

    return StandIn


def _node(name: str, params: Any, inputs: Any, outputs: Any, lane_: Lane = Lane.WORKER) -> Any:
    class StandIn(Node[params, inputs, outputs], type=name, lane=lane_):
        """Stands for a node."""

        def process(self, inputs: Any) -> None: ...

    return StandIn


@dataclass(frozen=True)
class CalibrateInputs:
    motion: Packet[FaceMotion] = trigger("A motion.")
    device: Packet[str] | None = latest("A device, if any.")


@dataclass(frozen=True)
class PriorityInputs:
    tick: Packet[Tick] = tick()
    first: Packet[FaceMotion] | None = latest("A motion.")
    second: Packet[FaceMotion] | None = latest("Another.")


@dataclass(frozen=True)
class ViewerInputs:
    tick: Packet[Tick] = tick()
    face: Packet[FaceReading | None] | None = latest("A face, if any.")
    scene: Packet[Scene] = latest("A scene.")


@dataclass(frozen=True)
class ProbeInputs:
    tick: Packet[Tick] = tick()
    puppet: Packet[Puppet] = latest("A puppet.")


@dataclass(frozen=True)
class TickInputs:
    tick: Packet[Tick] = tick()
    motion: Packet[FaceMotion] | None = latest("Motion, if any.")


@pytest.fixture(scope="session")
def registry() -> Registry:
    render = Lane.RENDER
    picture = _outputs(frame=Picture)
    classes: list[type[AnyNode]] = [
        _source("source.image", ImageParams, Pace.ONCE, picture),
        _source("source.video", PathParams, Pace.MEDIA, picture),
        _source("source.camera", CameraParams, Pace.CAPTURE, _outputs(frame=Picture, device=str)),
        _source("source.performance", PerformanceParams, Pace.MEDIA, _outputs(motion=FaceMotion)),
        _node("face.landmarks", ModeParams, _inputs(frame=Picture), _outputs(face=FaceReading | None)),
        _node("face.matte", NodeParams, _inputs(frame=Picture), _outputs(matte=Matte)),
        _node(
            "face.fit",
            ModeParams,
            _inputs(face=FaceReading | None),
            _outputs(motion=FaceMotion, head=Head),
        ),
        _source("source.camera_path", MoveParams, Pace.MEDIA, _outputs(camera=CameraPose)),
        _node("depth.auto", PathParams, _inputs(frame=Picture), _outputs(depth=DepthMap)),
        _node("scene.build", ReachParams, _inputs(depth=DepthMap, frame=Picture), _outputs(scene=Scene)),
        _node("scene.relief", NodeParams, _inputs(frame=Picture, depth=DepthMap), _outputs(scene=Scene)),
        _node("depth.onnx", NetworkParams, _inputs(frame=Picture), _outputs(depth=DepthMap)),
        _node(
            "render.scene",
            ViewParams,
            _inputs(camera=CameraPose, scene=Scene),
            _outputs(surface=Surface, frame=Picture),
            render,
        ),
        _node("depth.relief", NodeParams, _inputs(matte=Matte, head=Head), _outputs(depth=DepthMap)),
        _node(
            "face.calibrate",
            CalibrateParams,
            CalibrateInputs,
            _outputs(motion=FaceMotion),
            render,
        ),
        _node("face.tune", NodeParams, _inputs(motion=FaceMotion), _outputs(motion=FaceMotion), render),
        _node("puppet.smooth", NodeParams, _inputs(motion=FaceMotion), _outputs(motion=FaceMotion), render),
        _node(
            "puppet.build",
            NodeParams,
            _inputs(depth=DepthMap, frame=Picture, head=Head, matte=Matte),
            _outputs(puppet=Puppet),
        ),
        _node(
            "puppet.retarget",
            NodeParams,
            _inputs({"response": Response}, motion=FaceMotion, puppet=Puppet),
            _outputs(pose=Pose),
            render,
        ),
        _node("puppet.probe", NodeParams, ProbeInputs, _outputs(response=Response), render),
        _node("puppet.skin", NodeParams, _inputs(pose=Pose, puppet=Puppet), _outputs(mesh=Mesh), render),
        _node(
            "render.puppet",
            NodeParams,
            _inputs(mesh=Mesh, puppet=Puppet),
            _outputs(surface=Surface, frame=Picture),
            render,
        ),
        _node("output.window", WindowParams, _inputs(surface=Surface), NoOutputs, render),
        _node("test.ticks", NodeParams, TickInputs, _outputs(motion=FaceMotion), render),
        _node("control.viewer", ScreenParams, ViewerInputs, _outputs(camera=CameraPose), render),
        _node("control.priority", NodeParams, PriorityInputs, _outputs(motion=FaceMotion), render),
        _node("test.mix", NodeParams, _inputs(first=FaceMotion, second=FaceMotion), _outputs(motion=FaceMotion)),
        _source("test.needy", NeedyParams, Pace.MEDIA, _outputs(motion=FaceMotion)),
    ]
    return Registry({node_class.type: node_class for node_class in classes})
