"""Where the anatomical head turns, in its own space, decimetres."""

from __future__ import annotations

NECK_DM = (0.0, 5.75, 0.35)
"""Where the neck turns: between the shoulders."""
HEAD_DM = (0.0, 6.6, 0.35)
"""Where the head turns on the neck."""
JAW_DM = (0.0, 7.0, 0.65)
"""The hinge of the jaw, before the ears."""
