from __future__ import annotations

from typing import Any

import numpy as np

from vivant.nodes.face.pointed_matte import matte_around
from vivant.nodes.formats.face_marks import FaceMarks


def test_the_cat_is_cut_out_with_ears_and_body(cat: Any) -> None:
    for points in (cat.least, cat.points):
        matte = matte_around(cat.draw(), FaceMarks(points, None, {}))
        assert matte is not None and matte.shape == (cat.size[1], cat.size[0]) and matte.dtype == np.float32
        assert matte.min() >= 0 and matte.max() <= 1
        for x, y in ((240, 200), (110, 100), (370, 100), (240, 500)):
            assert matte[y, x] > 0.9
        for x, y in ((20, 20), (460, 30), (20, 400), (30, 540)):
            assert matte[y, x] < 0.1


def test_the_same_picture_gives_the_same_matte(cat: Any) -> None:
    a, b = (matte_around(cat.draw(), FaceMarks(cat.least, None, {})) for _ in range(2))
    assert a is not None and b is not None
    np.testing.assert_array_equal(a, b)


def test_a_picture_of_one_colour_is_no_error(cat: Any) -> None:
    blank = np.full((cat.size[1], cat.size[0], 3), 90, np.uint8)
    matte = matte_around(blank, FaceMarks(cat.least, None, {}))
    assert matte is None or np.isfinite(matte).all()
