from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
from vivant.nodes.face import head_depth, head_fit
from vivant.nodes.face.fit import FaceFit, FitInputs, FitParams, Mode
from vivant.nodes.face.matte import FaceMatte, MatteInputs, MatteParams
from vivant.nodes.formats.build_cache import BuildCache, code_version, key_of
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.puppet import assembly
from vivant.nodes.puppet.build import BuildInputs, BuildParams, PuppetBuild
from vivant.nodes.puppet.puppet_arrays import from_arrays, to_arrays

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


def some(seed: int, count: int = 1000) -> dict[str, npt.NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return {"a": rng.normal(size=count).astype(np.float32), "b/c": rng.integers(0, 255, (3, count), np.uint8)}


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path / "deep" / "er")
    assert cache.load("k") is None
    assert cache.store("k", some(1))
    loaded = BuildCache(tmp_path / "deep" / "er").load("k")
    assert loaded is not None and loaded.keys() == some(1).keys()
    for name, array in some(1).items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype
    assert [p.name for p in (tmp_path / "deep" / "er").iterdir()] == ["k.npz"]


@pytest.mark.parametrize("keep", [0, 1, 60, 4000])
def test_a_damaged_file_is_none_and_goes(tmp_path: Path, keep: int) -> None:
    cache = BuildCache(tmp_path)
    cache.store("k", some(1))
    path = tmp_path / "k.npz"
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.load("k") is None
    assert not path.exists()
    path.write_bytes(b"\x00" * keep)
    assert cache.load("k") is None


def test_flipped_bits_raise_nothing(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path)
    cache.store("k", some(1, 20))
    path = tmp_path / "k.npz"
    whole = path.read_bytes()
    for place in range(len(whole)):
        for flipped in (0x01, 0x08, 0xFF):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flipped]) + whole[place + 1 :])
            loaded = cache.load("k")
            assert loaded is None or len(loaded) <= 2


STORING = """
import sys
from pathlib import Path
import numpy as np
from vivant.nodes.formats.build_cache import BuildCache
for _ in range(200):
    assert BuildCache(Path(sys.argv[1]), most_bytes=12_000).store("k", {"a": np.full(1000, int(sys.argv[2]))})
"""


def test_two_processes_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    others = [subprocess.Popen([sys.executable, "-c", STORING, folder, str(value)]) for value in (1, 2)]
    seen = set()
    while any(other.poll() is None for other in others):
        loaded = BuildCache(folder).load("k")
        if loaded is not None:
            values = np.unique(loaded["a"]).tolist()
            assert len(values) == 1  # one or the other, never a mixture
            seen |= set(values)
    assert [other.returncode for other in others] == [0, 0]
    assert seen and seen <= {1, 2}
    assert [p.name for p in folder.iterdir()] == ["k.npz"]


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "k.npz", a=np.array([{"no": 1}], object))
    assert BuildCache(tmp_path).load("k") is None


def test_what_was_not_used_longest_goes_first(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path, most_bytes=25_000)
    for number, key in enumerate(("old", "used", "new")):
        cache.store(key, some(number))
        os.utime(tmp_path / f"{key}.npz", (1000 + number, 1000 + number))
    assert cache.load("old") is not None  # it is young again
    cache.store("last", some(9))
    left = {p.stem for p in tmp_path.iterdir()}
    assert "used" not in left and {"old", "last"} <= left
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 25_000
    assert cache.store("huge", some(3, 100_000))  # larger than all: it is kept alone
    assert {p.stem for p in tmp_path.iterdir()} == {"huge"}


