from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.port import NoInputs
from vivant.nodes.sources.image import ImageParams, ImageSource


def read(context: NodeContext, path: Path | str, **params: int) -> npt.NDArray[np.uint8]:
    node = ImageSource(ImageParams(path=str(path), **params))
    node.open(context)
    pixels = node.process(NoInputs()).frame.pixels
    node.close(Outcome.DONE)
    return pixels


def ramp(width: int = 64, height: int = 40) -> npt.NDArray[np.uint8]:
    """Every row, column and channel differ, so that any flip, turn or swap shows."""
    y, x = np.mgrid[0:height, 0:width]
    return np.dstack([x * 3, y * 5, (x + y) * 2]).astype(np.uint8)


@pytest.fixture
def context(node_context: Callable[..., NodeContext]) -> NodeContext:
    return node_context()


def refusal(context: NodeContext, path: Path) -> VivantError:
    with pytest.raises(VivantError) as caught:
        read(context, path)
    assert caught.value.exit_status == 2
    assert str(path) in caught.value.where
    return caught.value


def test_png_is_read_exactly_and_cannot_be_changed(context: NodeContext, tmp_path: Path) -> None:
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    pixels = read(context, "a.png")
    np.testing.assert_array_equal(pixels, ramp())
    assert not pixels.flags.writeable


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(context: NodeContext, tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = Image.fromarray(ramp())
    # How a camera held in that way stores the scene (EXIF 2.3, tag 0x0112).
    store = {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}
    stored = upright
    for step in store.get(orientation, []):
        stored = stored.transpose(Image.Transpose(step))
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless: dict[str, dict[str, Any]] = {
        "jpg": {"quality": 100, "subsampling": 0},
        "webp": {"lossless": True},
    }
    options = lossless.get(suffix, {})
    stored.save(tmp_path / f"a.{suffix}", exif=exif, **options)
    pixels = read(context, f"a.{suffix}")
    assert pixels.shape == ramp().shape
    assert np.abs(pixels.astype(int) - ramp()).max() <= (4 if suffix == "jpg" else 0)


def test_16_bit_grey_is_scaled_not_clipped(context: NodeContext, tmp_path: Path) -> None:
    values = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    for name in ("a.png", "a.tif"):
        Image.fromarray(values).save(tmp_path / name)
        pixels = read(context, name)
        assert pixels.shape == (64, 64, 3)
        np.testing.assert_array_equal(pixels[..., 0], np.rint(values / 257))


def test_16_bit_colour_keeps_its_high_bytes(context: NodeContext, tmp_path: Path) -> None:
    values = ramp(32, 32).astype(np.uint16) * 257
    (tmp_path / "a.png").write_bytes(png(32, 32, 16, 2, values.astype(">u2").tobytes(), 32 * 6))
    np.testing.assert_array_equal(read(context, "a.png"), ramp(32, 32))


def test_float_picture(context: NodeContext, tmp_path: Path) -> None:
    Image.fromarray(np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)).save(tmp_path / "a.tif")
    pixels = read(context, "a.tif")
    assert pixels[0, 0, 0] == 0
    assert pixels[-1, -1, 0] == 255


def test_grey_grey_with_alpha_and_bilevel(context: NodeContext, tmp_path: Path) -> None:
    grey = ramp()[..., 0]
    alpha = ramp()[..., 1]
    Image.fromarray(grey).save(tmp_path / "l.png")
    Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha))).save(tmp_path / "la.png")
    Image.fromarray(grey > 90).save(tmp_path / "1.png")
    np.testing.assert_array_equal(read(context, "l.png"), np.dstack([grey] * 3))
    np.testing.assert_array_equal(read(context, "la.png"), np.dstack([grey] * 3 + [alpha]))
    np.testing.assert_array_equal(read(context, "1.png"), np.dstack([np.where(grey > 90, 255, 0)] * 3))


def test_palette_with_transparency(context: NodeContext, tmp_path: Path) -> None:
    image = Image.fromarray((ramp()[..., 0] // 64).astype(np.uint8), mode="P")
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9)]
    image.putpalette([value for colour in colours for value in colour])
    image.save(tmp_path / "a.png", transparency=1)
    pixels = read(context, "a.png")
    assert pixels.shape[2] == 4
    assert tuple(pixels[0, 0]) == (255, 0, 0, 255)
    assert pixels[0, 30, 3] == 0
    assert tuple(pixels[0, 50]) == (0, 0, 255, 255)


def test_rgba_keeps_alpha_and_an_opaque_one_loses_it(context: NodeContext, tmp_path: Path) -> None:
    rgba = np.dstack([ramp(), ramp()[..., 1]])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(context, "a.png"), rgba)
    rgba[..., 3] = 255
    Image.fromarray(rgba).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read(context, "b.png"), ramp())


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk(context: NodeContext, tmp_path: Path, suffix: str) -> None:
    """JPEG holds CMYK inverted, as Adobe's programs do, TIFF plainly; both are red here."""
    ink = np.zeros((40, 40, 4), np.uint8)
    ink[..., 1] = ink[..., 2] = 255
    Image.fromarray(ink, mode="CMYK").save(tmp_path / f"a.{suffix}")
    r, g, b = read(context, f"a.{suffix}").reshape(-1, 3).mean(0)
    assert r > 230
    assert g < 40
    assert b < 40


