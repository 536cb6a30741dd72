"""The picture without the person, and the person without the background."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_SURE_BACKGROUND = 0.02
_SAFETY_SHARE = 0.006  # how far beyond the matte its colours may still bleed, in picture heights
_DOUBT_SHARE = 0.02
_STREAK_SHARE = 0.012
_MIRROR_REACH = 0.85
_DIFFUSED_SIDE = 320
_ENOUGH = 0.25  # share of a neighbourhood that must be known
_APART_NONE, _APART = 1.5, 4.0
_FAINT, _SURE = 0.12, 0.95
_MOVES = 60.0  # what follows the head by a little is uncovered by a little: there, too, nobody may be left behind


def complete_background(pixels: U8, matte: F32, moving: F32, band: float) -> U8:
    """Paint what the person hides.

    Beside its outline the picture goes on as in a mirror, texture and all; farther in, which hardly ever comes into
    view, it is filled with the mean of what is near, at a small size, and a little of the background's own grain, so
    that the filling does not look ironed.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        matte: ``float32 (h, w)``, 1 = person.
        moving: ``float32 (h, w)``, above 0 where the person may move away; elsewhere nothing needs painting.
        band: How far from the outline the mirror reaches, pixels: as far as the head can move.

    Returns:
        ``uint8 (h, w, 3)``, equal to the picture where there is no person or none that moves.
    """
    height = matte.shape[0]
    person = (matte > _SURE_BACKGROUND).astype(np.uint8)
    hidden = _grown(person, max(2, round(_SAFETY_SHARE * height)))
    if not hidden.any() or hidden.all():
        return pixels.copy()
    # A rim that the matte missed must not be smeared into the hole, nor mirrored.
    doubtful = _grown(person, max(3, round(_DOUBT_SHARE * height)))
    if doubtful.all():
        doubtful = hidden
    diffused = _diffused(pixels, doubtful) + _grain(pixels, doubtful)
    share, mirrored = _mirrored(pixels, doubtful, band)
    painted = share * mirrored + (1 - share) * diffused
    painted = painted + _step(pixels - painted, hidden)
    soft = cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), max(1.0, _SAFETY_SHARE * height / 2))
    blend = (np.clip(2 * soft, 0, 1) * np.clip(_MOVES * moving, 0, 1) * hidden)[..., None]
    out = blend * painted + (1 - blend) * pixels
    return np.asarray(np.clip(np.round(out), 0, 255), np.uint8)


def _step(difference: F32, hidden: U8) -> F32:
    """What is lacking at the outline of the hidden, fading inward: so that no old outline is left, ``(h, w, 3)``."""
    reach = max(1.0, _STREAK_SHARE * hidden.shape[0])
    seen = (hidden == 0).astype(np.float32)
    weight = cv2.GaussianBlur(seen, (0, 0), reach / 2)
    outline = cv2.GaussianBlur(difference * seen[..., None], (0, 0), reach / 2) / np.maximum(weight, 1e-3)[..., None]
    distance, label = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label = np.asarray(label, np.int32)
    table = np.zeros((int(label.max()) + 1, 3), np.float32)
    table[label[hidden == 0]] = outline[hidden == 0]
    fading = np.exp(-((np.asarray(distance, np.float32) / reach) ** 2))[..., None]
    return np.asarray(fading * cv2.GaussianBlur(table[label], (0, 0), reach / 2), np.float32)


def _grown(mask: U8, reach: int) -> U8:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask, kernel), np.uint8)


def _diffused(pixels: U8, hidden: U8) -> F32:
    """Colours from all around, the farther from the outline the farther they come, ``float32 (h, w, 3)``."""
    height, width = hidden.shape
    zoom = min(1.0, _DIFFUSED_SIDE / max(height, width))
    small_size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    seen = 1.0 - hidden.astype(np.float32)
    weight = np.asarray(cv2.resize(seen, small_size, interpolation=cv2.INTER_AREA), np.float32)[..., None]
    colour = cv2.resize(pixels.astype(np.float32) * seen[..., None], small_size, interpolation=cv2.INTER_AREA)
    filled = np.zeros_like(colour)
    given = np.zeros_like(weight)
    # A pixel takes the mean of the narrowest neighbourhood that knows enough; between them it is gradual.
    for sigma in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0):
        near = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
        share = np.clip(near / _ENOUGH, 0, 1) * (1 - given)
        filled += share * cv2.GaussianBlur(colour, (0, 0), sigma) / np.maximum(near, 1e-4)
        given += share
    mean = colour.sum(axis=(0, 1)) / np.maximum(weight.sum(axis=(0, 1)), 1e-4)
    return np.asarray(cv2.resize(filled + (1 - given) * mean, (width, height), interpolation=cv2.INTER_CUBIC))


def _mirrored(pixels: U8, hidden: U8, band: float) -> tuple[F32, F32]:
    """The picture mirrored at the outline of what is hidden, and how much it counts: ``(h, w, 1)``, ``(h, w, 3)``."""
    height, width = hidden.shape
    distance, label = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label = np.asarray(label, np.int32)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    table = np.zeros((int(label.max()) + 1, 2), np.float32)
    seen = hidden == 0
    table[label[seen]] = np.stack([columns[seen], rows[seen]], axis=1)
    nearest = table[label]
    # Smoothed, else every step of the outline would be a streak.
    reach = max(1.0, _STREAK_SHARE * height)
    smooth = cv2.GaussianBlur(nearest, (0, 0), reach)
    # Where what comes from one side meets what comes from another, neither is right.
    apart = cv2.GaussianBlur((nearest - smooth) ** 2, (0, 0), reach).sum(axis=2) / reach**2
    # Less far out than in: what lies far away is of another colour, and nobody counts the texture's threads.
    x = np.ascontiguousarray(smooth[..., 0] + _MIRROR_REACH * (smooth[..., 0] - columns), np.float32)
    y = np.ascontiguousarray(smooth[..., 1] + _MIRROR_REACH * (smooth[..., 1] - rows), np.float32)
    mirrored = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    there = cv2.remap(seen.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    there = np.minimum(np.asarray(there, np.float32), 2 * cv2.GaussianBlur(there, (0, 0), reach) - 1)
    share = np.clip(2 - 2 * np.asarray(distance, np.float32) / max(band, 1.0), 0, 1) * np.clip(there, 0, 1)
    share *= np.clip(_APART_NONE - apart / _APART, 0, 1)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), reach)[..., None], np.float32), np.asarray(mirrored, np.float32)


def _grain(pixels: U8, hidden: U8) -> F32:
    """Noise as strong as the visible background's own, the same for every run, ``float32 (h, w, 1)``."""
    seen = hidden == 0
    if seen.sum() < 100:
        return np.zeros((*hidden.shape, 1), np.float32)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)
    strength = min(6.0, 1.4826 * float(np.median(np.abs(detail[seen]))))
    noise = np.random.default_rng(0).standard_normal(hidden.shape).astype(np.float32)
    return np.asarray(strength * cv2.GaussianBlur(noise, (0, 0), 0.7) * 2.0, np.float32)[..., None]


