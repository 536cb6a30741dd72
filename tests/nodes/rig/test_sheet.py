from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.rig.portrait_panels import View, on_checks, triangles_of
from vivant.nodes.rig.probes import EXPRESSIONS, NEUTRAL, Probe, turns
from vivant.nodes.rig.read_back import ReadBack
from vivant.nodes.rig.sheet import Rig, draw_sheet

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]


class FakeTracker:
    """Says what it is told to say, and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[U8] = []
        self.turn = np.zeros(3)
        self.blind = False

    def __call__(self, pixels: U8) -> FaceReading | None:
        self.shown.append(pixels)
        if self.blind:
            return None
        scores = np.full(52, 0.25, np.float32)
        scores[INDEX["jawOpen"]] = 0.75
        transform = np.eye(4, dtype=np.float32)
        transform[:3, :3] = rotation_matrix(self.turn)
        size = (pixels.shape[1], pixels.shape[0])
        return FaceReading(np.zeros((478, 3), np.float32), size, scores, transform)


def test_probes_ask_for_units_that_exist() -> None:
    assert all(name in INDEX for probe in EXPRESSIONS for name in probe.units)
    assert {probe.turn_deg[1] for probe in turns(15, 25, 40, 30)} >= {-40, 30}
    assert {probe.turn_deg[0] for probe in turns(15, 25, 40, 30)} >= {-15, 25}


def test_what_is_asked_is_drawn_and_read(gl: Any, portrait_puppet: Puppet, portrait_pixels: U8) -> None:
    tracker = FakeTracker()
    player = ReadBack(gl, portrait_puppet, tracker)
    rest = tracker.shown[0]
    assert np.abs(rest.astype(int) - portrait_pixels).mean() < 2  # at rest it is the picture, row 0 on top
    shot = player.shoot(Probe("jaw", ("jawOpen",)))
    assert shot.read == pytest.approx(0.75) and (np.abs(shot.pixels.astype(int) - rest).max(axis=2) > 30).any()
    tracker.turn = np.radians([0, 15.0, 0])
    turned = player.shoot(Probe("yaw", turn_deg=(0, 20, 0)))
    assert turned.read is None and turned.turned_deg == pytest.approx((0, 15, 0), abs=0.1)
    tracker.blind = True
    unseen = player.shoot(NEUTRAL)
    assert unseen.reading is None and unseen.turned_deg is None
    player.release()


@pytest.mark.parametrize("blind", [False, True])
def test_a_sheet_is_drawn_whatever_the_tracker_sees(
    gl: Any,
    portrait_puppet: Puppet,
    portrait_pixels: U8,
    portrait_fit: HeadFit,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    blind: bool,
) -> None:
    tracker = FakeTracker()
    tracker.blind = blind
    player = ReadBack(gl, portrait_puppet, tracker)
    rig = Rig(
        "a.png",
        Picture(portrait_pixels),
        portrait_fit,
        portrait_matte,
        portrait_depth,
        portrait_puppet,
        (25.0, 25.0, 40.0, 40.0),
    )
    shots = [player.shoot(probe) for probe in (NEUTRAL, *EXPRESSIONS[:8], *turns(25, 25, 40, 40)[:9])]
    player.release()
    sheet = draw_sheet(rig, shots[0], shots[1:9], shots[9:])
    assert sheet.width == 2400 and 2000 < sheet.height < 6000
    assert np.asarray(sheet).std() > 20


def test_every_triangle_belongs_to_one_layer(portrait_puppet: Puppet) -> None:
    counts = [len(triangles_of(portrait_puppet, layer)) for layer in portrait_puppet.layers]
    assert sum(counts) == len(portrait_puppet.triangles)


def test_a_view_maps_the_picture_to_the_panel() -> None:
    view = View((400, 200), (200, 100), 50, 300)
    assert view.zoom == 3
    np.testing.assert_allclose(view.at(np.zeros((1, 3))), [[150, 150]])
    pixels = np.zeros((200, 400, 3), np.uint8)
    pixels[90:110, 190:210] = 255
    cut = view.cut(pixels)
    assert cut.shape == (300, 300, 3) and cut[150, 150].min() == 255 and cut[100, 100].max() == 0


def test_a_view_stays_within_the_picture_where_it_can() -> None:
    view = View((400, 200), (10, 100), 50, 100)
    np.testing.assert_allclose(view.at(np.array([[-1.0, 0.0, 0.0]])), [[0, 50]])


def test_transparent_textures_lie_on_checks() -> None:
    texture = np.zeros((10, 20, 4), np.uint8)
    texture[:, :10] = (200, 0, 0, 255)
    shown = on_checks(texture, 40)
    assert shown.shape == (40, 40, 3)
    assert tuple(shown[20, 5]) == (200, 0, 0) and shown[20, 35, 0] == shown[20, 35, 1]
