from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.face.calibrate import CalibrateInputs, CalibrateParams, FaceCalibrate
from vivant.nodes.face.calibration import calibration_file, read_calibration
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

FRAME_NS = 33_333_333
TURN = (0.1, 0.25, -0.05)


def face(turn: tuple[float, float, float] = TURN, **weights: float) -> FaceMotion:
    worn = np.zeros(52, np.float32)
    for name, weight in weights.items():
        worn[INDEX[name]] = weight
    return FaceMotion(worn, rotation_matrix(np.array(turn)).astype(np.float32), np.zeros(3, np.float32))


REST = face(browInnerUp=0.2, mouthFrownLeft=0.15, eyeBlinkLeft=0.1, eyeBlinkRight=0.1)


class Driver:
    """Sits before a camera at 30 Hz."""

    def __init__(self, context: NodeContext, device: str | None = None, **params: object) -> None:
        self.node = FaceCalibrate(CalibrateParams(**params))  # type: ignore[arg-type]
        self.node.open(context)
        self.device = None if device is None else Packet(device, 0, 0)
        self.frame = 0

    def show(self, motion: FaceMotion | None, seconds: float = FRAME_NS / 1e9) -> list[FaceMotion]:
        """Return what is told of a face that stays like this."""
        told = []
        for _ in range(max(1, round(seconds * 1e9 / FRAME_NS))):
            packet = Packet(motion, self.frame * FRAME_NS, self.frame)
            self.frame += 1
            given = self.node.process(CalibrateInputs(packet, self.device)).motion
            assert (given is None) == (motion is None)
            if given is not None:
                told.append(given)
        return told

    def close(self) -> None:
        self.node.close(Outcome.DONE)


@pytest.fixture
def sit(node_context: Callable[..., NodeContext], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sit]:
    monkeypatch.setenv("VIVANT_CONFIG", str(tmp_path))

    def sit(
        *, offline: bool = False, acts_offline: bool = False, device: str | None = None, **params: object
    ) -> Driver:
        return Driver(node_context(offline=offline), device, offline=acts_offline, **params)

    yield sit


Sit = Callable[..., Driver]


def weight(motion: FaceMotion, name: str) -> float:
    return float(motion.weights[INDEX[name]])


def angle(motion: FaceMotion) -> npt.NDArray[np.float64]:
    return rotation_vector(motion.rotation.astype(np.float64))


def test_offline_motion_passes_untouched_but_for_the_lids(sit: Sit, tmp_path: Path) -> None:
    lids = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    driver, plain = sit(offline=True, profile="default"), sit(offline=True, profile="default", lids=False)
    for motion in (REST, face(jawOpen=0.5), face(eyeBlinkLeft=0.5), REST):
        (told,), (untouched,) = driver.show(motion), plain.show(motion)
        assert untouched is motion
        assert told is not None
        np.testing.assert_array_equal(np.delete(told.weights, lids), np.delete(motion.weights, lids))
        np.testing.assert_array_equal(told.rotation, motion.rotation)
    (shut,) = driver.show(face(eyeBlinkLeft=0.6, eyeBlinkRight=0.6))
    assert weight(shut, "eyeBlinkLeft") > 0.85  # as closed eyes are read of most people
    driver.close()
    assert not list(tmp_path.iterdir())


def test_offline_it_acts_where_that_is_asked_for_and_keeps_nothing(sit: Sit, tmp_path: Path) -> None:
    driver = sit(offline=True, profile="default", acts_offline=True)
    assert weight(driver.show(REST, 2)[-1], "browInnerUp") == pytest.approx(0, abs=0.01)
    driver.close()
    assert not list(tmp_path.iterdir())


def test_a_performance_is_told_from_neutral_already(sit: Sit) -> None:
    written = FaceMotion(REST.weights, REST.rotation, REST.translation, from_neutral=True)
    assert sit().show(written)[0] is written


def test_no_face_is_no_face(sit: Sit) -> None:
    sit().show(None)