def test_colour_profile_is_applied(context: NodeContext, tmp_path: Path) -> None:
    """Mid grey of a linear profile is lighter in sRGB: 0.5 linear is 188."""
    Image.new("RGB", (40, 40), (128, 128, 128)).save(tmp_path / "a.png", icc_profile=linear_profile())
    assert abs(int(read(context, "a.png")[0, 0, 1]) - 188) <= 2


def test_srgb_profile_changes_nothing(context: NodeContext, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(ramp()).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(read(context, "a.png"), ramp())


def test_damaged_colour_profile_is_ignored_aloud(context: NodeContext, tmp_path: Path, notices: list[str]) -> None:
    Image.fromarray(ramp()).save(tmp_path / "a.png", icc_profile=b"no profile at all")
    np.testing.assert_array_equal(read(context, "a.png"), ramp())
    assert "colour profile" in notices[0]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_of_an_animation_the_first_frame(context: NodeContext, tmp_path: Path, suffix: str) -> None:
    first, second = Image.new("RGB", (40, 40), (250, 0, 0)), Image.new("RGB", (40, 40), (0, 0, 250))
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[second])
    assert read(context, f"a.{suffix}")[20, 20, 0] > 200


def test_large_picture_is_reduced_by_area_with_a_notice(
    context: NodeContext, tmp_path: Path, notices: list[str]
) -> None:
    fine = np.zeros((100, 200, 3), np.uint8)
    fine[:, ::2] = 200
    Image.fromarray(fine).save(tmp_path / "a.png")
    pixels = read(context, "a.png", max_size=100)
    assert pixels.shape == (50, 100, 3)
    assert (pixels == 100).all()
    assert "200 x 100" in notices[0]


def test_missing_file_offers_the_nearest_name(context: NodeContext, tmp_path: Path) -> None:
    (tmp_path / "portrait.png").touch()
    assert "portrait.png" in refusal(context, tmp_path / "Portait.PNG").remedy
    assert str(tmp_path) in refusal(context, tmp_path / "no" / "such" / "a.png").remedy


def test_folder_and_device(context: NodeContext, tmp_path: Path) -> None:
    assert "folder" in refusal(context, tmp_path).what
    os.mkfifo(tmp_path / "pipe.png")
    assert "regular" in refusal(context, tmp_path / "pipe.png").what


def test_nothing_named(context: NodeContext) -> None:
    with pytest.raises(VivantError) as caught:
        read(context, "")
    assert caught.value.exit_status == 2


def test_not_a_picture(context: NodeContext, tmp_path: Path) -> None:
    for name, content, word in (
        ("a.png", b"hello, I am a text", "PNG"),
        ("b.png", b"", "PNG"),
        ("c.jpg", b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        ("d.mp4", b"\0\0\0\x18ftypisom\0\0\0\0", "source.video"),
    ):
        (tmp_path / name).write_bytes(content)
        error = refusal(context, tmp_path / name)
        assert "not a picture" in error.what
        assert word in error.remedy


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_truncated_picture(context: NodeContext, tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / f"a.{suffix}")
    whole = (tmp_path / f"a.{suffix}").read_bytes()
    (tmp_path / f"a.{suffix}").write_bytes(whole[: len(whole) // 2])
    refusal(context, tmp_path / f"a.{suffix}")


@pytest.mark.parametrize("side", [10_001, 12_000, 40_000])
def test_enormous_picture_is_refused_by_its_header(context: NodeContext, tmp_path: Path, side: int) -> None:
    (tmp_path / "a.png").write_bytes(png(side, side, 8, 2, b"", 0))
    assert "too large" in refusal(context, tmp_path / "a.png").what


@pytest.mark.parametrize("size", [(1, 1), (500, 31), (8000, 64)])
def test_tiny_or_too_narrow_picture(context: NodeContext, tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    assert "too small" in refusal(context, tmp_path / "a.png").what


def test_unreadable_file(context: NodeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(ramp()).save(tmp_path / "a.png")

    def refuse(self: Path, *args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)  # root, who runs some of these tests, may read anything
    assert "may not be read" in refusal(context, tmp_path / "a.png").what


def test_sample_goes_through_the_fetcher(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    Image.fromarray(ramp()).save(tmp_path / "fetched.png")
    context = node_context(fetch={"sample:me": tmp_path / "fetched.png"}.__getitem__)
    np.testing.assert_array_equal(read(context, "sample:me"), ramp())


def test_real_portraits(context: NodeContext, media: Path) -> None:
    for file in sorted((media / "portraits").iterdir()):
        with Image.open(file) as image:
            expected = np.asarray(image.convert("RGB"))
        pixels = read(context, file)
        assert pixels.shape[2] == 3
        if max(expected.shape) <= 2048:
            assert pixels.shape == expected.shape


def png(width: int, height: int, depth: int, colour: int, raw: bytes, stride: int) -> bytes:
    """Write a PNG by hand: Pillow writes no 16-bit colour, and a huge one must not be drawn first."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + raw[i : i + stride] for i in range(0, len(raw), stride)) if stride else b""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def linear_profile() -> bytes:
    """The sRGB profile of Pillow with its tone curves replaced by straight lines."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", data, 128)[0]
    for entry in range(count):
        name, offset, _size = struct.unpack_from(">4sII", data, 132 + 12 * entry)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">4sII", data, offset, b"curv", 0, 0)  # 0 points: the identity (ICC.1, 10.6)
        if name == b"desc":
            start = data.find("sRGB".encode("utf-16-be"), offset)
            data[start : start + 8] = "Line".encode("utf-16-be")
    return io.BytesIO(data).getvalue()
