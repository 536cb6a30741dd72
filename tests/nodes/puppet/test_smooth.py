"""The trade of lag and calm, measured with synthetic signals: tracked at 30 Hz, 20 ms late, shown at 60 Hz.

What `measured` gives on the whole scale (noise: RMS at rest over that of the input; blink: shown height of one of
150 ms; lag: from the true motion to what is shown, by the best fit, tracking included; judder: second differences
of what is shown over those of the truth):

    calm   noise  blink  lag    judder
    0      1.00   1.00   28 ms  7.0
    0.3    0.69   0.96   39 ms  3.0
    0.5    0.61   0.96   45 ms  1.4
    0.7    0.53   0.90   52 ms  1.0
    1      0.50   0.95   64 ms  1.5

The default is 0.5: from there on calm costs more lag than it gives.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet, Tick
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector
from vivant.nodes.puppet.motion_track import MotionTrack
from vivant.nodes.puppet.smooth import PuppetSmooth, SmoothInputs, SmoothParams

MS = 1_000_000
TRACKED, SHOWN = 33_333_333, 16_666_667
LATE = 20 * MS
F64 = npt.NDArray[np.float64]
Signal = Callable[[float], float]


def motion(weight: float, yaw: float = 0.0) -> FaceMotion:
    weights = np.zeros(52, np.float32)
    weights[0] = weight
    return FaceMotion(weights, rotation_matrix(np.array([0, yaw, 0])).astype(np.float32), np.zeros(3, np.float32))


def shown(calm: float, truth: Signal, noise: float = 0.0, seconds: float = 12) -> tuple[F64, F64]:
    """Return moments in seconds and the weight that is shown then."""
    rng = np.random.default_rng(1)
    node = PuppetSmooth(SmoothParams(calm=calm))
    came: Packet[FaceMotion | None] = Packet(None, 0, -1)
    times, values = list[float](), list[float]()
    for frame in range(int(seconds * 60)):
        now = LATE + frame * SHOWN
        while (came.seq + 1) * TRACKED + LATE <= now:
            seq = came.seq + 1
            weight = float(np.clip(truth(seq * TRACKED / 1e9) + rng.normal(0, noise), 0, 1))
            came = Packet(motion(weight), seq * TRACKED, seq)
        given = node.process(SmoothInputs(Packet(Tick(now, SHOWN), now, -1 - frame), came)).motion
        assert given is not None
        times.append(now / 1e9)
        values.append(float(given.weights[0]))
    return np.array(times), np.array(values)


def blink(t_s: float) -> float:
    """Closed for a moment every 1.5 s, 150 ms from open to open."""
    return max(0.0, 1 - abs(t_s % 1.5 - 0.7) / 0.075)


def speech(t_s: float) -> float:
    return float(0.5 + 0.25 * np.sin(4 * np.pi * t_s) + 0.15 * np.sin(6.6 * np.pi * t_s + 1))


def noise_at_rest(calm: float) -> float:
    return float(shown(calm, lambda t: 0.5, 0.02)[1][30:].std() / 0.02)


def height_of_blinks(calm: float) -> float:
    times, values = shown(calm, blink)
    return float(np.mean([values[np.abs(times - 0.75 - 1.5 * n) < 0.25].max() for n in range(7)]))


def lag_ms(calm: float) -> float:
    times, values = shown(calm, speech)
    lags = np.arange(0, 0.15, 0.001)
    faults = [np.mean((values[60:] - [speech(t - lag) for t in times[60:]]) ** 2) for lag in lags]
    return float(1000 * lags[int(np.argmin(faults))])


def judder(calm: float) -> float:
    times, values = shown(calm, speech)
    return float(np.diff(values[60:], 2).std() / np.diff([speech(t) for t in times[60:]], 2).std())


def test_without_calm_the_tracker_is_shown_to_the_letter() -> None:
    assert noise_at_rest(0) == pytest.approx(1, abs=0.1)
    assert height_of_blinks(0) > 0.95
    assert lag_ms(0) <= LATE / MS + 10


def test_the_default_calms_and_fills_in_at_the_cost_of_half_a_frame_of_the_camera() -> None:
    calm = SmoothParams().calm
    assert noise_at_rest(calm) <= 0.7
    assert height_of_blinks(calm) >= 0.9
    assert lag_ms(calm) - lag_ms(0) <= TRACKED / MS / 2 + 3
    assert judder(calm) <= judder(0) / 4


def test_more_calm_is_less_noise_and_more_lag() -> None:
    scale = (0.0, 0.3, 0.6, 1.0)
    noises, lags = [noise_at_rest(calm) for calm in scale], [lag_ms(calm) for calm in scale]
    assert noises == sorted(noises, reverse=True)
    assert lags == sorted(lags)
    assert height_of_blinks(1) >= 0.75


def test_turns_are_filled_in_too() -> None:
    node = PuppetSmooth(SmoothParams(calm=0.5))
    yaws = []
    for frame in range(40):
        seq = frame // 2
        now = LATE + frame * SHOWN
        packet: Packet[FaceMotion | None] = Packet(motion(0, 0.02 * seq), seq * TRACKED, seq)
        given = node.process(SmoothInputs(Packet(Tick(now, SHOWN), now, -1), packet)).motion
        assert given is not None
        yaws.append(rotation_vector(given.rotation.astype(np.float64))[1])
    steps = np.diff(yaws[10:])
    np.testing.assert_allclose(steps, 0.01, atol=0.002)


def test_a_lost_face_is_passed_on_and_what_comes_after_it_begins_anew() -> None:
    node = PuppetSmooth(SmoothParams(calm=1))

    def step(now: int, value: FaceMotion | None) -> FaceMotion | None:
        return node.process(SmoothInputs(Packet(Tick(now, 0), now, -1), Packet(value, now, 0))).motion

    assert step(0, motion(0.2)) is not None
    assert step(33 * MS, None) is None
    back = step(66 * MS, motion(0.9))
    assert back is not None
    assert back.weights[0] == pytest.approx(0.9)


def test_after_a_long_silence_or_a_step_back_nothing_is_drawn_between() -> None:
    for later in (2000 * MS, 10 * MS):
        node = PuppetSmooth(SmoothParams(calm=1))
        first: Packet[FaceMotion | None] = Packet(motion(0.1), 50 * MS, 0)
        node.process(SmoothInputs(Packet(Tick(50 * MS, 0), 0, -1), first))
        second: Packet[FaceMotion | None] = Packet(motion(0.8), later, 1)
        given = node.process(SmoothInputs(Packet(Tick(2000 * MS, 0), 0, -1), second)).motion
        assert given is not None
        assert given.weights[0] == pytest.approx(0.8)


def test_offline_each_frame_shows_what_was_tracked_in_it(node_context: Callable[..., NodeContext]) -> None:
    node = PuppetSmooth(SmoothParams(calm=1))
    node.open(node_context(offline=True))
    for seq in range(60):
        t = seq * TRACKED
        packet: Packet[FaceMotion | None] = Packet(motion(0.01 * seq), t, seq)
        given = node.process(SmoothInputs(Packet(Tick(t, TRACKED), t, -1), packet)).motion
        assert given is packet.value


def test_another_calm_takes_effect_at_once() -> None:
    node = PuppetSmooth(SmoothParams(calm=1))
    slow: FaceMotion | None = None
    packet: Packet[FaceMotion | None] = Packet(None, 0, -1)
    for seq, weight in enumerate((0.0, 0.0, 0.0, 1.0)):
        packet = Packet(motion(weight), seq * TRACKED, seq)
        slow = node.process(SmoothInputs(Packet(Tick(seq * TRACKED, 0), 0, -1), packet)).motion
    assert slow is not None
    assert slow.weights[0] < 0.9
    node.update(SmoothParams(calm=0))
    quick = node.process(SmoothInputs(Packet(Tick(4 * TRACKED, 0), 0, -1), packet)).motion
    assert quick is not None
    assert quick.weights[0] == 1


def test_details_and_scores_pass_and_are_interpolated() -> None:
    track = MotionTrack(None)
    still = FaceMotion(np.zeros(52, np.float32), np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    for t_ns, value in ((0, 0.0), (40_000_000, 1.0)):
        details, scores = np.full((5, 2), value, np.float32), np.full(52, value, np.float32)
        track.take(t_ns, dataclasses.replace(still, details=details, scores=scores), t_ns)
    between = track.at(60_000_000, 1.0)
    assert between.details is not None and between.scores is not None
    np.testing.assert_allclose(between.details, 0.5, atol=1e-6)
    np.testing.assert_allclose(between.scores, 0.5, atol=1e-6)
    track.take(80_000_000, still, 80_000_000)  # a source that knows no details takes over
    assert track.at(120_000_000, 1.0).details is None
