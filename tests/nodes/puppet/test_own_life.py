"""A driver at 30 Hz, whose face is hidden for 3 s, in each of the three modes; shown at 60 Hz."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.puppet.own_life import Absence, OwnLife, OwnLifeParams
from vivant.nodes.puppet.worn import Worn

MS = 1_000_000
LOST_MS, BACK_MS, END_MS = 2000, 5000, 7000
LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
JAW = INDEX["jawOpen"]


def driven(ms: int) -> Worn:
    """A head that turns to and fro and speaks."""
    weights = np.zeros(52, np.float32)
    weights[JAW] = 0.4 + 0.3 * np.sin(ms / 100)
    weights[LIDS] = 0.05
    return Worn(weights, np.array([0.0, 0.3 + 0.1 * np.sin(ms / 150), 0.0]))


@pytest.fixture
def puppet(portrait_puppet: Puppet) -> Puppet:
    worn = np.zeros(52, np.float32)
    worn[INDEX["mouthSmileLeft"]] = 0.6
    return dataclasses.replace(portrait_puppet, expression=worn)


def played(puppet: Puppet, absence: Absence, *, shut_at_loss: bool = False, **params: float) -> dict[int, Worn]:
    """Return what is worn, by milliseconds."""
    life = OwnLife(0)
    given = OwnLifeParams(absence=absence, **params)  # type: ignore[arg-type]
    last: Worn | None = None
    shown = {}
    for frame in range(END_MS * 60 // 1000):
        ms = frame * 1000 // 60
        captured = ms // 33 * 33
        seen = None
        if not LOST_MS <= captured < BACK_MS:
            seen, last = captured * MS, driven(captured)
            if shut_at_loss and 1900 <= captured < LOST_MS:
                last.weights[LIDS] = 1.0
        shown[ms] = life.step(ms * MS, seen, last, puppet, given)
    return shown


def steps(shown: dict[int, Worn], begin_ms: int, end_ms: int) -> tuple[float, float]:
    """Return the largest step of a weight other than of lids and gaze, and of the head, between two frames."""
    within = [worn for ms, worn in shown.items() if begin_ms <= ms < end_ms]
    rest = [i for name, i in INDEX.items() if not name.startswith("eye")]
    pairs = list(itertools.pairwise(within))
    return (
        max(float(np.abs(b.weights[rest] - a.weights[rest]).max()) for a, b in pairs),
        max(float(np.abs(b.turn - a.turn).max()) for a, b in pairs),
    )


@pytest.mark.parametrize("absence", Absence)
def test_nothing_jumps_and_nothing_freezes(puppet: Puppet, absence: Absence) -> None:
    shown = played(puppet, absence)
    followed, alone = steps(shown, 0, LOST_MS), steps(shown, LOST_MS, END_MS)
    assert alone[0] <= 1.1 * followed[0] and alone[1] <= 1.1 * followed[1]
    away = [worn for ms, worn in shown.items() if LOST_MS + 100 <= ms < BACK_MS]
    for a, b in itertools.pairwise(away):
        assert (a.turn != b.turn).any()


@pytest.mark.parametrize("absence", Absence)
def test_what_it_does_meanwhile_and_that_it_is_back_in_time(puppet: Puppet, absence: Absence) -> None:
    shown = played(puppet, absence)
    before, away, back = shown[1983], shown[4983], shown[BACK_MS + 416]
    if absence is Absence.HOLD:
        assert away.weights[JAW] == pytest.approx(before.weights[JAW], abs=1e-6)
        np.testing.assert_allclose(away.turn, before.turn, atol=0.03)
    else:
        np.testing.assert_allclose(away.turn[1:], 0, atol=0.03)
    if absence is Absence.IDLE:
        np.testing.assert_allclose(
            np.delete(away.weights, [*range(8, 18)]), np.delete(puppet.expression, [*range(8, 18)])
        )
    if absence is Absence.SLEEP:
        assert away.weights[LIDS].min() == 1
        assert away.weights[INDEX["mouthSmileLeft"]] < 0.4
        assert away.turn[0] > 0.05
    followed = driven((BACK_MS + 416) // 33 * 33)
    np.testing.assert_allclose(back.weights, followed.weights, atol=0.02)
    np.testing.assert_allclose(back.turn, followed.turn, atol=0.01)


def test_it_blinks_and_breathes_while_nobody_drives_it(puppet: Puppet) -> None:
    life, given = OwnLife(0), OwnLifeParams()
    shown = [life.step(frame * 1000 * MS // 60, None, None, puppet, given) for frame in range(3600)]
    lids = np.array([worn.weights[LIDS[0]] for worn in shown])
    count = int((np.diff((lids > 0.5).astype(int)) == 1).sum())
    assert 10 <= count <= 25
    assert max(worn.rise for worn in shown) > 0.004
    looks = np.array([worn.weights[INDEX["eyeLookOutLeft"]] for worn in shown])
    assert np.unique(looks.round(3)).size > 5


def test_it_falls_asleep_slowly_eyes_first_and_then_breathes_slowly(puppet: Puppet) -> None:
    shown = played(puppet, Absence.SLEEP)
    closed_ms = min(ms for ms, worn in shown.items() if ms > LOST_MS + 900 and worn.weights[LIDS].min() > 0.999)
    assert LOST_MS + 1500 < closed_ms < LOST_MS + 2600  # a second of hold, then more than a blink
    sinks = [shown[ms].turn[0] for ms in shown if closed_ms <= ms < BACK_MS]
    assert sinks[-1] - sinks[0] > 0.02
    slow = OwnLife(0)
    given = OwnLifeParams(absence=Absence.SLEEP)
    rise = np.array([slow.step(frame * 1000 * MS // 60, None, None, puppet, given).rise for frame in range(60 * 60)])
    assert 9 <= (np.diff(np.sign(np.diff(rise[600:]))) < 0).sum() <= 10  # in 50 s


def test_before_anybody_came_it_is_awake_and_then_falls_asleep(puppet: Puppet) -> None:
    life, given = OwnLife(0), OwnLifeParams(absence=Absence.SLEEP, life=0.0)
    lids = np.array(
        [life.step(frame * 1000 * MS // 60, None, None, puppet, given).weights[LIDS[0]] for frame in range(300)]
    )
    assert lids[:60].max() == 0 and lids[-1] == 1
    assert np.diff(lids).max() < 0.05


def test_another_absence_while_nobody_is_there_is_gone_over_to(puppet: Puppet) -> None:
    life, shown = OwnLife(0), []
    for frame in range(1200):
        absence = (Absence.HOLD, Absence.SLEEP, Absence.IDLE, Absence.HOLD)[frame // 300]
        ms = frame * 1000 // 60
        seen = 0 if frame == 0 else None
        shown.append(life.step(ms * MS, seen, driven(1000), puppet, OwnLifeParams(absence=absence, life=0.0)))
    weights = np.array([worn.weights for worn in shown])
    turns = np.array([worn.turn for worn in shown])
    assert np.abs(np.diff(weights, axis=0)).max() < 0.06
    assert np.abs(np.diff(turns, axis=0)).max() < 0.03
    for frame, lids in ((299, 0.05), (599, 1.0), (899, 0.0), (1199, 0.05)):
        assert weights[frame, LIDS[0]] == pytest.approx(lids, abs=1e-6)
    assert turns[299][1] == pytest.approx(turns[1199][1]) and turns[899][1] == 0


def test_eyes_that_were_lost_in_a_blink_are_not_held_shut(puppet: Puppet) -> None:
    shown = played(puppet, Absence.HOLD, shut_at_loss=True, life=0.0)
    assert shown[1983].weights[LIDS].min() == 1
    assert shown[3000].weights[LIDS].max() < 0.3
    assert shown[4983].weights[LIDS].max() < 0.3


def test_while_it_is_driven_nothing_is_added(puppet: Puppet) -> None:
    shown = played(puppet, Absence.IDLE)
    for ms in (0, 1000, 1983, 6500):
        np.testing.assert_array_equal(shown[ms].weights, driven(ms // 33 * 33).weights)
        np.testing.assert_array_equal(shown[ms].turn, driven(ms // 33 * 33).turn)


def test_without_life_it_is_still(puppet: Puppet) -> None:
    life, given = OwnLife(0), OwnLifeParams(life=0)
    for frame in range(600):
        worn = life.step(frame * 1000 * MS // 60, None, None, puppet, given)
        np.testing.assert_array_equal(worn.weights, puppet.expression)
        assert not worn.turn.any() and worn.rise == 0


@pytest.mark.parametrize("absence", Absence)
def test_a_face_that_is_none_moves_nothing(puppet: Puppet, absence: Absence) -> None:
    """For two frames while nobody is there, the tracker sees a face that hangs sideways."""
    ghost = Worn(np.ones(52, np.float32), np.array([0.0, 0.0, 1.2]))
    shown: list[list[Worn]] = []
    for sees in (False, True):
        life, given, last = OwnLife(0), OwnLifeParams(absence=absence), driven(0)
        shown.append([])
        for frame in range(150):
            ms = frame * 1000 // 30
            seen = ms * MS if ms < 1000 else None
            if sees and frame in (75, 76):
                seen, last = ms * MS, ghost
            elif seen is not None:
                last = driven(ms)
            shown[-1].append(life.step(ms * MS, seen, last, puppet, given))
    for without, seeing in zip(*shown, strict=True):
        np.testing.assert_array_equal(without.weights, seeing.weights)
        np.testing.assert_array_equal(without.turn, seeing.turn)


def test_a_first_face_after_a_while_is_faded_in(puppet: Puppet) -> None:
    life, given = OwnLife(0), OwnLifeParams()
    yaw = []
    for frame in range(120):
        ms = frame * 1000 // 60
        seen = ms * MS if ms >= 1000 else None
        yaw.append(life.step(ms * MS, seen, driven(0) if seen is not None else None, puppet, given).turn[1])
    assert np.abs(np.diff(yaw)).max() < 0.025
    assert yaw[-1] == pytest.approx(0.3)


def test_the_same_frames_are_lived_the_same_way(puppet: Puppet) -> None:
    for a, b in zip(played(puppet, Absence.IDLE).values(), played(puppet, Absence.IDLE).values(), strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.turn, b.turn)
