from __future__ import annotations

import numpy as np

from vivant.nodes.outputs.opaque import over_black


def test_every_colour_under_every_alpha_is_rounded_to_nearest() -> None:
    colour, alpha = np.mgrid[0:256, 0:256]
    pixels = np.dstack([colour, 255 - colour, colour, alpha]).astype(np.uint8)
    expected = np.rint(pixels[..., :3].astype(np.float64) * alpha[..., None] / 255).astype(np.uint8)
    np.testing.assert_array_equal(over_black(pixels), expected)
