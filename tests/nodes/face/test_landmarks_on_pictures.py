"""face.landmarks on real pictures: which face is taken, what is no face, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import Emission, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.face.face_choice import Pick
from vivant.nodes.face.landmarks import FaceLandmarks, LandmarksInputs, LandmarksParams, Mode
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.picture import Picture
from vivant.runtime.models import ModelStore

U8 = npt.NDArray[np.uint8]


@pytest.fixture
def tracker(node_context: Callable[..., NodeContext]) -> NodeContext:
    """A context with the face tracker's model from the cache."""
    try:
        model = ModelStore(offline=True).fetch("face_landmarker")
    except VivantError:
        pytest.skip("the model file face_landmarker is not in the cache (`vivant models --fetch`)")
    return node_context(fetch=lambda name: model)


def picture(path: Path) -> U8:
    bgr = cv2.imread(str(path))
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1]).astype(np.uint8)


def look(context: NodeContext, *pictures: U8, **params: Any) -> list[FaceReading | None]:
    node = FaceLandmarks(LandmarksParams(**params))
    node.open(context)
    try:
        made = [
            node.process(LandmarksInputs(Packet(Picture(pixels), t_ns=40_000_000 * i, seq=i)))
            for i, pixels in enumerate(pictures)
        ]
        answers = [*(answer for answer in made if answer is not None), *node.drain()]
        return [(answer.outputs if isinstance(answer, Emission) else answer).face for answer in answers]
    finally:
        node.close(Outcome.DONE)


def test_an_animal_is_no_face(tracker: NodeContext, media: Path) -> None:
    # one tile of its fur reads as a face, and nothing else does
    with pytest.raises(VivantError, match="no face was found"):
        look(tracker, picture(media / "portraits" / "alpaca.jpg"), mode=Mode.STILL, required=True)


@pytest.mark.parametrize(
    ("pick", "centre"),
    [(Pick.LEFTMOST, (260, 125)), (Pick.RIGHTMOST, (737, 365)), (Pick.CENTRE, (478, 265))],
)
def test_of_five_people_the_one_asked_for_is_taken(
    tracker: NodeContext, media: Path, notices: list[str], pick: Pick, centre: tuple[int, int]
) -> None:
    (face,) = look(tracker, picture(media / "portraits" / "group_of_five.jpg"), mode=Mode.STILL, pick=pick)
    assert face is not None
    np.testing.assert_allclose(face.points[:, :2].mean(axis=0), centre, atol=20)
    assert notices == [f"5 faces found in the picture: taking the {pick.value} one"]


def test_a_driver_that_never_shows_a_face_is_told_once(tracker: NodeContext, notices: list[str]) -> None:
    empty = np.full((120, 160, 3), 90, np.uint8)
    assert look(tracker, empty, empty, empty) == [None, None, None]
    assert notices == ["no face was seen in the driver (3 frames looked at): nothing moved"]


def test_a_face_that_goes_away_is_no_news(tracker: NodeContext, media: Path, notices: list[str]) -> None:
    face = picture(media / "portraits" / "bouguereau_child.jpg")
    found = look(tracker, face, np.zeros_like(face))
    assert found[0] is not None
    assert notices == []
