"""What a puppet wears with and without a driver, and how it passes from one to the other."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from vivant.graph.params import Cost, NodeParams, param
from vivant.nodes.formats.gaze import look_aside
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.puppet.idle_life import IdleLife
from vivant.nodes.puppet.presence import DriverPresence, Presence
from vivant.nodes.puppet.worn import LIDS, Worn

LIDS_S = 1.0
"""Over how long it is remembered how far the driver's eyes were open."""
LIDS_FALL = 0.6
"""When somebody falls asleep the lids are down when so much of the way is made: the head sinks after them."""


class Absence(StrEnum):
    """What the puppet does while nobody drives it. In every way it breathes, and blinks where its eyes are open."""

    HOLD = "hold"
    """It stays as it was."""
    IDLE = "idle"
    """It comes to rest, and looks about a little."""
    SLEEP = "sleep"
    """It comes to rest slowly, with closed eyes and a slow breath."""


class OwnLifeParams(NodeParams):
    """What the puppet does while its driver's face is lost."""

    absence: Absence = param(
        Absence.IDLE, "What the puppet does while there is no face: stays as it was, comes to rest, or falls asleep."
    )
    hold_s: float = param(1.0, "How long the last pose is held when the face is lost.", ge=0.2, le=3600)
    settle_s: float = param(0.5, "How long the puppet then takes to come to rest.", ge=0, le=60)
    sleep_s: float = param(2.0, "How long it takes to fall asleep, where `absence` says so.", ge=0, le=600)
    fade_s: float = param(0.4, "How soon it follows again when the face is back.", ge=0, le=10)
    life: float = param(1.0, "How strong blinks, glances, breath and drift are while there is no face.", ge=0, le=1)
    seed: int = param(0, "Whose life: the same number blinks at the same moments.", ge=0, cost=Cost.REOPEN)


