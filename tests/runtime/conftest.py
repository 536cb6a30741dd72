"""Graphs built by hand for the engines: no preset, no OpenGL, values are plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.registry import AnyNode
from vivant.runtime.models import ModelStore
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]


@pytest.fixture
def models() -> None:
    """Skip where the model files are not in the cache."""
    store = ModelStore(offline=True)
    for name in ("face_landmarker", "selfie_segmenter"):
        try:
            store.fetch(name)
        except VivantError:
            pytest.skip(f"the model file {name} is not in the cache (`vivant models --fetch`)")


@pytest.fixture
def grey_video(tmp_path: Path) -> Path:
    """A video in which there is nobody."""
    import av

    path = tmp_path / "grey.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(4):
            file.mux(stream.encode(av.VideoFrame(160, 120, "yuv420p")))
        file.mux(stream.encode())
    return path


@pytest.fixture
def notices() -> list[str]:
    """What the engines said to the user."""
    return []


@pytest.fixture
def services(tmp_path: Path, notices: list[str]) -> Services:
    """Services without models and without OpenGL."""

    def fetch(name: str) -> Path:
        raise AssertionError(f"no test node fetches {name}")

    return Services(fetch=fetch, notice=notices.append, log_dir=tmp_path / "log")


@pytest.fixture
def gl_names() -> Callable[[], dict[str, int]]:
    """Count the OpenGL names of each kind that exist, asked of the driver (``glIs*``)."""
    import ctypes

    try:
        library = ctypes.CDLL("libEGL.so.1")
    except OSError:
        pytest.skip("OpenGL's names are counted through EGL, which is not here")
    library.eglGetProcAddress.restype = ctypes.c_void_p

    def count() -> dict[str, int]:
        counts = {}
        for kind in ("Buffer", "Texture", "Framebuffer", "Renderbuffer", "VertexArray", "Program", "Shader"):
            address = library.eglGetProcAddress(f"glIs{kind}".encode())
            ask = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)(address)
            counts[kind] = sum(bool(ask(name)) for name in range(1, 4000))
        return counts

    return count


@pytest.fixture
def build_graph(tmp_path: Path) -> BuildGraph:
    """Build a graph from ``name=(class, {param: value}, {input: "node.output"})`` in topological order."""

    def build(**nodes: tuple[type[AnyNode], dict[str, object], dict[str, str]]) -> Graph:
        specs = []
        for node_id, (node_class, params, links) in nodes.items():
            wired = {name: Link(*text.split(".")) for name, text in links.items()}
            specs.append(NodeSpec(node_id, node_class, node_class.params_type(**params), wired))
        return Graph(tuple(specs), tmp_path)

    return build