def test_the_first_second_says_what_is_neutral_whatever_happens_in_it(sit: Sit) -> None:
    driver = sit()
    told = driver.show(REST, 0.4) + driver.show(face((0.1, 0.5, 0), jawOpen=0.9, eyeBlinkLeft=0.9), 0.15)
    told += driver.show(REST, 2)
    assert weight(told[-1], "browInnerUp") == pytest.approx(0, abs=0.01)
    np.testing.assert_allclose(angle(told[-1]), 0, atol=0.01)
    jaw = driver.show(face(jawOpen=0.6, browInnerUp=0.2))[-1]
    assert weight(jaw, "jawOpen") == pytest.approx(0.6, abs=0.01)


def test_who_smiles_at_the_start_still_smiles_and_who_looks_aside_still_does(sit: Sit) -> None:
    told = sit().show(face(mouthSmileLeft=0.8, eyeLookOutLeft=0.5), 3)[-1]
    assert weight(told, "mouthSmileLeft") > 0.6
    assert weight(told, "eyeLookOutLeft") == pytest.approx(0.5)


def test_who_speaks_at_the_start_is_not_taken_for_one_with_an_open_mouth(sit: Sit) -> None:
    driver = sit()
    for frame in range(40):
        driver.show(face(jawOpen=0.25 + 0.25 * np.sin(frame), browInnerUp=0.2))
    told = driver.show(face(jawOpen=0.3, browInnerUp=0.2))[-1]
    assert weight(told, "jawOpen") > 0.25
    assert weight(told, "browInnerUp") == pytest.approx(0, abs=0.01)


def test_somebody_else_is_found_out_anew_where_that_is_wanted(sit: Sit) -> None:
    other = face((0.0, -0.2, 0.0), mouthFrownLeft=0.3)
    for renew_s, kept, frown in ((2.0, False, 0.0), (2.0, True, 0.18), (0.0, False, 0.18)):
        driver = sit(renew_s=renew_s)
        driver.show(REST, 2)
        if kept:
            driver.node.command("neutral")
            driver.show(REST, 1.5)
        driver.show(None, 1)
        assert weight(driver.show(other)[-1], "mouthFrownLeft") > 0.1  # back in time: the same one
        driver.show(None, 3)
        assert weight(driver.show(other, 3)[-1], "mouthFrownLeft") == pytest.approx(frown, abs=0.02)
        driver.close()


def test_without_a_time_at_the_start_only_the_turn_of_the_first_frame_counts(sit: Sit) -> None:
    driver = sit(at_start_s=0, lids=False)
    (told,) = driver.show(REST)
    np.testing.assert_allclose(told.weights, REST.weights, atol=1e-6)
    np.testing.assert_allclose(angle(told), 0, atol=1e-6)
    np.testing.assert_allclose(angle(driver.show(face((0, 0, 0)), 1)[-1]), -np.array(TURN), atol=0.02)


def test_a_command_makes_what_the_face_does_then_its_neutral_without_a_jump(sit: Sit, notices: list[str]) -> None:
    driver = sit()
    driver.show(REST, 2)
    slumped = face((0.3, -0.2, 0), browInnerUp=0.4, eyeLookDownLeft=0.3, eyeLookDownRight=0.3)
    before = driver.show(slumped, 0.5)
    driver.node.command("neutral")
    told = [before[-1], *driver.show(slumped, 3)]
    np.testing.assert_allclose(told[-1].weights, 0, atol=0.01)
    np.testing.assert_allclose(angle(told[-1]), 0, atol=0.01)
    steps = [np.linalg.norm(angle(b) - angle(a)) for a, b in itertools.pairwise(told)]
    assert max(steps) < 0.25 * np.linalg.norm(angle(told[0]))
    assert notices == [
        "calibration 1: look ahead with a calm face for 1 s",
        "calibration 1: the neutral face is known",
    ]


def test_a_blink_within_the_second_is_nobodys_neutral(sit: Sit) -> None:
    driver = sit(at_start_s=0)
    driver.show(REST, 1)
    driver.node.command("neutral")
    driver.show(REST, 0.4)
    driver.show(face(eyeBlinkLeft=0.9, eyeBlinkRight=0.9, mouthPucker=0.7), 0.2)
    driver.show(REST, 2)
    assert weight(driver.show(face(mouthPucker=0.5))[0], "mouthPucker") == pytest.approx(0.5, abs=0.01)
    assert weight(driver.show(REST)[0], "eyeBlinkLeft") < 0.05


