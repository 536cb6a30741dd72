"""Pictures with transparent parts: what is to be seen of them goes on there, and each layer is as clear as they are."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.scene.nearest_known import nearest_known

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_COLOURED = 0.1  # as opaque as this, a pixel has a colour; below it may be anything
_OPAQUE = 0.98  # what is more opaque counts as opaque: noise of a matte must not make holes in what lies behind
_HIDDEN = 0.1  # of what no more than this share is seen, is as opaque as what it goes on from
_NOTHING = 1e-6
_SURE = 0.9  # as opaque as this, its depth is not that of what lay behind when it was estimated


def continued(pixels: U8, z: F32, ramp: int) -> tuple[U8, F32, F32]:
    """Continue what is to be seen of a picture into its transparent parts, so that nothing ends where it ends.

    Args:
        pixels: ``uint8 (h, w, 4)``, straight alpha; somewhere it is not transparent.
        z: Depth, ``float32 (h, w)``.
        ramp: How far depth that was estimated may fall off before an outline, pixels.

    Returns:
        Colours ``uint8 (h, w, 3)``, depth ``float32 (h, w)``, and how opaque the picture is, ``float32 (h, w)`` in
        [0, 1].
    """
    opacity = pixels[..., 3].astype(np.float32) / np.float32(255)
    opacity[opacity > _OPAQUE] = 1
    most = float(opacity.max())
    sure, coloured = opacity >= min(_SURE, most), opacity >= min(_COLOURED, most)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ramp + 1, 2 * ramp + 1))
    beside = cv2.dilate((~sure).astype(np.uint8), kernel) > 0
    nearest = np.asarray(cv2.dilate(np.where(sure, z, np.float32(-1e6)), kernel), np.float32)
    z = np.where(sure & beside, nearest, z)
    _, rows, columns = nearest_known(sure)
    z = np.where(sure, z, z[rows, columns])
    _, rows, columns = nearest_known(coloured)
    colours = np.where(coloured[..., None], pixels[..., :3], pixels[rows, columns, :3])
    return np.ascontiguousarray(colours, np.uint8), np.ascontiguousarray(z, np.float32), opacity


def see_through(alphas: list[F32], hidden: list[F32], opacity: F32) -> list[F32]:
    """Make layers as clear as their picture, so that over each other they are as opaque as it is.

    Where a nearer layer hides it, a layer is as opaque as it is beside there; but behind what is half transparent there
    is nothing.

    Args:
        alphas: Back to front, how opaque each would be if the picture were opaque, ``float32 (h, w)``.
        hidden: Back to front, how opaque each is where it is hidden, ``float32 (h, w)``.
        opacity: How opaque the picture is, ``float32 (h, w)``.

    Returns:
        Back to front, how opaque each is, ``float32 (h, w)``.
    """
    made = []
    seen = np.ones_like(opacity)  # share of a layer that no nearer one hides
    for alpha, beside in zip(reversed(alphas), reversed(hidden), strict=True):
        # through the nearer layers, as clear as the picture, comes 1 - a + a s; of this one a s alpha is to be added
        let_through = 1 - opacity + opacity * seen
        shown = np.where(let_through > _NOTHING, opacity * seen / np.maximum(let_through, _NOTHING), 1)
        hides = np.clip(1 - seen / _HIDDEN, 0, 1)
        made.append(np.asarray(alpha * (shown + hides * (np.minimum(shown, beside) - shown)), np.float32))
        seen = seen * (1 - alpha)
    made.reverse()
    return made