def tightened(matte: F32) -> F32:
    """Drop the faint parts of a matte.

    Its outermost pixels carry the background's colour, too: stretched, they would be threads and halos, where the
    picture at rest shows nothing of them.

    Args:
        matte: ``float32 (h, w)``.
    """
    return np.ascontiguousarray(np.clip((matte - _FAINT) / (_SURE - _FAINT), 0, 1), np.float32)


def separate_foreground(pixels: U8, matte: F32, background: U8) -> U8:
    """Take the background's colour out of the matte's soft edge.

    Solves ``picture = a F + (1 - a) B`` for F, so that person over background is the picture again, and moves
    without a halo of the old background.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        matte: ``float32 (h, w)``.
        background: The completed background, ``uint8 (h, w, 3)``.

    Returns:
        ``uint8 (h, w, 4)`` RGBA, straight alpha.
    """
    alpha = np.clip(matte, 0, 1)[..., None]
    picture, behind = pixels.astype(np.float32), background.astype(np.float32)
    solved = (picture - (1 - alpha) * behind) / np.maximum(alpha, 0.05)
    colour = np.where(alpha > 0.02, np.clip(solved, 0, 255), picture)
    # Where alpha is small the division blows up noise: take the colour of the nearest sure person instead.
    sure = (matte > 0.6).astype(np.uint8)
    if sure.any():
        _, label = cv2.distanceTransformWithLabels(1 - sure, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        label = np.asarray(label, np.int32)
        table = np.zeros((int(label.max()) + 1, 3), np.float32)
        table[label[sure > 0]] = picture[sure > 0]
        trust = np.clip(alpha / 0.35, 0, 1)
        colour = trust * colour + (1 - trust) * table[label]
    out = np.empty((*matte.shape, 4), np.uint8)
    out[..., :3] = np.clip(np.round(colour), 0, 255)
    out[..., 3] = np.round(255 * alpha[..., 0])
    return out