def test_lids_that_never_read_closed_close(sit: Sit) -> None:
    driver = sit()
    driver.show(REST, 2)
    driver.node.command("closed")
    driver.show(face(eyeBlinkLeft=0.55, eyeBlinkRight=0.7), 1.2)
    (told,) = driver.show(face(eyeBlinkLeft=0.55, eyeBlinkRight=0.35))
    assert weight(told, "eyeBlinkLeft") == pytest.approx(1, abs=0.02)
    assert 0.3 < weight(told, "eyeBlinkRight") < 0.6


def test_what_was_asked_for_is_kept_for_this_user_and_camera(sit: Sit, notices: list[str]) -> None:
    driver = sit(profile="default", device="cam A")
    driver.show(REST, 2)
    driver.node.command("neutral")
    driver.show(REST, 1.5)
    file = calibration_file("default", "cam A")
    kept = read_calibration(file)
    assert kept is not None and kept.neutral is not None
    assert str(file) in notices[-1]
    driver.close()
    turned = face((0.1, 0.5, 0), browInnerUp=0.2)
    again = sit(profile="default", device="cam A").show(turned)[0]
    assert weight(again, "browInnerUp") == pytest.approx(0, abs=0.01)
    assert abs(angle(again)[1] - 0.25) < 0.03
    for other in (sit(profile="default", device="cam B"), sit(profile="ann", device="cam A"), sit(device="cam A")):
        np.testing.assert_allclose(angle(other.show(turned)[0]), 0, atol=1e-6)


def test_a_command_before_the_first_face_is_not_lost(sit: Sit) -> None:
    driver = sit(profile="default", device="cam A")
    driver.node.command("neutral")
    driver.show(None, 1)
    driver.show(REST, 1.5)
    kept = read_calibration(calibration_file("default", "cam A"))
    assert kept is not None and kept.neutral is not None


def test_what_the_first_second_said_is_not_kept_but_lids_are(sit: Sit) -> None:
    driver = sit(profile="default")
    driver.show(REST, 30)
    driver.close()
    kept = read_calibration(calibration_file("default", ""))
    assert kept is not None
    assert kept.neutral is None
    assert kept.lid("Left").open > 0.02


@pytest.mark.parametrize("content", [b"{", b'{"version": 99}', b"\x00" * 10])
def test_a_file_that_cannot_be_read_is_one_line_and_only_a_command_replaces_it(
    sit: Sit, notices: list[str], content: bytes
) -> None:
    file = calibration_file("default", "")
    file.parent.mkdir()
    file.write_bytes(content)
    driver = sit(profile="default")
    driver.show(REST, 3)
    driver.close()
    (line,) = notices
    assert "cannot be used" in line and str(file) in line and "\n" not in line
    assert file.read_bytes() == content
    driver = sit(profile="default")
    driver.show(REST, 1)
    driver.node.command("neutral")
    driver.show(REST, 1.5)
    kept = read_calibration(file)
    assert kept is not None and kept.neutral is not None


def test_a_folder_that_cannot_be_written_is_one_line(sit: Sit, notices: list[str], tmp_path: Path) -> None:
    (tmp_path / "calibration").write_text("in the way")
    driver = sit(profile="default")
    driver.show(REST, 1)
    driver.node.command("neutral")
    told = driver.show(REST, 2)
    assert weight(told[-1], "browInnerUp") < 0.02
    assert any("cannot be kept" in line for line in notices)


def test_forget_begins_anew_and_deletes_the_file(sit: Sit) -> None:
    driver = sit(profile="default")
    driver.show(REST, 1)
    driver.node.command("neutral")
    driver.show(REST, 1.5)
    driver.node.command("forget")
    assert not calibration_file("default", "").exists()
    turned = face((0, -0.4, 0), jawOpen=0.2)
    np.testing.assert_allclose(angle(driver.show(turned)[0]), 0, atol=1e-6)


def test_a_face_that_was_away_is_measured_anew(sit: Sit) -> None:
    driver = sit(at_start_s=0)
    driver.show(REST, 1)
    driver.node.command("neutral")
    driver.show(face(jawOpen=0.5), 0.7)
    driver.show(None, 2)
    driver.show(REST, 1.5)
    assert weight(driver.show(face(jawOpen=0.4))[0], "jawOpen") == pytest.approx(0.4, abs=0.02)
