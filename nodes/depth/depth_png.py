"""A depth map as a PNG with 16 bits, marked so that it is read back as it was."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

Floats: TypeAlias = npt.NDArray[np.float32]

WHITE = 65535
MARK = "vivant-depth"
MEANING = "relative inverse depth: 0 farthest, 65535 nearest"


def depth_png(values: Floats) -> bytes:
    """Return a map as a grey PNG with 16 bits: 0 (black) is farthest, 65535 (white) nearest, evenly in inverse depth.

    Args:
        values: ``float32 (h, w)`` in [0, 1], 1 nearest, no NaN.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    mark = PngInfo()
    mark.add_text(MARK, MEANING)
    grey = np.rint(np.clip(values, 0, 1) * WHITE).astype(np.uint16)
    written = io.BytesIO()
    Image.fromarray(grey).save(written, format="PNG", pnginfo=mark)
    return written.getvalue()


def is_marked(opened: Image.Image) -> bool:
    """Tell whether an opened picture is a map that `depth_png` wrote, still with 16 bits.

    Its numbers are then from 0 to 1 already: stretching them once more would make another map of them.
    """
    return opened.mode.startswith("I") and opened.info.get(MARK) == MEANING
