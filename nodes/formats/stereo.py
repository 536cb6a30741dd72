"""Two views of a scene in one frame."""

from __future__ import annotations

from enum import StrEnum


class Stereo(StrEnum):
    """How two views, one for each eye, share a frame."""

    NONE = "none"
    """One view."""
    SIDE_BY_SIDE = "side_by_side"
    """The left eye's left, the right eye's right: the frame is twice as wide."""
    OVER_UNDER = "over_under"
    """The left eye's on top: the frame is twice as high."""
    ANAGLYPH = "anaglyph"
    """Red for the left eye, green and blue for the right."""

    def frame(self, view: tuple[int, int]) -> tuple[int, int]:
        """Return the size of a frame of views of this size, pixels."""
        width, height = view
        return (
            2 * width if self is Stereo.SIDE_BY_SIDE else width,
            2 * height if self is Stereo.OVER_UNDER else height,
        )
