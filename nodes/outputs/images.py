"""Numbered pictures in a folder, or one picture."""

from __future__ import annotations

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

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
JPEG_QUALITY = 95


class ImagesParams(NodeParams):
    """Parameters of `ImagesOutput`."""

    path: str = param(
        "", "Folder for frame_000001.png and so on, or one picture (.png, .jpg).", cost=Cost.REOPEN
    )
    every: int = param(1, "Write the first of so many frames, and leave out the others.", ge=1)
    last: bool = param(
        True, "One picture shows the last frame that came; false: the first.", cost=Cost.REOPEN
    )


@dataclass(frozen=True)
class ImagesInputs:
    """Inputs of `ImagesOutput`."""

    frame: Packet[Picture] = trigger("The frames.")


class ImagesOutput(Node[ImagesParams, ImagesInputs, NoOutputs], type="output.images"):
    """Writes numbered PNG pictures into a folder, or a single picture.

    PNG is without loss and keeps transparency. Each file appears when it is whole; a single picture appears at
    the end. A folder is made if its parent exists; files in it that bear the name of a new one are replaced,
    others stay.
    """

    _target: Path | None = None
    _one: Picture | None = None
    _part: PartFile | None = None

    def open(self, context: NodeContext) -> None:
        """Make the folder, or begin the picture.

        Raises:
            VivantError: No path, an ending that is not known, or a place that cannot be written to.
        """
        target = given_target(context, self.params.path)
        self._seen = self._written = 0
        self._one = self._part = None
        if target.suffix.lower() in PICTURE_ENDINGS and not target.is_dir():
            self._part = PartFile(target)
        else:
            self._made_folder = _make_folder(target)
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
        if self._part is not None:
            if self._one is None or self.params.last:
                self._one = picture
            return
        part = PartFile(self._target / f"frame_{self._written + 1:06d}.png")
        _save(picture, part)
        self._written += 1

    def close(self, outcome: Outcome) -> None:
        """Write the single picture, or leave the folder as it is.

        Numbered pictures that were written before a failure stay: each of them is whole.

        Raises:
            VivantError: The picture cannot be written, or no frame came.
        """
        target, part, one = self._target, self._part, self._one
        self._target = self._part = self._one = None
        if target is None:
            return
        if part is not None and one is not None and outcome is not Outcome.FAILED:
            _save(one, part)
            return
        if part is not None:
            part.discard()
        elif self._written == 0 and self._made_folder:
            target.rmdir()
        if self._seen == 0 and outcome is Outcome.DONE:
            raise VivantError("no frame came, so no picture was written", where=str(target))


def _save(picture: Picture, part: PartFile) -> None:
    from PIL import Image

    jpeg = part.target.suffix.lower() != ".png"
    pixels = over_black(picture.pixels) if jpeg and picture.pixels.shape[2] == 4 else picture.pixels
    try:
        # Level 1 packs a photograph to 5 % more than the default, 6 times as fast.
        settings = {"quality": JPEG_QUALITY, "subsampling": 0} if jpeg else {"compress_level": 1}
        Image.fromarray(pixels).save(part.path, "JPEG" if jpeg else "PNG", **settings)
    except OSError as error:
        part.discard()
        raise not_writable(part.target, error) from error
    except BaseException:
        part.discard()
        raise
    part.finish()


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
    try:
        PartFile(folder / "frame_000001.png").discard()
    except VivantError:
        if new:
            folder.rmdir()
        raise
    return new
