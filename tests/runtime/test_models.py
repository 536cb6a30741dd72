from __future__ import annotations

import hashlib
import http.server
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.depth.onnx import DepthOnnx, DepthOnnxInputs, DepthOnnxParams
from vivant.nodes.formats.picture import Picture
from vivant.runtime.model_table import ModelFile, known_models
from vivant.runtime.models import ModelStore, build_cache_dir, default_cache_dir, describe_models

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@dataclass
class Server:
    """A file server on this machine that can misbehave."""

    content: bytes = CONTENT
    break_after: list[int] = field(default_factory=list)
    """Answer the next requests with this many bytes and hang up."""
    ranges: bool = True
    requests: list[str] = field(default_factory=list)
    """The Range header of each request, or an empty string."""
    url: str = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.requests.append(wanted)
            match = re.match(r"bytes=(\d+)-", wanted) if state.ranges else None
            start = int(match[1]) if match else 0
            if match and start >= len(state.content):
                self.send_error(416)
                return
            body = state.content[start:]
            self.send_response(206 if match else 200)
            if match:
                total = len(state.content)
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.break_after.pop(0)] if state.break_after else body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        state.url = f"http://127.0.0.1:{web.server_address[1]}/model.bin"
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        web.shutdown()
        thread.join()


def store_for(folder: Path, *sources: str, content: bytes = CONTENT, offline: bool = False) -> ModelStore:
    digest = hashlib.sha256(content).hexdigest()
    entry = ModelFile("thing", "thing.bin", digest, len(content), "CC0-1.0", "A test file.", sources)
    return ModelStore(folder, offline=offline, table={"thing": entry})


def refused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/model.bin"


def test_fetches_once_and_then_from_the_cache(tmp_path: Path, server: Server) -> None:
    seen: list[tuple[str, int, int | None]] = []
    store = store_for(tmp_path / "deep" / "cache", server.url)
    store = ModelStore(store.cache_dir, lambda *step: seen.append(step), False, store.table)
    path = store.fetch("thing")
    assert path.read_bytes() == CONTENT
    assert store.fetch("thing") == path
    assert store_for(store.cache_dir, server.url).fetch("thing") == path
    assert len(server.requests) == 1
    assert seen[-1] == ("thing", len(CONTENT), len(CONTENT))
    assert not list(store.cache_dir.glob("*.part"))


def test_a_broken_connection_is_continued(tmp_path: Path, server: Server) -> None:
    server.break_after = [300_000, 200_000]
    assert store_for(tmp_path, server.url).fetch("thing").read_bytes() == CONTENT
    assert server.requests == ["", "bytes=300000-", "bytes=500000-"]


def test_a_later_run_continues_what_an_earlier_one_left(tmp_path: Path, server: Server) -> None:
    server.break_after = [300_000, 0]
    with pytest.raises(VivantError, match="ended before the file was complete"):
        store_for(tmp_path, server.url).fetch("thing")
    assert not (tmp_path / "thing.bin").exists()
    server.requests.clear()
    assert store_for(tmp_path, server.url).fetch("thing").read_bytes() == CONTENT
    assert server.requests == ["bytes=300000-"]


def test_a_server_without_ranges_starts_over(tmp_path: Path, server: Server) -> None:
    server.ranges = False
    (tmp_path / "thing.bin.0.part").write_bytes(CONTENT[:1000])
    assert store_for(tmp_path, server.url).fetch("thing").read_bytes() == CONTENT


@pytest.mark.parametrize("rubbish", [b"x" * 1000, b"x" * len(CONTENT)])
def test_rubbish_from_an_earlier_run_is_fetched_again(tmp_path: Path, server: Server, rubbish: bytes) -> None:
    (tmp_path / "thing.bin.0.part").write_bytes(rubbish)
    assert store_for(tmp_path, server.url).fetch("thing").read_bytes() == CONTENT


def test_a_wrong_file_from_the_server_is_never_kept(tmp_path: Path, server: Server) -> None:
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(VivantError, match="wrong hash"):
        store_for(tmp_path, server.url).fetch("thing")
    assert not list(tmp_path.glob("thing.bin")) + list(tmp_path.glob("*.part"))


def test_a_file_longer_than_known_is_cut_off(tmp_path: Path, server: Server) -> None:
    server.content = CONTENT + CONTENT
    with pytest.raises(VivantError, match="more than the 1048576 bytes"):
        store_for(tmp_path, server.url).fetch("thing")
    assert not (tmp_path / "thing.bin").exists()


