"""Writes the shipped performance, presets/performances/hello.json.

    python scripts/write_performance.py [FILE]

Twelve seconds: it looks around, says "Hello, I am a picture. Nice to meet you.", smiles, raises its brows.
The clip is written from the times and mouth shapes below: whoever wants another sentence changes them here.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import pi, sin
from pathlib import Path

Keys = dict[str, list[tuple[float, float]]]

DURATION_S = 12.0
RIGHT_SHARE = 0.93
"""A face is never quite symmetric: the performer's right side does a little less in speech and smile."""

MOUTHS: dict[str, dict[str, float]] = {
    # What jaw and lips do at the middle of a sound, by ARPAbet symbol. Two-sided names stand without a side.
    "-": {},
    "HH": {"jawOpen": 0.14, "mouthLowerDown": 0.10},
    "EH": {"jawOpen": 0.34, "mouthLowerDown": 0.30, "mouthStretch": 0.18, "mouthUpperUp": 0.12},
    "L": {"jawOpen": 0.20, "mouthLowerDown": 0.20, "mouthUpperUp": 0.10},
    "OW1": {"jawOpen": 0.36, "mouthFunnel": 0.45},
    "OW2": {"jawOpen": 0.14, "mouthPucker": 0.60, "mouthFunnel": 0.20},
    "AY1": {"jawOpen": 0.50, "mouthLowerDown": 0.32, "mouthUpperUp": 0.16},
    "AY2": {"jawOpen": 0.17, "mouthSmile": 0.22, "mouthStretch": 0.22, "mouthLowerDown": 0.22},
    "AE": {"jawOpen": 0.42, "mouthStretch": 0.25, "mouthLowerDown": 0.36, "mouthUpperUp": 0.16},
    "AH": {"jawOpen": 0.26, "mouthLowerDown": 0.18},
    "IH": {"jawOpen": 0.18, "mouthStretch": 0.20, "mouthLowerDown": 0.24, "mouthSmile": 0.10},
    "IY": {"jawOpen": 0.13, "mouthSmile": 0.32, "mouthStretch": 0.32, "mouthLowerDown": 0.30},
    "UW": {"jawOpen": 0.12, "mouthPucker": 0.70, "mouthFunnel": 0.28},
    "ER": {"jawOpen": 0.18, "mouthPucker": 0.30, "mouthFunnel": 0.28, "mouthLowerDown": 0.12},
    "Y": {"jawOpen": 0.10, "mouthStretch": 0.16, "mouthLowerDown": 0.14},
    "K": {"jawOpen": 0.16, "mouthLowerDown": 0.16},
    "CH": {"jawOpen": 0.10, "mouthFunnel": 0.55, "mouthPucker": 0.22, "mouthLowerDown": 0.18},
    "N": {"jawOpen": 0.13, "mouthLowerDown": 0.18, "mouthStretch": 0.10},
    "T": {"jawOpen": 0.09, "mouthLowerDown": 0.20, "mouthStretch": 0.14},
    "S": {"jawOpen": 0.07, "mouthLowerDown": 0.24, "mouthStretch": 0.24, "mouthSmile": 0.12},
    # Lips meet while the jaw stays a little open: mouthClose takes back what jawOpen parts.
    "M": {"jawOpen": 0.08, "mouthClose": 0.08, "mouthPress": 0.32, "mouthRollLower": 0.22,
          "mouthRollUpper": 0.16},
    "P": {"jawOpen": 0.06, "mouthClose": 0.06, "mouthPress": 0.42, "mouthRollLower": 0.26,
          "mouthRollUpper": 0.20},
}  # fmt: skip
TWO_SIDED = ("mouthLowerDown", "mouthUpperUp", "mouthStretch", "mouthSmile", "mouthPress")

SPEECH_START_S = 4.0
SPEECH: tuple[tuple[str, float], ...] = (
    # Sound and how long it lasts; 12 syllables in 3.2 s is a calm, friendly pace.
    ("-", 0.06), ("HH", 0.07), ("EH", 0.11), ("L", 0.08), ("OW1", 0.13), ("OW2", 0.13), ("-", 0.18),
    ("AY1", 0.12), ("AY2", 0.08), ("AE", 0.11), ("M", 0.09), ("AH", 0.07), ("P", 0.09), ("IH", 0.09),
    ("K", 0.08), ("CH", 0.11), ("ER", 0.16), ("-", 0.26),
    ("N", 0.08), ("AY1", 0.14), ("AY2", 0.10), ("S", 0.11), ("T", 0.07), ("UW", 0.09), ("M", 0.09),
    ("IY", 0.14), ("T", 0.07), ("Y", 0.07), ("UW", 0.22), ("-", 0.12),
)  # fmt: skip

