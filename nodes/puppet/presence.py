"""Whether the driver is there, and how the puppet leaves and finds its way back to it."""

from __future__ import annotations

from enum import StrEnum


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
        self._seen_ns = 0
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
        new = seen_ns is not None and (before is Presence.RESTING or seen_ns > self._seen_ns)
        if seen_ns is not None and new:
            self._seen_ns = seen_ns
        lost = now_ns - self._seen_ns > hold_ns
        first, self._is_new = self._is_new, False
        if before is Presence.RESTING and first:
            if new:
                self.presence = Presence.FOLLOWING  # nothing was shown before, from which to fade
        elif before in (Presence.RESTING, Presence.SETTLING):
            if new and not lost:
                self.presence = Presence.RETURNING
                self._from_ns, self._until_ns = now_ns, self._seen_ns + fade_ns
        elif lost:
            self.presence = Presence.SETTLING
            self._from_ns, self._until_ns = now_ns, now_ns + settle_ns
        elif before is Presence.RETURNING and now_ns < self._until_ns:
            pass
        else:
            self.presence = Presence.HOLDING if seen_ns is None else Presence.FOLLOWING
        self.progress = self._eased(now_ns)
        return self.presence is not before and self.presence in (Presence.SETTLING, Presence.RETURNING)

    def again(self, now_ns: int, settle_ns: int) -> None:
        """Settle anew, where it is settled or about to: what the puppet does alone has changed."""
        if self.presence in (Presence.RESTING, Presence.SETTLING):
            self.presence = Presence.SETTLING
            self._from_ns, self._until_ns = now_ns, now_ns + settle_ns
            self.progress = self._eased(now_ns)

    def _eased(self, now_ns: int) -> float:
        if self.presence not in (Presence.SETTLING, Presence.RETURNING):
            return 1.0
        length_ns = self._until_ns - self._from_ns
        share = min(1.0, (now_ns - self._from_ns) / length_ns) if length_ns > 0 else 1.0
        return share * share * (3 - 2 * share)
