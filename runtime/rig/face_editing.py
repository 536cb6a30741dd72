"""Named points of a face while somebody puts them where they belong: what follows, what was, what is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from vivant.nodes.formats.face import FaceReading
    from vivant.nodes.formats.face_marks import FaceMarks

Place: TypeAlias = tuple[float, float]
_SMALLEST = 0.1
_State: TypeAlias = tuple[dict[str, Place], frozenset[str]]


class FaceEditing:
    """The points of one picture.

    A point that was set by hand stays; the others follow (`follow`) from the fit of a head to those, so that a few are
    enough. As long as some of the fewest that are needed are not set, these go along with those that are.

    Args:
        size: Width and height of the picture.
        places: Where every named point is at first, pixels.
        set_by_hand: Those that stay where they are.
        fit: Reads all landmarks off a head that is fitted to marks.
    """

    def __init__(
        self,
        size: tuple[int, int],
        places: dict[str, Place],
        set_by_hand: frozenset[str],
        fit: Callable[[FaceMarks], FaceReading],
    ) -> None:
        self.size = size
        self.places = dict(places)
        self.set_by_hand = set_by_hand
        self.reading: FaceReading | None = None
        """What a tracker would say, for the outlines that are drawn."""
        self._fit = fit
        self._undo: list[_State] = []
        self._redo: list[_State] = []
        self._first = dict(places)
        self._behind = True
        self.follow()
        self._saved = self.points()

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.points() != self._saved

    def wanted(self) -> frozenset[str]:
        """Return the points without which the face cannot be told, as far as nobody has set them."""
        return frozenset(self.points()) - self.set_by_hand

    def begin(self) -> None:
        """Remember how things are: what follows is one step of `undo`."""
        self._undo.append(self._state())
        self._redo.clear()

    def move(self, name: str, place: Place) -> None:
        """Put a point somewhere; it stays within the picture."""
        x, y = (min(max(value, 0.0), float(most)) for value, most in zip(place, self.size, strict=True))
        self.places[name] = (x, y)
        self.set_by_hand |= {name}
        self._behind = True

    def free(self, name: str) -> None:
        """Let a point follow the others again."""
        if name in self.set_by_hand:
            self.begin()
            self.set_by_hand -= {name}
            self._behind = True

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        return self._swap(self._undo, self._redo)

    def redo(self) -> bool:
        """Do again what was taken back; False where there is nothing."""
        return self._swap(self._redo, self._undo)

    def points(self) -> dict[str, Place]:
        """Return the points that are to be saved: those set by hand, and where these are too few, the fewest needed."""
        from vivant.nodes.face.named_points import LEAST, NAMED_POINTS

        kept = set(self.set_by_hand)
        for name in LEAST:
            corners = name.endswith("_eye") and {f"{name}_outer", f"{name}_inner"} <= kept
            if not corners:
                kept.add(name)
        return {name: self.places[name] for name in NAMED_POINTS if name in kept}

    def document(self) -> dict[str, Any]:
        """Return what is written into the side file."""
        points = {name: [round(x, 1), round(y, 1)] for name, (x, y) in self.points().items()}
        return {"version": 1, "size": list(self.size), "points": points}

    def saved(self) -> None:
        """Note that what is there now was saved."""
        self._saved = self.points()

    def _state(self) -> _State:
        return dict(self.places), self.set_by_hand

    def _swap(self, source: list[_State], target: list[_State]) -> bool:
        if not source:
            return False
        target.append(self._state())
        places, self.set_by_hand = source.pop()
        self.places = dict(places)
        self._behind = True
        return True

    def follow(self) -> None:
        """Bring the points that nobody set to where the others say; after any number of changes."""
        from vivant.nodes.face.named_points import NAMED_POINTS
        from vivant.nodes.formats.face_marks import FaceMarks

        if not self._behind:
            return
        self._behind = False
        self._carry()
        points = self.points()
        try:
            self.reading = self._fit(FaceMarks(points, None, {}))
        except np.linalg.LinAlgError:
            return  # points on one another: the next movement parts them
        marks = self.reading.points
        if not np.isfinite(marks).all():
            return
        for name, point in NAMED_POINTS.items():
            if name not in points:
                x, y = marks[list(point.landmarks), :2].mean(axis=0)
                width, height = self.size
                self.places[name] = (float(np.clip(x, 0, width)), float(np.clip(y, 0, height)))

    def _carry(self) -> None:
        """Move needed points that were not set as those that were: shifted, turned and scaled together."""
        from vivant.nodes.face.named_points import LEAST

        given = [name for name in LEAST if name in self.set_by_hand]
        if not given or len(given) == len(LEAST):
            return
        before = np.array([complex(*self._first[name]) for name in given])
        after = np.array([complex(*self.places[name]) for name in given])
        middle, centre = before.mean(), after.mean()
        spread = float((np.abs(before - middle) ** 2).sum())
        turn = complex((np.conj(before - middle) * (after - centre)).sum()) / spread if spread > 1 else 1.0
        turn = turn if _SMALLEST < abs(turn) < 1 / _SMALLEST else 1.0
        for name in set(LEAST) - set(given):
            place = centre + turn * (complex(*self._first[name]) - middle)
            x, y = np.clip(place.real, 0, self.size[0]), np.clip(place.imag, 0, self.size[1])
            self.places[name] = (float(x), float(y))