BLINKS_S = (0.50, 2.13, 3.62, 5.33, 7.28, 9.30, 11.05)
"""Starts. People blink as they move their gaze and between phrases."""


def main() -> None:
    """Write the clip."""
    default = Path(__file__).resolve().parents[1] / "presets" / "performances" / "hello.json"
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(clip_text(), encoding="utf-8", newline="\n")
    print(f"{file}: {DURATION_S:g} s")


def clip_text() -> str:
    """Return the clip as JSON, one track a line, so that a change shows as one."""
    keys: Keys = defaultdict(list)
    for part in (blinks, gaze, speech, smile, brows, head):
        for name, added in part().items():
            keys[name] += added
    lines = []
    for name in sorted(keys):
        points = thinned(sorted({round(time, 3): round(value, 3) for time, value in keys[name]}.items()))
        lines.append(f"    {json.dumps(name)}: {json.dumps([list(point) for point in points])}")
    head_lines = (
        '{\n  "version": 1,\n  "name": "hello",\n'
        '  "about": "Looks around, speaks a sentence, smiles, raises its brows.",\n'
        f'  "duration_s": {DURATION_S},\n  "tracks": {{\n'
    )
    return head_lines + ",\n".join(lines) + "\n  }\n}\n"


def blinks() -> Keys:
    """Close within 55 ms, stay shut for a frame, open a little slower; 160 ms in all."""
    keys: Keys = defaultdict(list)
    for start in BLINKS_S:
        for lid in ("eyeBlinkLeft", "eyeBlinkRight"):
            keys[lid] += [(start, 0), (start + 0.055, 1), (start + 0.09, 1), (start + 0.16, 0)]
        keys["browDownLeft"] += [(start, 0), (start + 0.07, 0.06), (start + 0.2, 0)]
        keys["browDownRight"] += [(start, 0), (start + 0.07, 0.06), (start + 0.2, 0)]
    return keys


def gaze() -> Keys:
    """Eyes lead the head by a tenth of a second and come back to centre as it arrives."""
    keys: Keys = defaultdict(list)
    # Toward the right of the image, which is the performer's left; then the other way; then up.
    for out, inward, start, end, amount in (
        ("eyeLookOutLeft", "eyeLookInRight", 0.75, 2.15, 0.62),
        ("eyeLookInLeft", "eyeLookOutRight", 2.15, 3.55, 0.62),
        ("eyeLookOutLeft", "eyeLookInRight", 9.45, 10.2, 0.18),
    ):
        for eye in (out, inward):
            keys[eye] += [
                (start, 0), (start + 0.09, amount), (start + 0.55, amount * 0.55),
                (end - 0.06, amount * 0.5), (end + 0.06, 0),
            ]  # fmt: skip
    for eye in ("eyeLookUpLeft", "eyeLookUpRight"):
        keys[eye] += [
            (2.72, 0),
            (2.8, 0.35),
            (3.3, 0.3),
            (3.42, 0),
            (9.55, 0),
            (9.65, 0.22),
            (10.3, 0.2),
            (10.5, 0),
        ]
    for eye in ("eyeLookDownLeft", "eyeLookDownRight"):
        keys[eye] += [(1.45, 0), (1.53, 0.22), (1.95, 0.2), (2.1, 0)]
    return keys


def speech() -> Keys:
    """Each sound's mouth at the middle of its time; easing between them blends neighbours as mouths do."""
    middles: list[tuple[float, dict[str, float]]] = [(SPEECH_START_S, {})]
    time = SPEECH_START_S
    for sound, length in SPEECH:
        middles.append((time + length / 2, MOUTHS[sound]))
        time += length
    middles.append((time, {}))
    keys: Keys = defaultdict(list)
    for name in {name for mouth in MOUTHS.values() for name in mouth}:
        for middle, mouth in middles:
            value = mouth.get(name, 0.0)
            if name in TWO_SIDED:
                keys[f"{name}Left"].append((middle, value))
                keys[f"{name}Right"].append((middle, value * RIGHT_SHARE))
            else:
                keys[name].append((middle, value))
    # Brows stress "Hello" and "nice".
    for brow, amount in (("browInnerUp", 0.34), ("browOuterUpLeft", 0.26), ("browOuterUpRight", 0.24)):
        keys[brow] += [(4.0, 0), (4.28, amount), (4.85, 0), (5.85, 0), (6.1, amount * 0.9), (6.6, 0)]
    return keys


