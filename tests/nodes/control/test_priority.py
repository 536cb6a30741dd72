from __future__ import annotations

import numpy as np
import pytest

from vivant.graph.node import Emission
from vivant.graph.packet import Packet, Tick
from vivant.nodes.control.priority import ControlPriority, PriorityInputs, PriorityParams
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

MS = 1_000_000


def motion(weight: float, yaw: float = 0.0, from_neutral: bool = True) -> FaceMotion:
    weights = np.full(52, weight, np.float32)
    turn = rotation_matrix(np.array([0, yaw, 0])).astype(np.float32)
    return FaceMotion(weights, turn, np.zeros(3, np.float32), from_neutral)


class Show:
    """Steps at 50 Hz. A source is what it gives now; `away`: its newest packet stays what it was."""

    def __init__(self, **params: float) -> None:
        self.node = ControlPriority(PriorityParams(**params))
        self.now_ms = 0
        self.held: list[Packet[FaceMotion | None] | None] = [None] * 4
        self.shown: list[FaceMotion | None] = []
        self.times: list[int] = []

    def run(self, ms: int, *sources: FaceMotion | str | None, late_ms: int = 0) -> FaceMotion | None:
        for _ in range(0, ms, 20):
            for rank, source in enumerate(sources):
                if not isinstance(source, str):
                    late = late_ms if rank == 0 else 0
                    self.held[rank] = Packet(source, (self.now_ms - late) * MS, self.now_ms)
            tick = Packet(Tick(self.now_ms * MS, 20 * MS), self.now_ms * MS, -1)
            made = self.node.process(PriorityInputs(tick, *self.held))
            if isinstance(made, Emission):
                self.times.append(made.t_ns // MS)
                made = made.outputs
            self.shown.append(made.motion)
            self.now_ms += 20
        return self.shown[-1]


def weights(shown: list[FaceMotion | None]) -> list[float]:
    assert all(m is not None for m in shown)
    return [float(m.weights[0]) for m in shown if m is not None]


def test_the_first_drives_while_it_is_alive_at_its_own_time() -> None:
    show = Show()
    show.run(1000, motion(0.8), motion(0.2), late_ms=60)
    assert weights(show.shown) == pytest.approx([0.8] * len(show.shown))
    assert show.times[10] == 200 - 60


@pytest.mark.parametrize("gone", ["away", None], ids=["silent", "without a face"])
def test_a_source_that_is_gone_makes_way_and_comes_back_with_cross_fades(gone: str | None) -> None:
    show = Show()
    show.run(1000, motion(0.8), motion(0.2))
    show.run(2000, gone, motion(0.2))
    assert weights(show.shown[-1:]) == [pytest.approx(0.2)]
    show.run(2000, motion(0.8), motion(0.2))
    assert weights(show.shown[-1:]) == [pytest.approx(0.8)]
    shown = np.array(weights(show.shown))
    # 0.6 in half a second, eased: 1.5 times the mean speed at most
    assert np.abs(np.diff(shown)).max() < 1.6 * 0.6 * 20 / 500
    changes = np.flatnonzero(np.diff(shown)) * 20
    assert 1560 <= changes[0] <= 1640  # 0.6 s after its last face
    assert 3260 <= changes[changes > 2500][0] <= 3360  # back for 0.3 s


def test_a_source_that_flickers_does_not_take_over() -> None:
    show = Show()
    show.run(1000, None, motion(0.2))
    for _ in range(10):
        show.run(100, motion(0.8), motion(0.2))
        show.run(900, "away", motion(0.2))
    assert weights(show.shown) == pytest.approx([0.2] * len(show.shown))


def test_nobody_alive_is_nobody() -> None:
    show = Show()
    assert show.run(100) is None
    show.run(500, motion(0.5))
    assert show.run(1500, None) is None
    shown = show.run(40, motion(0.7))
    assert shown is not None and shown.weights[0] == np.float32(0.7)  # nothing to fade from: the puppet itself fades in


def test_turns_pass_over_the_short_way() -> None:
    show = Show()
    show.run(1000, motion(0, 0.4), motion(0, -0.4))
    show.run(2000, None, motion(0, -0.4))
    yaw = np.array([rotation_vector(m.rotation.astype(np.float64))[1] for m in show.shown if m is not None])
    assert yaw[-1] == pytest.approx(-0.4, abs=1e-5)
    assert (np.diff(yaw) <= 1e-6).all()
    for shown in show.shown:
        assert shown is not None
        np.testing.assert_allclose(shown.rotation @ shown.rotation.T, np.eye(3), atol=1e-5)


def test_of_a_source_that_is_not_calibrated_the_first_face_is_neutral() -> None:
    show = Show()
    show.run(100, motion(0, 0.3, from_neutral=False))
    shown = show.run(100, motion(0, 0.5, from_neutral=False))
    assert shown is not None and shown.from_neutral
    assert rotation_vector(shown.rotation.astype(np.float64))[1] == pytest.approx(0.2, abs=1e-5)


def test_a_change_in_the_middle_of_a_fade_goes_on_from_what_is_shown() -> None:
    show = Show(wait_s=0.0)
    show.run(1000, motion(0.8), motion(0.2))
    show.run(800, "away", motion(0.2))
    show.run(1000, motion(0.8), motion(0.2))
    assert np.abs(np.diff(weights(show.shown))).max() < 0.05
