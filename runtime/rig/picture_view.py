"""Which part of a picture a window shows, and how large."""

from __future__ import annotations

from dataclasses import dataclass

_FARTHEST, _CLOSEST = 0.05, 40.0


@dataclass(slots=True)
class PictureView:
    """Maps a picture to a window; a mutable camera.

    Attributes:
        size: Width and height of the picture.
        window: Width and height of the place where it is shown.
        zoom: Window pixels per picture pixel.
        left: Window pixel of the picture's left border.
        top: Window pixel of its upper border.
    """

    size: tuple[int, int]
    window: tuple[int, int]
    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def show_all(self) -> None:
        """Show the whole picture, as large as fits."""
        self.zoom = min(self.window[0] / self.size[0], self.window[1] / self.size[1])
        self.left = (self.window[0] - self.zoom * self.size[0]) / 2
        self.top = (self.window[1] - self.zoom * self.size[1]) / 2

    def zoom_at(self, x: float, y: float, factor: float) -> None:
        """Enlarge by `factor`; what is at ``(x, y)`` of the window stays there."""
        zoom = min(max(self.zoom * factor, _FARTHEST), _CLOSEST)
        share = zoom / self.zoom
        self.left, self.top, self.zoom = x - share * (x - self.left), y - share * (y - self.top), zoom

    def pan(self, x: float, y: float) -> None:
        """Move the picture by window pixels; some of it stays in sight."""
        kept = 40.0
        self.left = min(max(self.left + x, kept - self.zoom * self.size[0]), self.window[0] - kept)
        self.top = min(max(self.top + y, kept - self.zoom * self.size[1]), self.window[1] - kept)

    def resize(self, window: tuple[int, int]) -> None:
        """Take over another size of the window; what is in the middle stays there."""
        self.left += (window[0] - self.window[0]) / 2
        self.top += (window[1] - self.window[1]) / 2
        self.window = window

    def to_window(self, place: tuple[float, float]) -> tuple[float, float]:
        """Map picture pixels to window pixels."""
        return self.left + self.zoom * place[0], self.top + self.zoom * place[1]

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Map window pixels to picture pixels."""
        return (x - self.left) / self.zoom, (y - self.top) / self.zoom
