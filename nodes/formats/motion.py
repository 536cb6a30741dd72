"""Motion of a face: expression and head pose, whatever they came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class FaceMotion:
    """Expression and head pose at one moment.

    Attributes:
        weights: ``float32 (52,)`` expression in `arkit.BLENDSHAPES` order, in [0, 1].
        rotation: ``float32 (3, 3)`` head to camera; identity looks straight into the camera. Right-handed,
            x to the right of the image, y up, z toward the viewer.
        translation: ``float32 (3,)`` centimetres, same axes.
        details: ``float32 (H + 2, 2)`` what landmarks do beyond the weights, see `vivant.nodes.face.details`: of each
            handle in decimetres of the average head, x to the head's left, y up; of the irises in widths of the eye.
            None: nothing is known beyond the weights.
        scores: ``float32 (52,)`` what the tracker itself calls the expression, where a tracker saw it, else None.
        from_neutral: Whether weights and rotation count from this person's own neutral face. Where they do not,
            whoever needs a neutral has to find one.
    """

    weights: npt.NDArray[np.float32]
    rotation: npt.NDArray[np.float32]
    translation: npt.NDArray[np.float32]
    from_neutral: bool = False
    details: npt.NDArray[np.float32] | None = None
    scores: npt.NDArray[np.float32] | None = None


def faded(
    here: npt.NDArray[np.float32] | None, there: npt.NDArray[np.float32] | None, share: float
) -> npt.NDArray[np.float32] | None:
    """Return what lies between two arrays of one shape, 0 at `here`, 1 at `there`.

    What only one of two motions knows of comes and goes with that one's share.
    """
    if here is None and there is None:
        return None
    parts = [part * values for part, values in ((1 - share, here), (share, there)) if values is not None]
    return np.asarray(sum(parts), np.float32)
