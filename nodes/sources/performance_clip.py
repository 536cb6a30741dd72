"""A recorded performance as a JSON file: expression and head pose over time.

    {"version": 1, "name": "hello", "duration_s": 12,
     "tracks": {"jawOpen": [[0, 0], [0.3, 0.5], [0.6, 0]], "head.yaw_deg": [[0, 0], [2, 15]]}}

A track is a list of keys ``[time in seconds, value]``, eased as `Track` says. Tracks are the 52 ARKit names,
with values in [0, 1]; ``head.yaw_deg`` (positive turns the face toward the right of the image),
``head.pitch_deg`` (positive looks up), ``head.roll_deg`` (positive tilts counter-clockwise as the viewer sees
it); ``head.x_cm``, ``head.y_cm``, ``head.z_cm`` (right of the image, up, toward the viewer). A track left out
is 0 throughout.
"Left" and "Right" in names are the performer's, so eyeBlinkLeft is the eye on the right of the image.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable
from math import isfinite, radians
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from vivant.graph.errors import VivantError
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.sources.given_file import unreadable
from vivant.nodes.sources.head_angles import head_rotation
from vivant.nodes.sources.track import Track

VERSION = 1
LONGEST_S = 3600.0
MOST_BYTES = 64_000_000
"""An hour of 52 tracks with 10 keys a second is 20 MB; a video named by mistake is not read whole."""
HEAD_RANGES: dict[str, tuple[float, float]] = {
    "head.yaw_deg": (-90, 90),
    "head.pitch_deg": (-90, 90),
    "head.roll_deg": (-90, 90),
    "head.x_cm": (-200, 200),
    "head.y_cm": (-200, 200),
    "head.z_cm": (-200, 200),
}
RANGES: dict[str, tuple[float, float]] = dict.fromkeys(BLENDSHAPES, (0.0, 1.0)) | HEAD_RANGES
_KEYS = ("version", "name", "about", "duration_s", "tracks")


class PerformanceClip:
    """Motion of a face over `duration_s` seconds."""

    def __init__(self, name: str, duration_s: float, tracks: dict[str, Track]) -> None:
        """Take eased tracks by name; names as in `RANGES`."""
        self.name = name
        self.duration_s = duration_s
        self._weights = [(INDEX[key], track) for key, track in tracks.items() if key in INDEX]
        self._head = {key: track for key, track in tracks.items() if key in HEAD_RANGES}

    def at(self, time_s: float) -> FaceMotion:
        """Return the motion at `time_s`; before the first and after the last key it holds."""
        weights = np.zeros(len(BLENDSHAPES), np.float32)
        for index, track in self._weights:
            weights[index] = track(time_s)
        x, y, z = (self._value(f"head.{axis}_cm", time_s) for axis in "xyz")
        yaw, pitch, roll = (radians(self._value(f"head.{angle}_deg", time_s)) for angle in ("yaw", "pitch", "roll"))
        # whoever writes a performance writes it from a neutral face
        return FaceMotion(weights, head_rotation(yaw, pitch, roll), np.array([x, y, z], np.float32), from_neutral=True)

    def _value(self, name: str, time_s: float) -> float:
        track = self._head.get(name)
        return 0.0 if track is None else track(time_s)


def read_clip(file: Path) -> PerformanceClip:
    """Read a clip.

    Raises:
        VivantError: It cannot be read, is no JSON, or is no valid clip; then every problem is named with its
            JSON path.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _no_clip(file, "it is far too large")
        content: Any = json.loads(
            file.read_text(encoding="utf-8-sig"),
            object_pairs_hook=_Object.of_pairs,
            parse_constant=_refuse_constant,
        )
    except PermissionError:
        raise unreadable(file, "performance") from None
    except json.JSONDecodeError as error:
        raise _no_clip(file, f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError:
        raise _no_clip(file, "it is no text") from None
    except (RecursionError, ValueError) as error:
        raise _no_clip(file, str(error)) from None
    problems: list[str] = []
    clip = _clip(content, file.stem, problems)
    if clip is None or problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        shown = problems[:20]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        raise VivantError(
            f"this performance has {count}:" + "".join(f"\n  {problem}" for problem in shown),
            where=str(file),
            remedy="correct what is listed",
            exit_status=2,
        )
    return clip


class _Object(dict[str, Any]):
    """A JSON object that remembers names given twice, which json would drop silently."""

    repeated: tuple[str, ...] = ()

    @classmethod
    def of_pairs(cls, pairs: list[tuple[str, Any]]) -> _Object:
        made = cls(pairs)
        counts = Counter(name for name, _ in pairs)
        made.repeated = tuple(name for name, count in counts.items() if count > 1)
        return made


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _no_clip(file: Path, why: str) -> VivantError:
    return VivantError(
        f"this file is not a performance: {why}",
        where=str(file),
        remedy="a performance is a JSON file with version, duration_s and tracks",
        exit_status=2,
    )


def _clip(content: Any, name: str, problems: list[str]) -> PerformanceClip | None:
    """Return the clip, or add what is wrong to `problems`."""
    if not isinstance(content, _Object):
        problems.append("$: must be an object with version, duration_s and tracks")
        return None
    problems += [f"{key}: given more than once" for key in content.repeated]
    problems += [f"{key}: unknown{_nearest(key, _KEYS)}" for key in content if key not in _KEYS]
    version = content.get("version")
    if type(version) is not int or version != VERSION:
        problems.append(f"version: must be {VERSION}" + ("" if version is None else f", is {_short(version)}"))
    for key in ("name", "about"):
        if key in content and not isinstance(content[key], str):
            problems.append(f"{key}: must be a text")
    duration_s = content.get("duration_s")
    if not _is_number(duration_s) or not 0 < duration_s <= LONGEST_S:
        given = "is missing" if duration_s is None else f"is {_short(duration_s)}"
        problems.append(f"duration_s: must be a number above 0, at most {LONGEST_S:g}; it {given}")
        duration_s = None
    given_tracks = content.get("tracks")
    if not isinstance(given_tracks, _Object) or not given_tracks:
        problems.append("tracks: must be an object with at least one track")
        return None
    problems += [f"tracks.{key}: given more than once" for key in given_tracks.repeated]
    tracks: dict[str, Track] = {}
    for key, keys in given_tracks.items():
        if key not in RANGES:
            problems.append(f"tracks.{key}: there is no such track{_nearest(key, RANGES)}")
            continue
        before = len(problems)
        _check_keys(keys, f"tracks.{key}", RANGES[key], duration_s, problems)
        if len(problems) == before:
            tracks[key] = Track([float(time) for time, _ in keys], [float(value) for _, value in keys])
    if problems or duration_s is None:
        return None
    return PerformanceClip(content.get("name", name), float(duration_s), tracks)


def _check_keys(
    keys: Any, path: str, bounds: tuple[float, float], duration_s: float | None, problems: list[str]
) -> None:
    if not isinstance(keys, list) or not keys:
        problems.append(f"{path}: must be a list of [time, value] with at least one key")
        return
    low, high = bounds
    last: float | None = None
    for index, key in enumerate(keys):
        where = f"{path}[{index}]"
        if not isinstance(key, list) or len(key) != 2 or not all(_is_number(number) for number in key):
            problems.append(f"{where}: must be two numbers, [time in seconds, value]")
            continue
        time, value = key
        if time < 0 or (duration_s is not None and time > duration_s):
            problems.append(f"{where}: time {_short(time)} s lies outside the clip")
        if last is not None and time <= last:
            problems.append(f"{where}: time {_short(time)} s does not come after {_short(last)} s")
        last = time
        if not low <= value <= high:
            problems.append(f"{where}: value {_short(value)} lies outside {low:g} to {high:g}")


def _is_number(value: Any) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 and isfinite(value)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _nearest(name: str, names: Iterable[str]) -> str:
    folded = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f"; did you mean {folded[near[0]]}?" if near else ""