def test_a_damaged_file_is_not_promised_afresh_where_fetching_is_forbidden(tmp_path: Path, server: Server) -> None:
    (tmp_path / "thing.bin").write_bytes(b"damaged")
    with pytest.raises(VivantError, match="not loaded") as caught:
        store_for(tmp_path, server.url, offline=True).fetch("thing")
    assert "without VIVANT_OFFLINE" in caught.value.remedy


def test_a_damaged_cached_file_is_moved_away_and_not_loaded(tmp_path: Path, server: Server) -> None:
    (tmp_path / "thing.bin").write_bytes(b"damaged")
    store = store_for(tmp_path, server.url)
    assert [row.state for row in describe_models(store)] == ["damaged"]
    with pytest.raises(VivantError, match="not loaded") as caught:
        store.fetch("thing")
    assert "thing.bin.rejected" in caught.value.remedy
    assert not (tmp_path / "thing.bin").exists()
    assert (tmp_path / "thing.bin.rejected").read_bytes() == b"damaged"
    assert store.fetch("thing").read_bytes() == CONTENT


def test_a_cached_file_is_verified_again_by_every_store(tmp_path: Path, server: Server) -> None:
    path = store_for(tmp_path, server.url).fetch("thing")
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(VivantError, match="not loaded"):
        store_for(tmp_path, server.url).fetch("thing")


def test_the_next_source_is_tried_and_all_failures_are_told(tmp_path: Path, server: Server) -> None:
    refused = refused_url()
    assert store_for(tmp_path / "a", refused, server.url).fetch("thing").read_bytes() == CONTENT
    with pytest.raises(VivantError) as caught:
        store_for(tmp_path / "b", refused, "http://nowhere.invalid/x", "ftp://127.0.0.1/x").fetch("thing")
    text = str(caught.value)
    assert f"{refused}: the connection was refused" in text
    assert "http://nowhere.invalid/x: the host's name cannot be resolved" in text
    assert "'ftp' addresses are not supported" in text
    assert str(tmp_path / "b" / "thing.bin") in caught.value.remedy
    assert hashlib.sha256(CONTENT).hexdigest() in caught.value.remedy
    assert "VIVANT_CACHE" in caught.value.remedy


def test_offline_fetches_nothing_but_serves_the_cache(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(VivantError, match="VIVANT_OFFLINE"):
        store_for(tmp_path, server.url, offline=True).fetch("thing")
    assert server.requests == []
    store_for(tmp_path, server.url).fetch("thing")
    assert store_for(tmp_path, server.url, offline=True).fetch("thing").is_file()
    monkeypatch.setenv("VIVANT_OFFLINE", "1")
    assert ModelStore(tmp_path).offline
    monkeypatch.setenv("VIVANT_OFFLINE", "0")
    assert not ModelStore(tmp_path).offline


def test_threads_that_want_the_same_file_fetch_it_once(tmp_path: Path, server: Server) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(store_for(tmp_path, server.url).fetch("thing").read_bytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CONTENT] * 4
    assert len(server.requests) == 1


def test_processes_that_want_the_same_file_fetch_it_once(tmp_path: Path, server: Server) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from vivant.runtime.models import ModelStore\n"
        "from vivant.runtime.model_table import ModelFile\n"
        "folder, url, digest = sys.argv[1:]\n"
        "entry = ModelFile('thing', 'thing.bin', digest, None, '', '', (url,))\n"
        "ModelStore(Path(folder), offline=False, table={'thing': entry}).fetch('thing')\n"
    )
    digest = hashlib.sha256(CONTENT).hexdigest()
    command = [sys.executable, "-c", program, str(tmp_path), server.url, digest]
    running = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    assert (tmp_path / "thing.bin").read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no model or sample") as caught:
        ModelStore(tmp_path).fetch("face_landmaker")
    assert "did you mean 'face_landmarker'" in caught.value.remedy
    assert caught.value.exit_status == 2


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path, server: Server) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VivantError, match="cannot be kept"):
        store_for(tmp_path / "file" / "cache", server.url).fetch("thing")


def test_a_wheel_that_pip_cannot_get_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(VivantError, match=r"wheel:thing==1\.0:data/x: pip: No matching distribution"):
        store_for(tmp_path / "cache", "wheel:thing==1.0:data/x").fetch("thing")


