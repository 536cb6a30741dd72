"""A picture from a file."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome, Pace, Source
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.nodes.formats.picture import Picture
from vivant.nodes.sources.face_file import face_file_of, read_face_file
from vivant.nodes.sources.given_file import given_file, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

SMALLEST_SIDE = 32
"""Pixels. Below this no face can be told, and every later step would have to defend itself."""
MOST_PIXELS = 100_000_000
"""Decoded, 100 megapixels are 300 MB; a file of a few kilobytes can claim to be far larger."""
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG2000", "PPM", "TGA", "ICO", "PSD")
"""Only formats that Pillow decodes itself: EPS, for one, would start another program on the file."""


class ImageParams(NodeParams):
    """Parameters of `ImageSource`."""

    path: str = param("", "Picture file, or sample:NAME.", cost=Cost.REOPEN)
    max_size: int = param(
        2048, "Pixels of the longer side; a larger picture is reduced.", cost=Cost.REOPEN, ge=64, le=16384
    )


@dataclass(frozen=True)
class ImageOutputs:
    """Outputs of `ImageSource`."""

    frame: Picture = output("The picture, upright, in sRGB; with alpha only where the file has some.")


class ImageSource(Source[ImageParams, ImageOutputs], type="source.image", pace=Pace.ONCE):
    """Reads a still picture from a file.

    It is decoded in `open`, so that a fault shows before anything starts. Where a file ``NAME.face.json`` lies
    beside it, the picture carries the face that this file points out.
    """

    _picture: Picture | None = None

    def open(self, context: NodeContext) -> None:
        """Read the picture.

        Raises:
            VivantError: No such file, no picture, damaged, too large or too small; or the file beside it that says
                where the face is cannot be used.
        """
        file = given_file(context, self.params.path, "picture")
        pixels, size = _read(file, self.params.max_size, context)
        marks = None
        if not self.params.path.startswith("sample:") and (beside := face_file_of(file)).exists():
            marks = read_face_file(beside, size).scaled(pixels.shape[1] / size[0], pixels.shape[0] / size[1])
            context.notice(f"{file.name}: its face is taken from {beside.name}")
        self._picture = Picture(pixels, marks)

    def process(self, inputs: NoInputs) -> ImageOutputs:
        """Return the picture."""
        if self._picture is None:
            raise RuntimeError("process() before open()")
        return ImageOutputs(self._picture)

    def length(self) -> int:
        """Return 1."""
        return 1

    def close(self, outcome: Outcome) -> None:
        """Let go of the picture."""
        self._picture = None


def upright_size(file: Path) -> tuple[int, int]:
    """Return width and height of a picture as it is shown, without decoding it.

    Raises:
        OSError: It cannot be read, or is no picture.
    """
    from PIL import Image

    with Image.open(file, formats=FORMATS) as opened:
        width, height = opened.size
        sideways = opened.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (height, width) if sideways else (width, height)


def _read(file: Path, max_size: int, context: NodeContext) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    """Return the file's pixels, ``uint8 (height, width, 3 or 4)``, and its own width and height, upright."""
    from PIL import Image, UnidentifiedImageError

    try:
        with file.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MOST_PIXELS decides, just below
            with Image.open(stream, formats=FORMATS) as opened:
                width, height = opened.size
                if width * height > MOST_PIXELS:
                    raise _too_large(file, f"{width} x {height} pixels")
                if min(width, height) < SMALLEST_SIDE:
                    raise _too_small(file, width, height)
                opened.load()
                # Read before the conversions: they may lose both.
                profile = opened.info.get("icc_profile")
                orientation = _orientation(opened, file, context)
                image = _upright(_to_srgb(_to_8_bit(opened), profile, file, context), orientation)
                size = image.size
                pixels = np.array(_reduced(image, max_size, file, context))
    except VivantError:
        raise
    except PermissionError:
        raise unreadable(file, "picture") from None
    except Image.DecompressionBombError:
        raise _too_large(file, "more than twice that") from None
    except UnidentifiedImageError:
        raise _no_picture(file) from None
    except Exception as error:
        # Decoders fail with whatever they tripped over: OSError, SyntaxError, struct.error
        raise VivantError(
            f"this picture is damaged or not complete ({error})",
            where=str(file),
            remedy="copy or export it again; PNG, JPEG and WebP are read",
            exit_status=2,
        ) from error
    if pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all()):
        pixels = np.ascontiguousarray(pixels[..., :3])
    return pixels, size


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Return the first picture of `image` in mode L, LA, RGB, RGBA, CMYK or LAB.

    Pillow clips what is deeper than 8 bits instead of scaling it, so that is done here.
    """
    from PIL import Image

    mode = image.mode
    if mode.startswith("I;16"):
        return Image.fromarray(_scaled(np.asarray(image).astype(np.float64), 65535))
    if mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        top = float(values.max(initial=0.0))
        whites = (1, 255, 65535) if mode == "F" else (255, 65535)
        return Image.fromarray(_scaled(values, next((white for white in whites if top <= white), top)))
    if mode == "1":
        return image.convert("L")
    transparent = "transparency" in image.info
    if mode in ("P", "PA"):
        return image.convert("RGBA" if transparent or mode == "PA" else "RGB")
    if transparent and mode in ("L", "RGB"):
        return image.convert("RGBA")
    if mode in ("La", "RGBa"):
        return image.convert(mode[:-1] + "A")
    if mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    return image.convert("RGB")


def _scaled(values: npt.NDArray[np.float64], white: float) -> npt.NDArray[np.uint8]:
    return np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)


def _to_srgb(image: Image.Image, profile: bytes | None, file: Path, context: NodeContext) -> Image.Image:
    """Return the picture as RGB or RGBA, colours taken from its ICC profile to sRGB where it has one."""
    from PIL import Image, ImageCms

    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colours = image.convert(image.mode[:-1]) if alpha is not None else image
    if colours.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            # sRGB to sRGB would only add rounding to what is already right.
            if "sRGB" not in ImageCms.getProfileDescription(given):
                colours = (
                    ImageCms.profileToProfile(colours, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
                    or colours
                )
        except (ImageCms.PyCMSError, OSError, ValueError):
            context.notice(f"{file.name}: its colour profile does not fit or is damaged; taken as sRGB")
    rgb = colours.convert("RGB")
    if alpha is None:
        return rgb
    return Image.merge("RGBA", (*rgb.split(), alpha))


def _orientation(image: Image.Image, file: Path, context: NodeContext) -> int:
    """Return the EXIF orientation, 1 to 8, where 1 is upright."""
    try:
        value = int(image.getexif().get(0x0112, 1))
    except Exception:  # EXIF comes from any camera or editor, and its parser fails in as many ways
        context.notice(f"{file.name}: its EXIF data is damaged; a rotation noted there is not used")
        return 1
    return value if 1 <= value <= 8 else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    from PIL.Image import Transpose

    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)
    return image if turn is None else image.transpose(turn)


def _reduced(image: Image.Image, max_size: int, file: Path, context: NodeContext) -> Image.Image:
    from PIL.Image import Resampling

    width, height = image.size
    scale = max_size / max(width, height)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if min(size) < SMALLEST_SIDE:
        raise _too_small(file, width, height)
    context.notice(
        f"{file.name}: reduced from {width} x {height} to {size[0]} x {size[1]} pixels (max_size is {max_size})"
    )
    # BOX averages the covered area; Pillow premultiplies alpha for it and divides again.
    return image.resize(size, Resampling.BOX)


def _too_large(file: Path, size: str) -> VivantError:
    return VivantError(
        f"this picture is too large: the limit is {MOST_PIXELS // 1_000_000} megapixels, it has {size}",
        where=str(file),
        remedy="make it smaller in any picture program; 2048 pixels a side are plenty",
        exit_status=2,
    )


def _too_small(file: Path, width: int, height: int) -> VivantError:
    return VivantError(
        f"this picture is too small or too narrow: {width} x {height} pixels",
        where=str(file),
        remedy=f"each side needs {SMALLEST_SIDE} pixels at the very least; 512 and more look good",
        exit_status=2,
    )


def _no_picture(file: Path) -> VivantError:
    with file.open("rb") as stream:
        start = stream.read(12)
    remedy = "PNG, JPEG, WebP, AVIF, GIF, TIFF and BMP are read"
    if not start:
        return VivantError("this file is not a picture: it is empty", where=str(file), remedy=remedy, exit_status=2)
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
        remedy = "this is a HEIC photo: export it as JPEG first"
    elif start[4:8] == b"ftyp" or start[:4] == b"\x1aE\xdf\xa3":
        remedy = "this looks like a video: that is for source.video, a portrait is a still picture"
    return VivantError("this file is not a picture", where=str(file), remedy=remedy, exit_status=2)