def smile() -> Keys:
    """Broad: cheeks rise, lower lids tighten, teeth show; it grows in half a second and fades slower."""
    keys: Keys = defaultdict(list)
    for name, amount, late in (
        ("mouthSmile", 0.92, 0.0),
        ("cheekSquint", 0.70, 0.06),
        ("eyeSquint", 0.55, 0.08),
        ("mouthUpperUp", 0.30, 0.05),
        ("mouthDimple", 0.25, 0.05),
    ):
        for side, share in (("Left", 1.0), ("Right", RIGHT_SHARE)):
            top = amount * share
            keys[f"{name}{side}"] += [
                (7.35 + late, 0), (7.85 + late, top), (8.5, top * 0.94), (8.9, top), (9.75, 0)
            ]  # fmt: skip
    keys["jawOpen"] += [(7.45, 0), (7.95, 0.12), (8.8, 0.10), (9.4, 0)]
    return keys


def brows() -> Keys:
    """Raised with wide eyes, as if pleased, twice: long, then short."""
    keys: Keys = defaultdict(list)
    for name, amount in (
        ("browInnerUp", 0.78),
        ("browOuterUpLeft", 0.82),
        ("browOuterUpRight", 0.78),
        ("eyeWideLeft", 0.45),
        ("eyeWideRight", 0.45),
    ):
        keys[name] += [
            (9.6, 0), (9.85, amount), (10.2, amount * 0.95), (10.45, 0.1), (10.62, amount * 0.7), (10.95, 0)
        ]  # fmt: skip
    return keys


def head() -> Keys:
    """Turns, nods and tilts, over a slow sway that never stops and fades at both ends."""
    yaw = [
        (0, 0), (0.8, 0), (1.35, 21), (1.95, 19), (2.2, 17), (2.8, -18), (3.4, -16), (3.95, 0),
        (4.4, 2.5), (4.9, -1.5), (5.5, 3), (6.0, -2), (6.7, 2), (7.3, 0), (7.9, -5), (8.8, -4),
        (9.5, 2), (10.3, 3),
        (11.2, 0.5), (12, 0),
    ]  # fmt: skip
    pitch = [
        (0, 0), (0.8, 0), (1.4, -3), (2.0, -4), (2.8, 5), (3.4, 4), (3.95, 0), (4.15, -3.5),
        (4.45, 1.5), (5.0, -1),
        (5.35, -3), (5.7, 1), (6.05, -4), (6.4, 0.5), (6.75, -2.5), (7.2, 0), (7.9, 3), (8.3, 1), (8.7, 3.2),
        (9.5, -1), (9.9, 4), (10.4, 3), (10.65, 4), (11.3, -0.5), (12, 0),
    ]  # fmt: skip
    roll = [
        (0, 0), (0.9, 0), (1.5, -3), (2.1, -2), (2.9, 4), (3.5, 3), (4.1, 0), (4.7, 2), (5.4, -2), (6.2, 2.5),
        (7.2, 0), (7.9, 6), (8.9, 5), (9.6, 0), (10.2, -2.5), (11.2, 0), (12, 0),
    ]  # fmt: skip
    keys: Keys = {}
    for name, moves, amount, period, phase in (
        ("head.yaw_deg", yaw, 0.8, 3.1, 0.3),
        ("head.pitch_deg", pitch, 0.6, 2.3, 1.1),
        ("head.roll_deg", roll, 0.7, 3.7, 2.0),
        ("head.x_cm", [(0, 0), (1.4, 0.8), (2.9, -0.8), (4, 0), (7.9, -0.4), (12, 0)], 0.15, 4.3, 0.0),
        ("head.y_cm", [(0, 0), (12, 0)], 0.12, 3.3, 0.7),
        (
            "head.z_cm",
            [(0, 0), (4.0, 0), (5.0, 1.2), (7.2, 0.8), (9.4, 0.2), (10, -0.5), (12, 0)],
            0.2,
            5.1,
            1.6,
        ),
    ):
        swayed = []
        for step in range(round(DURATION_S / 0.3) + 1):
            time = step * 0.3
            fade = sin(pi * time / DURATION_S) ** 0.5 if 0 < time < DURATION_S else 0.0
            sway = amount * fade * sin(2 * pi * time / period + phase)
            swayed.append((time, eased(moves, time) + sway))
        keys[name] = swayed
    return keys


def eased(points: Sequence[tuple[float, float]], time: float) -> float:
    """Return the value between `points`, with the soft start and stop of a relaxed head."""
    for (start, low), (end, high) in pairwise(points):
        if start <= time <= end:
            u = (time - start) / (end - start)
            return low + (high - low) * u * u * (3 - 2 * u)
    return 0.0


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out keys between two of the same value: the curve holds there without them."""
    last = len(points) - 1
    return [
        point
        for i, point in enumerate(points)
        if i in (0, last) or not points[i - 1][1] == point[1] == points[i + 1][1]
    ]


if __name__ == "__main__":
    main()
