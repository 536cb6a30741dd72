"""The inside of the mouth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet import mouth
from vivant.nodes.puppet.mesh_part import MeshPart

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
SIDE = 200


def test_of_the_tongue_only_what_never_shows_is_left_out(
    head: AnatomicalHead,
    portrait_fit: HeadFit,
    portrait_placed: PlacedHead,
    portrait_pixels: U8,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parts() -> dict[str, MeshPart]:
        built, _ = mouth.mouth_parts(head, portrait_fit, portrait_placed, portrait_pixels)
        return {part.name: part for part in built}

    drawn = parts()["tongue"]
    monkeypatch.setattr(mouth, "_TONGUE_TURNED_AWAY", -2.0)
    whole, teeth = parts()["tongue"], parts()["teethLower"]
    assert len(drawn.triangles) < 0.75 * len(whole.triangles)
    middle, zoom = whole.vertices.mean(axis=0), 0.8 * SIDE / float(np.ptp(whole.vertices, axis=0).max())

    def pixels(part: MeshPart, pitch_deg: float) -> F32:
        """Its vertices as one sees them who looks down on it, in the head's axes."""
        turned = (part.vertices - middle) @ portrait_fit.rotation @ rotation_matrix(np.radians([pitch_deg, 0, 0])).T
        return np.asarray(turned * [1, -1, 1] * zoom + [SIDE / 2, SIDE / 2, 0], np.float32)

    def depth(part: MeshPart, pitch_deg: float) -> F32:
        return rasterize(pixels(part, pitch_deg), part.triangles, (SIDE, SIDE))[2]

    for pitch_deg in (0.0, 20.0):
        every = depth(whole, pitch_deg)
        missing = ~np.isclose(depth(drawn, pitch_deg), every, rtol=0, atol=0.01 * SIDE)
        assert np.isfinite(every).sum() > 1000
        edge = pixels(teeth, pitch_deg)[:, 1].min()  # of the lower teeth, which stand before it
        assert (np.flatnonzero(missing.any(axis=1)) > edge).all()
