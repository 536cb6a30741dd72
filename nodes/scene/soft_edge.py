"""Soft edges of layers: how much a pixel shows of the nearer one, and the colours of both there."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_EPS = 60.0  # contrast (squared, colours in 0..255) below which an edge is not the picture's
_FAINT, _SURE = 0.12, 0.9
_PASSES = 6
_SLACK = 8.0
_NOISE = 0.02  # a pixel as near as this to either side is of that side
_CONTRAST = 900.0  # squared difference of colours at which they tell as much as depth does
_BESIDE = 16.0


def soft_edge(pixels: U8, inside: Mask, torn: Mask, reach: int) -> F32:
    """Return how much each pixel belongs to the layer that covers `inside`.

    Where the layer ends at a step of depth its edge follows the picture's (guided filter; K. He and others, "Guided
    Image Filtering", PAMI 2013). Where it was cut through a surface that goes on, it fades over a few pixels: what lies
    under it there is the same.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        inside: ``bool (h, w)``.
        torn: ``bool (h, w)`` where steps of depth are.
        reach: How far an edge may be off, pixels.

    Returns:
        ``float32 (h, w)`` in [0, 1].
    """
    hard = inside.astype(np.float32)
    faded = np.asarray(cv2.GaussianBlur(hard, (0, 0), max(0.8, reach / 3)), np.float32)
    # colours stay in 0..255: OpenCV's filter takes most windows for singular when they are in [0, 1]
    guided = np.asarray(cv2.ximgproc.guidedFilter(pixels, hard, reach, _EPS), np.float32)
    guided = np.where(np.isfinite(guided), guided, hard)
    guided = np.clip((guided - _FAINT) / (_SURE - _FAINT), 0, 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    core, hull = cv2.erode(hard, kernel), cv2.dilate(hard, kernel)
    guided = np.maximum(np.minimum(guided, hull), core)
    # an edge that the picture does not have at all would be a wide mist: never softer than a few pixels
    guided = np.clip(guided, np.clip(4 * faded - 3, 0, 1), np.clip(4 * faded, 0, 1))
    share = cv2.GaussianBlur(cv2.dilate(torn.astype(np.float32), kernel), (0, 0), max(1.0, reach / 2))
    return np.asarray(share * guided + (1 - share) * faded, np.float32)


def told_by_colour(picture: F32, alpha: F32, front: F32, behind: F32, zone: F32) -> F32:
    """Correct how opaque a soft edge is by what the picture shows there.

    Where the colours on both sides differ, a pixel between them tells by its own how much it has of each (projected on
    the line between them; Y. Chuang and others, "A Bayesian Approach to Digital Matting", CVPR 2001, equation 10).
    So an edge that depth puts a few pixels beside the picture's takes no rim of the other side along.

    Args:
        picture: ``float32 (h, w, 3)``.
        alpha: ``float32 (h, w)`` as estimated from depth.
        front: The layer's colours, continued from where they are sure, ``float32 (h, w, 3)``.
        behind: The colours behind it, continued likewise, ``float32 (h, w, 3)``.
        zone: ``float32 (h, w)`` in [0, 1], how far this may be done: near steps of depth.
    """
    between = front - behind
    contrast = np.sum(between**2, axis=2)
    told = np.clip(np.sum((picture - behind) * between, axis=2) / np.maximum(contrast, 1.0), 0, 1)
    # what lies beside the line is a mixture of neither: then one of the two was continued wrongly
    beside = np.sum((picture - behind - told[..., None] * between) ** 2, axis=2)
    told = np.clip((told - _NOISE) / (1 - 2 * _NOISE), 0, 1)
    sure = zone * contrast / (contrast + _CONTRAST + _BESIDE * beside)
    return np.asarray(alpha + sure * (told - alpha), np.float32)


def composing(picture: F32, fills: list[F32], alphas: list[F32]) -> list[F32]:
    """Change the colours of layers as little as need be, so that over each other they are the picture.

    Through a soft edge two colours are seen as one. Which two cannot be told; those are taken that are nearest, in the
    least squares, to what each layer shows beside the edge. So neither is stained by the other when they part.

    Args:
        picture: ``float32 (h, w, 3)``.
        fills: Back to front, each layer's colours continued from where they are sure, ``float32 (h, w, 3)``.
        alphas: How opaque each is, ``float32 (h, w)``.

    Returns:
        Colours in [0, 255], back to front.
    """
    shares, left = [], np.ones_like(alphas[0])
    for alpha in reversed(alphas):
        shares.append(left * alpha)
        left = left * (1 - alpha)
    shares.reverse()
    power = np.maximum(np.sum([share**2 for share in shares], axis=0), 1e-6)
    colours = fills
    # A layer's own colour lies between what is seen and what it shows beside the edge. Beyond them it could only go to
    # make up for an edge that is not where it was thought to be, and would stay behind as a line.
    most = [np.minimum(np.maximum(fill, picture) + _SLACK, 255) for fill in fills]
    least = [np.maximum(np.minimum(fill, picture) - _SLACK, 0) for fill in fills]
    for _ in range(_PASSES):  # what one colour cannot take, the others have to
        lack = picture - np.sum([s[..., None] * c for s, c in zip(shares, colours, strict=True)], axis=0)
        colours = [
            np.asarray(np.clip(colour + (share / power)[..., None] * lack, low, high), np.float32)
            for share, colour, low, high in zip(shares, colours, least, most, strict=True)
        ]
    return colours
