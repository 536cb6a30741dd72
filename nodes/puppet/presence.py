"""Whether the driver is there, and how the puppet leaves and finds its way back to it."""

from __future__ import annotations

from enum import StrEnum

CONFIRMED_NS = 60_000_000
"""A face that comes back is believed when it is still there after this: trackers see faces in clouds and letters, too,
for a frame or two."""
SHORTEST_LOSS_NS = 150_000_000
"""What was out of sight for less goes on where it is; else it may be elsewhere by then, and is faded to."""
LONGEST_PAUSE_NS = 300_000_000
"""The same where frames did not come at all: slow cameras have such pauses all the time."""
_GETS_GOING = 0.25
"""Share of a fade over which it gets faster, and at its end slower."""


class Presence(StrEnum):
    """What the puppet does about its driver."""

    RESTING = "resting"
    """No face was seen yet: it is the picture."""
    FOLLOWING = "following"
    HOLDING = "holding"
    """The face is out of sight, for a moment it may be: the last pose is held."""
    SETTLING = "settling"
    """Gone: it eases to rest, and stays there."""
    RETURNING = "returning"
    """The face is back: what is shown is cross-faded to it."""


class DriverPresence:
    """Follows whether a face is there, by the capture time of the newest one; a camera that gave up counts as lost.

    Attributes:
        presence: The state.
        progress: How far it is settled or has returned, 0 to 1, eased at both ends; 1 in all other states.
    """

    def __init__(self) -> None:
        self.presence = Presence.RESTING
        self.progress = 1.0
        self._seen_ns = 0  # capture of the newest face that is followed
        self._newest_ns = -1  # of the newest at all
        self._back_ns: int | None = None  # of the first since frames showed none
        self._from_ns = 0
        self._until_ns = 0
        self._is_new = True

    def step(self, now_ns: int, seen_ns: int | None, hold_ns: int, settle_ns: int, fade_ns: int) -> bool:
        """Go on to the next frame.

        Args:
            now_ns: Its time.
            seen_ns: When the newest face was captured; None: the newest frame shows none.
            hold_ns: How long a face may be out of sight.
            settle_ns: How long it takes to come to rest then.
            fade_ns: When it follows again, counted from the capture of the first face. It may be seen late: the
                fade is shorter by that, and still begins where the puppet is.

        Returns:
            Whether a change of pose begins: it starts from what was shown last.
        """
        before = self.presence
        first, self._is_new = self._is_new, False
        new = seen_ns is not None and (first or seen_ns > self._newest_ns)
        if seen_ns is None:
            self._back_ns = None
        elif new:
            self._newest_ns = seen_ns
            self._back_ns = seen_ns if self._back_ns is None else self._back_ns
        begins = self._decide(now_ns, seen_ns if new else None, first, hold_ns, settle_ns, fade_ns)
        if before in (Presence.FOLLOWING, Presence.RETURNING) and not begins and seen_ns is None:
            self.presence = Presence.RETURNING if self._is_fading(now_ns) else Presence.HOLDING
        self.progress = self._eased(now_ns)
        return begins

    def _decide(self, now_ns: int, new_ns: int | None, first: bool, hold_ns: int, settle_ns: int, fade_ns: int) -> bool:
        """Go over to the next state, `new_ns` being the capture of a face that is seen for the first time."""
        before, gap_ns = self.presence, 0 if new_ns is None else new_ns - self._seen_ns
        if first:
            self._seen_ns = now_ns if new_ns is None else new_ns
            if new_ns is not None:
                self.presence = Presence.FOLLOWING  # nothing was shown before, from which to fade
            return False
        if new_ns is not None and now_ns - new_ns <= hold_ns:
            assert self._back_ns is not None
            if before in (Presence.FOLLOWING, Presence.RETURNING):
                self._seen_ns = new_ns
                if before is Presence.FOLLOWING and gap_ns > LONGEST_PAUSE_NS:
                    return self._fade(Presence.RETURNING, now_ns, new_ns + min(fade_ns, gap_ns))
            elif before is Presence.HOLDING and gap_ns <= SHORTEST_LOSS_NS:
                self._seen_ns = new_ns
                self.presence = Presence.FOLLOWING
            elif new_ns - self._back_ns >= CONFIRMED_NS:
                away_ns = self._back_ns - self._seen_ns
                self._seen_ns = new_ns
                most_ns = min(fade_ns, away_ns) if before is Presence.HOLDING else fade_ns
                return self._fade(Presence.RETURNING, now_ns, self._back_ns + most_ns)
        gone = before not in (Presence.RESTING, Presence.SETTLING) and now_ns - self._seen_ns > hold_ns
        if gone:
            self._back_ns = None
            return self._fade(Presence.SETTLING, now_ns, now_ns + settle_ns)
        if before is Presence.RETURNING and not self._is_fading(now_ns):
            self.presence = Presence.FOLLOWING
        return False

    def _fade(self, presence: Presence, now_ns: int, until_ns: int) -> bool:
        self.presence = presence
        self._from_ns, self._until_ns = now_ns, until_ns
        return True

    def _is_fading(self, now_ns: int) -> bool:
        return self.presence is Presence.RETURNING and now_ns < self._until_ns

    def again(self, now_ns: int, settle_ns: int) -> None:
        """Settle anew, where it is settled or about to: what the puppet does alone has changed."""
        if self.presence in (Presence.RESTING, Presence.SETTLING):
            self._fade(Presence.SETTLING, now_ns, now_ns + settle_ns)
            self.progress = self._eased(now_ns)

    def _eased(self, now_ns: int) -> float:
        if self.presence not in (Presence.SETTLING, Presence.RETURNING):
            return 1.0
        length_ns = self._until_ns - self._from_ns
        share = min(1.0, (now_ns - self._from_ns) / length_ns) if length_ns > 0 else 1.0
        # Uniformly faster, even, uniformly slower: it is never as fast as a cubic in its middle, nor starts as hard.
        if share > 1 - _GETS_GOING:
            return 1 - (1 - share) ** 2 / (2 * _GETS_GOING * (1 - _GETS_GOING))
        if share > _GETS_GOING:
            return (share - 0.5 * _GETS_GOING) / (1 - _GETS_GOING)
        return share * share / (2 * _GETS_GOING * (1 - _GETS_GOING))