def test_a_member_comes_out_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zipfile

    # a wheel for another system and another Python: only its data is wanted
    wheel = tmp_path / "thing-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing/data.bin", CONTENT)
        archive.writestr(
            "thing-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nRequires-Python: >=3.99\n",
        )
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    store = store_for(tmp_path / "cache", "wheel:thing==1.0:thing/data.bin")
    assert store.fetch("thing").read_bytes() == CONTENT
    with pytest.raises(VivantError, match="no member thing/other"):
        store_for(tmp_path / "other", "wheel:thing==1.0:thing/other").fetch("thing")


def test_the_cache_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIVANT_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("VIVANT_NO_CACHE", raising=False)
    assert build_cache_dir() == tmp_path / "built"
    monkeypatch.setenv("VIVANT_NO_CACHE", "1")
    assert build_cache_dir() is None
    monkeypatch.setenv("VIVANT_NO_CACHE", "0")
    assert build_cache_dir() == tmp_path / "built"
    monkeypatch.delenv("VIVANT_CACHE")
    assert "vivant" in str(default_cache_dir())


def test_the_table_is_sound() -> None:
    for name, entry in known_models().items():
        assert entry.name == name
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.licence and entry.about and entry.sources
        for source in entry.sources:
            assert re.match(r"https://|wheel:[\w-]+==[\w.]+:\S+$", source)
    names = [entry.filename for entry in known_models().values()]
    assert len(set(names)) == len(names)


def test_models_are_listed_with_their_state(tmp_path: Path) -> None:
    rows = describe_models(ModelStore(tmp_path / "nothing"))
    assert {row.state for row in rows} == {"missing"}
    assert "face_landmarker" in [row.name for row in rows]
    assert not (tmp_path / "nothing").exists()


@pytest.fixture(scope="module")
def small_network() -> bytes:
    """A depth network that takes what is bright for near, with enough ballast to be broken off in the middle."""
    weights = numpy_helper.from_array(np.full((1, 3, 1, 1), 1 / 3, np.float32), "w")
    ballast = numpy_helper.from_array(np.random.default_rng(0).random(100_000).astype(np.float32), "ballast")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["depth"])],
        "bright",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)],
        [weights, ballast],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def depth_of_ramp(store: ModelStore, context: Callable[..., NodeContext]) -> np.ndarray:
    """Fetch the network as a node does, and run it."""
    node = DepthOnnx(DepthOnnxParams(model="thing", threads=1))
    node.open(context(fetch=store.fetch))
    pixels = np.repeat(np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))[..., None], 3, axis=2)
    return node.process(DepthOnnxInputs(Packet(Picture(np.ascontiguousarray(pixels)), 0, 0))).depth.values


def test_a_network_is_fetched_resumed_and_run(
    tmp_path: Path, server: Server, small_network: bytes, node_context: Callable[..., NodeContext]
) -> None:
    server.content, server.break_after = small_network, [100_000, 50_000]
    values = depth_of_ramp(store_for(tmp_path, server.url, content=small_network), node_context)
    assert values[:, :3].max() < 0.1 and values[:, -3:].min() > 0.9
    assert server.requests == ["", "bytes=100000-", "bytes=150000-"]
    offline = store_for(tmp_path, server.url, content=small_network, offline=True)
    assert (depth_of_ramp(offline, node_context) == values).all()


def test_a_corrupted_network_is_never_opened(
    tmp_path: Path,
    server: Server,
    small_network: bytes,
    node_context: Callable[..., NodeContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    middle = len(small_network) // 2
    server.content = small_network[:middle] + bytes([small_network[middle] ^ 1]) + small_network[middle + 1 :]
    with monkeypatch.context() as watched:
        watched.setattr("vivant.nodes.depth.depth_network.open_session", lambda *_: pytest.fail("it was opened"))
        with pytest.raises(VivantError, match="wrong hash"):
            depth_of_ramp(store_for(tmp_path, server.url, content=small_network), node_context)
    assert {path.suffix for path in tmp_path.iterdir()} <= {".lock"}
    # the half of a wrong file that an earlier run left is not joined with the rest of the right one
    server.content = small_network
    (tmp_path / "thing.bin.0.part").write_bytes(b"x" * middle)
    values = depth_of_ramp(store_for(tmp_path, server.url, content=small_network), node_context)
    assert values[:, -3:].min() > 0.9
