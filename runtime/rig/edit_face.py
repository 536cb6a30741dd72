"""``vivant rig PORTRAIT --edit``: from the picture to its side file, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.port import NoInputs
from vivant.runtime.drawing import NoWindowError, has_display
from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
from vivant.runtime.models import ModelStore
from vivant.runtime.notices import Notices
from vivant.runtime.progress import FetchProgress
from vivant.runtime.report_file import write_json
from vivant.runtime.rig.face_editing import FaceEditing, Place

if TYPE_CHECKING:
    from vivant.nodes.formats.face import FaceReading
    from vivant.nodes.formats.face_marks import FaceMarks

_WINDOW = (1200, 900)
_TEMPLATE = 0.34
"""Height of the face that is offered where none is known, as a share of the picture's shorter side."""


def edit_face(portrait: str) -> None:
    """Open the window and serve it until it is closed.

    Args:
        portrait: Absolute path of the picture.

    Raises:
        VivantError: It is a sample, it cannot be read, its side file is bad, or there is no display.
    """
    from vivant.nodes.face.anatomical_head import load_head
    from vivant.nodes.face.drawn_eyes import with_eyes
    from vivant.nodes.face.marks_fit import MarksFitter
    from vivant.nodes.sources.face_file import face_file_of, face_marks

    if portrait.startswith("sample:"):
        raise VivantError(
            "a sample has no file beside it that could be edited",
            where=portrait,
            remedy="copy the picture to a folder of yours and name it there",
            exit_status=2,
        )
    if not has_display():
        raise NoWindowError(
            "there is no display for the window in which points are moved",
            remedy=f"write {face_file_of(Path(portrait)).name} by hand (see the README), or run this where there is a "
            "display",
        )
    from vivant.runtime.gl_context import GLContext
    from vivant.runtime.rig.face_window import FaceWindow

    file = face_file_of(Path(portrait))
    with Notices() as notice, FetchProgress() as fetching, stop_on_interrupt(say_at_once) as stop:
        context = NodeContext(
            now_ns=lambda: 0,
            base_dir=Path.cwd(),
            fetch=ModelStore(progress=fetching).fetch,
            notice=notice,
            connected=frozenset({"frame", "face"}),
            offline=True,
        )
        pixels, marks = _picture(portrait, context)
        size = (pixels.shape[1], pixels.shape[0])
        fitter = MarksFitter(load_head())

        def fit(given: FaceMarks) -> FaceReading:
            return fitter.fit(with_eyes(pixels, given), size)

        places, by_hand, message = _start(pixels, marks, size, fit, context)
        editing = FaceEditing(size, places, by_hand, fit)

        def save() -> tuple[str, bool]:
            if not editing.set_by_hand:
                return "not saved: no point was put anywhere yet", False
            editing.follow()
            document = editing.document()
            problems = face_marks(document, size)[1]
            if problems:
                return f"not saved: {problems[0].what}", False
            try:
                write_json(document, file, "file")
            except VivantError as error:
                return f"not saved: {error.what}", False
            left = ", ".join(sorted(editing.wanted()))
            return f"saved: {file}" + (f" (but not yet set by hand: {left})" if left else ""), True

        try:
            gl = GLContext.windowed(f"Vivant: {file.name}", _WINDOW)
        except VivantError as error:
            raise NoWindowError(error.what, where=error.where, remedy=error.remedy) from error
        try:
            FaceWindow(gl, pixels, editing, save, message).run(stop.is_set)
        finally:
            gl.release()


def _picture(portrait: str, context: NodeContext) -> tuple[npt.NDArray[np.uint8], FaceMarks | None]:
    """Return the picture at its full size, and its face where a side file says it."""
    from vivant.nodes.sources.image import ImageParams, ImageSource

    source = ImageSource(ImageParams(path=portrait, max_size=16384))
    source.open(context)
    try:
        picture = source.process(NoInputs()).frame
        return picture.rgb, picture.marks
    finally:
        source.close(Outcome.DONE)


def _start(
    pixels: npt.NDArray[np.uint8], marks: FaceMarks | None, size: tuple[int, int], fit: Any, context: NodeContext
) -> tuple[dict[str, Place], frozenset[str], str]:
    """Return where all points are at first, which of them are set, and what to say."""
    from vivant.nodes.face.named_points import NAMED_POINTS

    if marks is not None:
        by_hand = frozenset(marks.points) if marks.landmarks is None else frozenset(NAMED_POINTS)
        return _places(fit(marks)) | dict(marks.points), by_hand, "the points of the file"
    reading = _tracked(pixels, context)
    if reading is not None:
        return _places(reading), frozenset(NAMED_POINTS), "found by the tracker: correct what is wrong"
    template = _places(_template(size))
    return template, frozenset(), "no face was found: put the red points where they belong, the others follow"


def _tracked(pixels: npt.NDArray[np.uint8], context: NodeContext) -> FaceReading | None:
    from vivant.nodes.face.landmarks import FaceLandmarks, LandmarksParams, Mode
    from vivant.nodes.formats.picture import Picture

    node = FaceLandmarks(LandmarksParams(mode=Mode.STILL))
    node.open(context)
    try:
        return node.look(Packet(Picture(pixels), 0, 0))
    finally:
        node.close(Outcome.FAILED)  # that no face is there is told in the window


def _template(size: tuple[int, int]) -> FaceReading:
    """Return the reading of an average face in the middle of the picture."""
    from vivant.nodes.face.anatomical_head import load_head
    from vivant.nodes.formats.face import FaceReading

    head = load_head()
    points = head.landmark_positions(head.vertices)
    points = points - points.mean(axis=0)
    scale = _TEMPLATE * min(size) / float(np.ptp(points[:, 1]))
    pixels = points * np.array([scale, -scale, -scale], np.float32) + np.array(
        [size[0] / 2, size[1] / 2, 0], np.float32
    )
    return FaceReading(pixels.astype(np.float32), size, np.zeros(52, np.float32), np.eye(4, dtype=np.float32))


def _places(reading: FaceReading) -> dict[str, Place]:
    from vivant.nodes.face.named_points import NAMED_POINTS

    out: dict[str, Place] = {}
    for name, point in NAMED_POINTS.items():
        x, y = reading.points[list(point.landmarks), :2].mean(axis=0)
        out[name] = (float(np.clip(x, 0, reading.size[0])), float(np.clip(y, 0, reading.size[1])))
    return out
