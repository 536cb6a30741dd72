from __future__ import annotations

import numpy as np

from vivant.nodes.outputs.text_picture import text_picture


def test_text_is_white_on_a_half_transparent_ground() -> None:
    pixels = text_picture(["60 fps"])
    assert pixels.dtype == np.uint8
    assert (pixels[0, 0] == (0, 0, 0, 150)).all()
    assert pixels[..., 0].max() == 255
    assert (pixels[..., :3].max(axis=2) <= pixels[..., 3]).all()  # premultiplied


def test_each_line_takes_its_room_and_the_longest_sets_the_width() -> None:
    one, two, long = text_picture(["a"]), text_picture(["a", "b"]), text_picture(["a", "b" * 40])
    assert two.shape[0] - one.shape[0] == 20
    assert long.shape[1] > 3 * two.shape[1]


def test_a_line_that_is_too_long_goes_on_in_the_next() -> None:
    words = " ".join(["word"] * 60)
    one, many = text_picture(["word"], width=300), text_picture([words], width=300)
    assert many.shape[1] <= 300
    assert many.shape[0] > one.shape[0] + 4 * 20
    assert text_picture(["c" * 500], width=300).shape[1] <= 300


def test_tabs_separate_columns_that_stand_below_each_other() -> None:
    def begins(line: str) -> int:
        """Return where the last column's ink begins in the first row, a full block."""
        ink = text_picture([line, "a much longer name\t\u2588"])[8:28, :, 0].max(axis=0)
        return int(np.argwhere(ink == ink.max())[-1][0])

    assert abs(begins("a\t|") - begins("a much longer name\t|")) <= 1


def test_no_text_is_a_picture_too() -> None:
    assert text_picture([]).shape[2] == 4
