from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import COUNT, LID_ROWS
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.puppet.eyes import _light
from vivant.nodes.puppet.posing import LID_OVERLAP_DM, pose
from vivant.nodes.puppet.skinning import change_of

F32 = npt.NDArray[np.float32]
BLINKS = [INDEX["eyeBlinkRight"], INDEX["eyeBlinkLeft"]]
NOTHING = np.zeros((COUNT + 2, 2), np.float32)


def open_by(puppet: Puppet, weights: F32, details: F32 = NOTHING) -> tuple[F32, F32]:
    """How far the lids of a posed puppet are apart, decimetres, and the blinks that were let through."""
    posed = pose(puppet, weights, np.eye(3), np.zeros(3), details)
    opening = puppet.details.lid_opening
    gap = puppet.details.lid_gap + change_of(puppet, posed)[: len(opening)] @ opening
    return np.asarray(gap, np.float32), posed.weights[BLINKS]


def test_lids_stop_where_they_meet(portrait_puppet: Puppet) -> None:
    weights = portrait_puppet.expression.copy()
    gap, blinks = open_by(portrait_puppet, weights)
    assert (gap > 0.05).all()
    np.testing.assert_array_equal(blinks, weights[BLINKS])  # open lids are left alone
    weights[BLINKS] = 1
    weights[[INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"]]] = 1
    gap, blinks = open_by(portrait_puppet, weights)
    np.testing.assert_allclose(gap, -LID_OVERLAP_DM, atol=1e-4)
    assert (blinks < 0.95).all() and (blinks > 0.2).all()
    down = NOTHING.copy()
    down[LID_ROWS[::2], 1] = -0.05  # upper lids
    pulled, held = open_by(portrait_puppet, weights, down)
    np.testing.assert_allclose(pulled, -LID_OVERLAP_DM, atol=1e-4)
    assert (held < blinks).all()


def test_the_lids_shadow_goes_on_beyond_the_opening_and_fades() -> None:
    painted = np.full((120, 120, 3), 200, np.float32)
    crop = painted.copy()
    crop[:60] *= 0.5
    seen = np.zeros((120, 120), bool)
    seen[50:70, 20:100] = True
    light = _light(crop, painted, seen, 8.0)[..., 0]
    assert light[45, 60] < 0.75 < 0.9 < light[75, 60]
    assert light[5, 60] > 0.9


def test_an_eye_opens_no_farther_than_eyes_do(portrait_puppet: Puppet) -> None:
    wide = [INDEX["eyeWideRight"], INDEX["eyeWideLeft"]]
    up = NOTHING.copy()
    up[LID_ROWS[::2], 1] = 0.2
    most, gaps = portrait_puppet.details.lid_most, []
    for share in (0.0, 0.5, 1.0):
        weights = portrait_puppet.expression.copy()
        weights[wide] += share
        gaps.append(open_by(portrait_puppet, weights)[0])
        # however far the driver's own lids go
        assert (open_by(portrait_puppet, weights, up)[0] <= most + 1e-4).all()
    np.testing.assert_allclose(gaps[0], portrait_puppet.details.lid_gap, atol=1e-5)
    assert (gaps[0] < gaps[1]).all() and (gaps[1] < gaps[2]).all() and (gaps[2] < most).all()
