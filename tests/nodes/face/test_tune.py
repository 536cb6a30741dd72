from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from vivant.graph.packet import Packet
from vivant.nodes.face.tune import FaceTune, TuneInputs, TuneParams
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.motion import FaceMotion

MS = 1_000_000


def params(**shapes: dict[str, Any]) -> TuneParams:
    return TuneParams.model_validate_json(json.dumps({"shapes": shapes}), strict=True)


def motion(**weights: float) -> FaceMotion:
    worn = np.zeros(52, np.float32)
    for name, weight in weights.items():
        worn[INDEX[name]] = weight
    return FaceMotion(worn, np.eye(3, dtype=np.float32), np.zeros(3, np.float32), from_neutral=True)


def told(node: FaceTune, given: FaceMotion | None, ms: int = 0) -> FaceMotion:
    made = node.process(TuneInputs(Packet(given, ms * MS, ms))).motion
    assert made is not None
    return made


def test_without_a_table_motion_passes_as_it_is() -> None:
    given = motion(jawOpen=0.3)
    assert told(FaceTune(TuneParams()), given) is given


@pytest.mark.parametrize("read", [0.0, 0.1, 0.35, 0.6, 0.9, 1.0])
def test_input_range_curve_and_output_range_follow_one_another(read: float) -> None:
    node = FaceTune(params(jawOpen={"input": [0.1, 0.6], "output": [0.2, 0.8], "curve": 2}))
    share = min(1.0, max(0.0, (read - 0.1) / 0.5))
    tuned = told(node, motion(jawOpen=read, mouthPucker=read))
    assert tuned.weights[INDEX["jawOpen"]] == pytest.approx(0.2 + 0.6 * share**2, abs=1e-6)
    assert tuned.weights[INDEX["mouthPucker"]] == np.float32(read)
    assert tuned.from_neutral


def test_an_output_may_be_turned_round() -> None:
    node = FaceTune(params(jawOpen={"output": [1, 0]}))
    assert told(node, motion(jawOpen=0.25)).weights[INDEX["jawOpen"]] == 0.75


def test_a_name_without_its_side_speaks_of_both_and_one_with_it_wins() -> None:
    node = FaceTune(params(mouthSmile={"output": [0, 0.5]}, mouthSmileLeft={"output": [0, 1]}))
    weights = told(node, motion(mouthSmileLeft=0.8, mouthSmileRight=0.8)).weights
    assert weights[INDEX["mouthSmileLeft"]] == pytest.approx(0.8)
    assert weights[INDEX["mouthSmileRight"]] == pytest.approx(0.4)


def test_smoothing_has_its_time_constant_by_capture_time_and_is_the_shapes_own() -> None:
    node = FaceTune(params(jawOpen={"smooth_ms": 100}, mouthPucker={}))
    told(node, motion())
    for ms in (40, 100):
        now = told(node, motion(jawOpen=1.0, mouthPucker=1.0), ms)
    assert now.weights[INDEX["jawOpen"]] == pytest.approx(1 - np.exp(-1), abs=1e-5)
    assert now.weights[INDEX["mouthPucker"]] == 1
    assert told(node, motion(jawOpen=0.2), 1000).weights[INDEX["jawOpen"]] == pytest.approx(0.2)  # after a silence


def test_no_face_begins_anew() -> None:
    node = FaceTune(params(jawOpen={"smooth_ms": 500}))
    told(node, motion())
    assert node.process(TuneInputs(Packet(None, 30 * MS, 1))).motion is None
    assert told(node, motion(jawOpen=1.0), 60).weights[INDEX["jawOpen"]] == 1


def test_another_table_is_taken_over() -> None:
    node = FaceTune(params(jawOpen={"smooth_ms": 100}))
    told(node, motion())
    node.update(params(mouthPucker={"output": [0, 0.5]}))
    weights = told(node, motion(jawOpen=1.0, mouthPucker=1.0), 30).weights
    assert (weights[INDEX["jawOpen"]], weights[INDEX["mouthPucker"]]) == (1, 0.5)


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        ({"jawOpem": {}}, "did you mean 'jawOpen'"),
        ({"jawOpen": {"input": [0.5, 0.5]}}, "larger than the first"),
        ({"jawOpen": {"input": [0, 2]}}, "less than or equal to 1"),
        ({"jawOpen": {"curve": 0}}, "0.2"),
        ({"jawOpen": {"gain": 2}}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(shapes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        params(**shapes)
