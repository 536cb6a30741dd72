"""Numbered pictures in a folder, or one picture."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.picture import Picture
from vivant.nodes.outputs.given_target import given_target
from vivant.nodes.outputs.opaque import over_black
from vivant.nodes.outputs.part_file import PartFile, not_writable
from vivant.nodes.outputs.part_folder import PartFolder

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
JPEG_QUALITY = 95


class ImagesParams(NodeParams):
    """Parameters of `ImagesOutput`."""

    path: str = param("", "Folder for frame_000001.png and so on, or one picture (.png, .jpg).", cost=Cost.REOPEN)
    every: int = param(1, "Write the first of so many frames, and leave out the others.", ge=1)
    last: bool = param(True, "One picture shows the last frame that came; false: the first.", cost=Cost.REOPEN)


@dataclass(frozen=True)
class ImagesInputs:
    """Inputs of `ImagesOutput`."""

    frame: Packet[Picture] = trigger("The frames.")


class ImagesOutput(Node[ImagesParams, ImagesInputs, NoOutputs], type="output.images", exclusive=True):
    """Writes numbered PNG pictures into a folder, or a single picture.

    PNG is without loss and keeps transparency. The pictures appear under their names at the end, also after
    Ctrl-C; a run that fails leaves nothing. A folder is made if its parent exists; pictures in it that bear
    the name of a new one are replaced, others stay.
    """

    _target: Path | None = None

    def open(self, context: NodeContext) -> None:
        """Make the folder, or begin the picture.

        Raises:
            VivantError: No path, an ending that is not known, or a place that cannot be written to.
        """
        target = given_target(context, self.params.path)
        self._seen = 0
        self._one: Picture | None = None
        self._made_folder = False
        self._parts: PartFile | PartFolder
        if target.suffix.lower() in PICTURE_ENDINGS and not target.is_dir():
            self._parts = PartFile(target)
        else:
            self._made_folder = _make_folder(target)
            try:
                self._parts = PartFolder(target, "frame_{:06d}.png")
            except VivantError:
                if self._made_folder:
                    target.rmdir()
                raise
        self._target = target

    def process(self, inputs: ImagesInputs) -> None:
        """Write a frame, or keep it for the end.

        Raises:
            VivantError: The disk is full.
        """
        if self._target is None:
            raise RuntimeError("process() before open()")
        seen, self._seen = self._seen, self._seen + 1
        if seen % self.params.every:
            return
        picture = inputs.frame.value
        if isinstance(self._parts, PartFolder):
            _write(picture, self._parts.next, self._parts.goal)
            self._parts.added()
        elif self._one is None or self.params.last:
            self._one = picture

    def close(self, outcome: Outcome) -> None:
        """Give the pictures their names, or remove them if the run failed.

        Raises:
            VivantError: They cannot be written, or no frame came.
        """
        target, self._target = self._target, None
        if target is None:
            return
        one, self._one = self._one, None
        parts = self._parts
        try:
            if outcome is Outcome.FAILED:
                return
            if one is not None and isinstance(parts, PartFile):
                _write(one, parts.path, target)
            if self._seen:
                parts.finish()
            elif outcome is Outcome.DONE:
                raise VivantError("no frame came, so no picture was written", where=str(target))
        finally:
            parts.discard()
            if self._made_folder:
                with contextlib.suppress(OSError):
                    target.rmdir()  # it stays if something is in it


def _write(picture: Picture, path: Path, target: Path) -> None:
    from PIL import Image

    jpeg = target.suffix.lower() != ".png"
    pixels = over_black(picture.pixels) if jpeg and picture.pixels.shape[2] == 4 else picture.pixels
    # A face of 725 x 725 at level 1 takes 22 ms and 415 KB, at the default of 6 it takes 73 ms and 351 KB.
    settings = {"quality": JPEG_QUALITY, "subsampling": 0} if jpeg else {"compress_level": 1}
    try:
        Image.fromarray(pixels).save(path, "JPEG" if jpeg else "PNG", **settings)
    except OSError as error:
        raise not_writable(target, error) from error


def _make_folder(folder: Path) -> bool:
    """Make the folder and see that it can be written to. Returns whether it is new."""
    if folder.suffix and not folder.exists() and not folder.name.startswith("."):
        raise VivantError(
            f"'{folder.suffix}' is no ending of a picture that can be written",
            where=str(folder),
            remedy=f"use one of {', '.join(PICTURE_ENDINGS)}, or a folder for numbered pictures",
            exit_status=2,
        )
    if folder.exists() and not folder.is_dir():
        raise VivantError(
            "numbered pictures need a folder, and this is a file",
            where=str(folder),
            remedy="name a folder, or one picture (.png, .jpg)",
            exit_status=2,
        )
    try:
        new = not folder.exists()
        if new:
            folder.mkdir()
    except FileNotFoundError as error:
        raise VivantError(
            "the folder to write to does not exist",
            where=str(folder.parent),
            remedy="make it first, or write somewhere else",
            exit_status=2,
        ) from error
    except OSError as error:
        raise not_writable(folder, error) from error
    return new