class OwnLife:
    """Passes between a driver's motion and what a body does by itself, by capture time and without a jump.

    A face that is lost is held for a moment, in which breath, blinks and a little drift set in; then the puppet goes
    over to what `Absence` says. When the face is back, what is shown is cross-faded to it. Without a driver from the
    start, the puppet wears what the picture does.
    """

    def __init__(self, seed: int) -> None:
        """Begin at rest, with a life of its own."""
        self._driver = DriverPresence()
        self._life = IdleLife(seed)
        self._alone = 0.0
        self._asleep = 0.0
        self._absence: Absence | None = None
        self._begin_ns: int | None = None
        self._last_ns = 0
        self._held: Worn | None = None
        self._lids: npt.NDArray[np.float32] | None = None
        self._shown: Worn | None = None
        self._from: Worn | None = None

    def step(
        self, now_ns: int, seen_ns: int | None, driven: Worn | None, puppet: Puppet, params: OwnLifeParams
    ) -> Worn:
        """Return what is worn in one frame.

        Args:
            now_ns: Its time.
            seen_ns: When the newest face was captured; None: the newest frame shows none.
            driven: What the last face that was seen says; None: none was seen yet.
            puppet: Who wears it.
            params: How to pass over.
        """
        if self._begin_ns is None:
            self._begin_ns = self._last_ns = now_ns
        dt_s, self._last_ns = (now_ns - self._last_ns) / 1e9, now_ns
        settle_s = params.sleep_s if params.absence is Absence.SLEEP else params.settle_s
        times_ns = (round(s * 1e9) for s in (params.hold_s, settle_s, params.fade_s))
        if self._driver.step(now_ns, seen_ns, *times_ns):
            self._from = self._shown
        elif self._does_otherwise(now_ns, params):
            self._driver.again(now_ns, round(settle_s * 1e9))
            self._from = self._shown
        presence = self._driver.presence
        life = self._live(dt_s, presence, params)
        if presence in (Presence.FOLLOWING, Presence.RETURNING):
            self._held = driven
        driven = self._held
        if presence is Presence.RESTING or driven is None:
            worn = self._absent(None, puppet, params.absence, presence)
        elif presence is Presence.SETTLING:
            worn = self._absent(driven, puppet, params.absence, presence)
        else:
            worn = driven
        if presence is Presence.FOLLOWING:
            self._remember_lids(worn, dt_s)
        elif presence is Presence.HOLDING:
            worn = self._eyes_open(worn, life)
        if self._driver.progress < 1 and self._from is not None:
            lids = self._driver.progress
            if presence is Presence.SETTLING and params.absence is Absence.SLEEP:
                lids = min(1.0, lids / LIDS_FALL)
            worn = self._from.towards(worn, self._driver.progress, lids)
        self._shown = worn
        return self._alive(worn, life * params.life, (now_ns - self._begin_ns) / 1e9)

    def _does_otherwise(self, now_ns: int, params: OwnLifeParams) -> bool:
        """Return whether what it does alone has changed: somebody said so, or nobody came and it falls asleep."""
        before, self._absence = self._absence, params.absence
        if before is not params.absence and before is not None:
            return True
        assert self._begin_ns is not None
        waited_s = (now_ns - self._begin_ns) / 1e9
        nobody_came = self._driver.presence is Presence.RESTING and waited_s > params.hold_s
        return nobody_came and params.absence is Absence.SLEEP

    def _absent(self, driven: Worn | None, puppet: Puppet, absence: Absence, presence: Presence) -> Worn:
        if absence is Absence.SLEEP and presence is not Presence.RESTING:
            return Worn.sleeping(puppet)
        if absence is Absence.HOLD and driven is not None:
            return self._eyes_open(driven, 1.0)
        return Worn.resting(puppet)

    def _remember_lids(self, worn: Worn, dt_s: float) -> None:
        lids = worn.weights[LIDS]
        if self._lids is None:
            self._lids = lids
        self._lids = (self._lids + np.float32(1 - np.exp(-dt_s / LIDS_S)) * (lids - self._lids)).astype(np.float32)

    def _eyes_open(self, worn: Worn, share: float) -> Worn:
        """Open the eyes as far as they mostly were: a face that was lost in a blink must not be held in it."""
        if self._lids is None:
            return worn
        weights = worn.weights.copy()
        weights[LIDS] += np.float32(share) * (np.minimum(weights[LIDS], self._lids) - weights[LIDS])
        return replace(worn, weights=weights)

    def _live(self, dt_s: float, presence: Presence, params: OwnLifeParams) -> float:
        """Return how much of the body's own life shows: it comes where no driver says what to do, and goes again."""
        driven = presence in (Presence.FOLLOWING, Presence.RETURNING)
        self._alone = _stepped(self._alone, dt_s, *((0.0, params.fade_s) if driven else (1.0, params.settle_s)))
        sleeps = params.absence is Absence.SLEEP and presence is Presence.SETTLING
        self._asleep = _stepped(self._asleep, dt_s, *((1.0, params.sleep_s) if sleeps else (0.0, params.fade_s)))
        return _eased(self._alone)

    def _alive(self, worn: Worn, share: float, time_s: float) -> Worn:
        """Add the body's own life, `share` of it."""
        moment = self._life.at(time_s, _eased(self._asleep))
        if share == 0:
            return worn
        weights = worn.weights.copy()
        weights[LIDS] += (1 - weights[LIDS]) * np.float32(share * moment.closure)
        seeing = share * (1 - float(worn.weights[LIDS].max()))  # closed eyes look at nothing
        look_aside(weights, seeing * moment.gaze[0], seeing * moment.gaze[1])
        turn, rise = worn.turn + share * moment.turn, worn.rise + share * moment.rise
        return replace(worn, weights=weights, turn=turn, rise=rise)


def _stepped(share: float, dt_s: float, wanted: float, takes_s: float) -> float:
    """Return a share in [0, 1] that has gone toward another for `dt_s`, where the whole way takes `takes_s`."""
    most = dt_s / takes_s if takes_s > 0 else 1.0
    return share + min(most, max(-most, wanted - share))


def _eased(share: float) -> float:
    return share * share * (3 - 2 * share)
