"""Pictures as OpenGL hands them over."""

from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.formats.drawn_picture import DrawnPicture
from vivant.nodes.formats.picture import Picture


def rows(height: int = 5, width: int = 7) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 4)).astype(np.uint8)


def test_its_pixels_are_upright_and_have_three_components() -> None:
    drawn = rows()
    picture = DrawnPicture(drawn)
    assert isinstance(picture, Picture) and (picture.width, picture.height, picture.marks) == (7, 5, None)
    np.testing.assert_array_equal(picture.pixels, drawn[::-1, :, :3])
    assert picture.pixels is picture.pixels is picture.rgb is picture.rgb_over(128)
    assert picture.pixels.flags.c_contiguous
    for values in (picture.pixels, picture.rows):
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0, 0] = 0


def test_it_cannot_be_changed() -> None:
    picture = DrawnPicture(rows())
    with pytest.raises((AttributeError, TypeError)):
        picture.rows = rows()
    with pytest.raises((AttributeError, TypeError)):
        picture.marks = None  # type: ignore[misc]


@pytest.mark.parametrize(
    "values",
    [rows()[..., :3], rows()[0], rows().astype(np.float32), rows()[:, ::2]],
    ids=["3", "flat", "float", "gaps"],
)
def test_what_opengl_does_not_hand_over_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="what was drawn is"):
        DrawnPicture(values)