def test_abandoned_parts_go_and_those_of_now_stay(tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(b"1")
    (tmp_path / "y.part").write_bytes(b"2")
    (tmp_path / "mine.txt").write_bytes(b"3")
    long_ago = (tmp_path / "y.part").stat().st_mtime - 9000
    os.utime(tmp_path / "x.part", (long_ago, long_ago))
    BuildCache(tmp_path).store("k", some(1))
    assert {p.name for p in tmp_path.iterdir()} == {"y.part", "mine.txt", "k.npz"}


def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = BuildCache(tmp_path / "file")
    assert not cache.store("k", some(1))
    assert cache.load("k") is None


def test_keys_tell_contents_apart() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    parts: list[tuple[object, ...]] = [
        (image,), (image.reshape(4, 3),), (image.astype(np.int8),), (image + 1,), (image, None), (None, image),
        ("a", "bc"), ("ab", "c"), (1,), (1.0,), (True,), ("1",), (b"1",), ((1, 2), 3), (1, (2, 3)), ({"a": 1},),
        ({"a": 2},), (Role.BODY,), (Role.SKIN,),
        (DepthMap(np.zeros((2, 2), np.float32), 1, 0),), (DepthMap(np.zeros((2, 2), np.float32), 0, 1),),
    ]  # fmt: skip
    keys = [key_of(*p) for p in parts]
    assert len(set(keys)) == len(keys)
    assert key_of(image, "a") == key_of(np.asfortranarray(image), "a")
    with pytest.raises(TypeError, match="object"):
        key_of(object())
    assert code_version() == code_version() and len(code_version()) == 40


def test_a_puppet_survives(portrait_puppet: Puppet, tmp_path: Path) -> None:
    cache = BuildCache(tmp_path)
    cache.store("k", to_arrays(portrait_puppet))
    stored = cache.load("k")
    assert stored is not None
    again = from_arrays(stored)
    assert key_of(again) == key_of(portrait_puppet)  # every field, every bit
    assert again.turn_limits == portrait_puppet.turn_limits and isinstance(again.size, tuple)
    assert again.bone("jaw") == portrait_puppet.bone("jaw")


def test_the_second_build_comes_from_the_cache(
    node_context: Callable[..., NodeContext],
    portrait_pixels: U8,
    portrait_fit: HeadFit,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def built(pixels: U8) -> Puppet:
        node = PuppetBuild(BuildParams())
        node.open(node_context(cache_dir=tmp_path / "cache"))
        inputs = BuildInputs(
            Packet(portrait_depth, 0, 0), Packet(Picture(pixels), 0, 0), Packet(portrait_fit, 0, 0),
            Packet(Matte(portrait_matte), 0, 0),
        )  # fmt: skip
        made = node.process(inputs)
        assert made is not None
        return made.puppet

    first = built(portrait_pixels)

    def fails(*_: object) -> Puppet:
        raise AssertionError("built anew")

    monkeypatch.setattr(assembly, "assemble", fails)
    assert key_of(built(portrait_pixels)) == key_of(first)
    with pytest.raises(AssertionError, match="anew"):
        built(np.ascontiguousarray(255 - portrait_pixels))


def test_a_file_that_is_no_puppet_is_written_over(
    node_context: Callable[..., NodeContext],
    portrait_pixels: U8,
    portrait_fit: HeadFit,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    tmp_path: Path,
) -> None:
    key = key_of(code_version(), "puppet", portrait_pixels, portrait_fit, portrait_matte, portrait_depth)
    cache = BuildCache(tmp_path / "puppets")
    cache.store(key, some(1))
    node = PuppetBuild(BuildParams())
    node.open(node_context(cache_dir=tmp_path))
    inputs = BuildInputs(
        Packet(portrait_depth, 0, 0), Packet(Picture(portrait_pixels), 0, 0), Packet(portrait_fit, 0, 0),
        Packet(Matte(portrait_matte), 0, 0),
    )  # fmt: skip
    made = node.process(inputs)
    assert made is not None
    stored = cache.load(key)
    assert stored is not None and key_of(from_arrays(stored)) == key_of(made.puppet)


Makes = Callable[[NodeContext], Any]


@pytest.fixture(params=["relief", "fit", "matte"])
def made(
    request: pytest.FixtureRequest,
    portrait_fit: HeadFit,
    portrait_matte: F32,
    portrait_pixels: U8,
    reading_of: Callable[[HeadFit], FaceReading],
    model: Callable[[str], Path],
) -> Makes:
    """What a portrait's parts are made by, before its puppet."""

    def relief(context: NodeContext) -> Any:
        node = DepthRelief(ReliefParams())
        node.open(context)
        found = node.process(ReliefInputs(Packet(Matte(portrait_matte), 0, 0), Packet(portrait_fit, 0, 0)))
        return found and found.depth

    def fit(context: NodeContext) -> Any:
        node = FaceFit(FitParams(mode=Mode.STILL))
        node.open(context)
        return node.process(FitInputs(Packet(reading_of(portrait_fit), 0, 0))).head

    def matte(context: NodeContext) -> Any:
        node = FaceMatte(MatteParams())
        node.open(dataclasses.replace(context, fetch=model))
        # what the network says of drawn numbers is of no interest: somebody is there
        node._segment = lambda rgb: portrait_matte.copy()  # type: ignore[method-assign]
        return node.process(MatteInputs(Packet(Picture(portrait_pixels), 0, 0))).matte

    return {"relief": relief, "fit": fit, "matte": matte}[str(request.param)]


def test_parts_come_from_the_same_cache_bit_for_bit(
    node_context: Callable[..., NodeContext], made: Makes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = made(node_context())
    assert not list(tmp_path.rglob("*.npz"))
    context = node_context(cache_dir=tmp_path)
    first = made(context)
    assert [path.parent.name for path in tmp_path.rglob("*.npz")] == ["puppets"]

    def fails(*_: object) -> None:
        raise AssertionError("made anew")

    monkeypatch.setattr(head_depth, "person_depth", fails)
    monkeypatch.setattr(head_fit.HeadFitter, "fit", fails)
    monkeypatch.setattr("vivant.nodes.face.matte.close_gaps", fails)
    again = made(context)
    assert key_of(again) == key_of(first) == key_of(plain)
    with pytest.raises(AssertionError, match="anew"):
        made(node_context())


@pytest.mark.parametrize("damage", ["cut", "foreign", "other shape"])
def test_damaged_and_foreign_files_of_parts_are_written_over(
    node_context: Callable[..., NodeContext], made: Makes, tmp_path: Path, damage: str
) -> None:
    context = node_context(cache_dir=tmp_path)
    first = made(context)
    (path,) = tmp_path.rglob("*.npz")
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "foreign":
        BuildCache(path.parent).store(path.stem, some(1))
    else:
        with np.load(path) as stored:
            arrays = {name: np.concatenate([stored[name].ravel(), [0]]) for name in stored.files}
        BuildCache(path.parent).store(path.stem, arrays)
    assert key_of(made(context)) == key_of(first)
    stored_again = BuildCache(path.parent).load(path.stem)
    assert stored_again is not None and set(stored_again) == {f.name for f in dataclasses.fields(first)}
