from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.face.matte import FaceMatte, MatteInputs, MatteParams
from vivant.nodes.face.matte_edges import align_to_picture, close_gaps
from vivant.nodes.formats.picture import Picture
from vivant.runtime.models import ModelStore

PORTRAITS = Path(__file__).parents[2].resolve().parent / "shared" / "media" / "portraits"


def context_for(path: Path, notices: list[str]) -> NodeContext:
    return NodeContext(
        now_ns=lambda: 0,
        base_dir=Path(),
        fetch=lambda _: path,
        notice=notices.append,
        connected=frozenset({"matte"}),
        offline=True,
    )


def inputs_of(pixels: npt.NDArray[np.uint8]) -> MatteInputs:
    return MatteInputs(Packet(Picture(pixels), 0, 0))


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        return ModelStore(offline=True).fetch("selfie_segmenter")
    except VivantError as error:
        pytest.skip(f"the segmenter is not in the cache: {error.what}")


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def node(model: Path, notices: list[str]) -> Iterator[FaceMatte]:
    node = FaceMatte(MatteParams())
    node.open(context_for(model, notices))
    yield node
    node.close(Outcome.DONE)


def test_a_matte_has_the_size_of_the_picture(node: FaceMatte, notices: list[str]) -> None:
    for size in ((1, 1), (37, 211), (480, 640)):
        grey = np.full((*size, 3), 128, np.uint8)
        values = node.process(inputs_of(grey)).matte.values
        assert values.shape == size
        assert values.dtype == np.float32
        assert values.min() >= 0 and values.max() <= 1
    assert "no person" in notices[-1]


def test_the_picture_s_own_alpha_is_used() -> None:
    node = FaceMatte(MatteParams())  # never opened: no model is needed
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[1:3, 2:5, 3] = 255
    pixels[0, 0, 3] = 51
    values = node.process(inputs_of(pixels)).matte.values
    np.testing.assert_allclose(values, pixels[..., 3] / 255, atol=1e-6)
    assert values.dtype == np.float32


def test_an_alpha_that_says_nothing_is_ignored(node: FaceMatte) -> None:
    opaque = np.full((64, 64, 4), 255, np.uint8)
    assert node.process(inputs_of(opaque)).matte.values.max() < 0.5


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tflite"
    wrong.write_bytes(b"not a model")
    with pytest.raises(VivantError, match="cannot be loaded"):
        FaceMatte(MatteParams()).open(context_for(wrong, []))


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [  # places in the picture as shares of its width and height: on the person, and off it
        ("astronaut.png", [(0.45, 0.2), (0.45, 0.1), (0.3, 0.7)], [(0.1, 0.1), (0.75, 0.1), (0.9, 0.5)]),
        ("warrior.jpg", [(0.5, 0.27), (0.5, 0.5), (0.3, 0.9)], [(0.1, 0.3), (0.8, 0.4), (0.5, 0.05)]),
        ("cartoon_boy.jpg", [(0.5, 0.1), (0.5, 0.5), (0.2, 0.55)], [(0.05, 0.5), (0.95, 0.2), (0.2, 0.9)]),
        (
            "bouguereau_child.jpg",
            [(0.5, 0.16), (0.5, 0.4), (0.3, 0.6)],
            [(0.2, 0.2), (0.8, 0.3), (0.05, 0.9)],
        ),
        ("mona_lisa.jpg", [(0.55, 0.2), (0.5, 0.45), (0.2, 0.8)], [(0.1, 0.1), (0.9, 0.2), (0.05, 0.4)]),
    ],
)
def test_people_in_photo_painting_statue_and_cartoon(
    node: FaceMatte, name: str, inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    import cv2

    path = PORTRAITS / name
    if not path.is_file():
        pytest.skip("no folder ../shared with test pictures")
    loaded = cv2.imread(str(path))
    assert loaded is not None
    pixels = np.ascontiguousarray(loaded[..., ::-1], np.uint8)
    values = node.process(inputs_of(pixels)).matte.values
    height, width = values.shape
    for x, y in inside:
        assert values[int(y * height), int(x * width)] > 0.95
    for x, y in outside:
        assert values[int(y * height), int(x * width)] < 0.05
    # mostly decided: only a thin seam is soft
    assert ((values > 0.05) & (values < 0.95)).mean() < 0.05


def test_a_stream_is_steadied_but_follows_a_move(model: Path) -> None:
    # the segmenter sees a person who fades a little, then jumps away: played through the node's own filter
    node = FaceMatte(MatteParams.model_validate({"mode": "stream", "steadiness": 0.5}))
    first = np.full((8, 8), 0.6, np.float32)
    assert node._steady(first)[0, 0] == pytest.approx(0.6)
    assert node._steady(np.full((8, 8), 0.5, np.float32))[0, 0] == pytest.approx(0.545)
    gone = node._steady(np.zeros((8, 8), np.float32))[0, 0]
    assert gone < 0.15
    assert node._steady(np.ones((4, 8), np.float32)).min() == 1  # another size: nothing to hold


def test_holes_are_filled_and_specks_removed() -> None:
    confidence = np.zeros((200, 200), np.float32)
    confidence[40:, 50:150] = 0.9
    confidence[100:110, 90:100] = 0.1  # a hole
    confidence[60:130, 55:85] = 0.0  # too large for a hole: the background shows
    confidence[5:9, 5:9] = 1.0  # a speck
    closed = close_gaps(confidence)
    assert (closed[100:110, 90:100] == 1).all()
    assert (closed[60:130, 55:85] == 0).all()
    assert (closed[5:9, 5:9] == 0).all()
    assert (confidence[5:9, 5:9] == 1).all()  # the input is left alone


def test_the_edge_moves_to_the_picture_s_edge() -> None:
    rng = np.random.default_rng(5)
    colours = np.full((256, 256, 3), 60, np.float64)
    colours[:, 128:] = 190
    picture = np.clip(colours + rng.normal(0, 3, colours.shape), 0, 255).astype(np.uint8)
    matte = np.zeros((256, 256), np.float32)
    matte[:, 130:] = 1  # two pixels off, as a coarse segmenter is
    aligned = align_to_picture(matte, picture)
    truth = np.zeros((256, 256), np.float32)
    truth[:, 128:] = 1
    assert np.abs(aligned - truth).mean() < 0.35 * np.abs(matte - truth).mean()
    assert (aligned[:, :110] == 0).all() and (aligned[:, 150:] == 1).all()
    for constant in (np.zeros, np.ones):
        assert (align_to_picture(constant((256, 256), np.float32), picture) == constant((256, 256))).all()


def test_a_large_picture_is_aligned_through_a_smaller_copy() -> None:
    picture = np.full((400, 3000, 3), 60, np.uint8)
    picture[:, 1500:] = 190
    matte = np.zeros((400, 3000), np.float32)
    matte[:, 1510:] = 1
    aligned = align_to_picture(matte, picture)
    assert aligned.shape == matte.shape and aligned.dtype == np.float32
    assert aligned[:, 1490].max() < 0.1 and aligned[:, 1505].min() > 0.9
