from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, INNER_LIPS, NOSE_TIP
from vivant.nodes.formats.puppet import Puppet, PuppetPose, Role
from vivant.nodes.puppet.mesh_part import grid_triangles
from vivant.nodes.puppet.openings import holes, mouth_rim
from vivant.nodes.puppet.skin_patch import SkinPatch, face_patch

U8 = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def patch(head: AnatomicalHead) -> SkinPatch:
    return face_patch(head)


def loops_of(head: AnatomicalHead, patch: SkinPatch) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    renumber = np.full(len(head.vertices), -1, np.int32)
    renumber[patch.vertices] = np.arange(len(patch.vertices), dtype=np.int32)
    return [patch.vertices[loop] for loop in holes(renumber[patch.triangles], patch.opacity)]


def test_a_grid_has_holes_where_triangles_are_missing() -> None:
    columns, rows = 9, 8
    triangles = grid_triangles(columns, rows)

    def cell(column: int, row: int) -> set[int]:
        first = row * columns + column
        return {first, first + 1, first + columns, first + columns + 1}

    for missing in ([(2, 2)], [(2, 2), (5, 4)], [(2, 2), (3, 2), (6, 5)]):
        gone = [cell(*place) for place in missing]
        kept = triangles[[not any(set(t.tolist()) <= g for g in gone) for t in triangles]]
        opacity = np.ones(columns * rows, np.float32)
        opacity[np.r_[:columns, -columns:0]] = opacity[::columns] = opacity[columns - 1 :: columns] = 0
        found = holes(kept, opacity)
        expected = 2 if len(missing) > 1 else 1
        assert len(found) == expected
        assert sorted({v for loop in found for v in loop}) == sorted(set().union(*gone))
        for loop in found:  # each rim is walked once, along edges of the mesh
            assert len(set(loop)) == len(loop)
            edges = {frozenset(e) for t in kept.tolist() for e in zip(t, t[1:] + t[:1], strict=True)}
            assert all(frozenset(e) in edges for e in zip(loop, loop[1:] + loop[:1], strict=True))
    assert holes(triangles, opacity) == []


def test_a_face_has_two_eyes_and_one_mouth(head: AnatomicalHead, patch: SkinPatch) -> None:
    marks = head.landmark_positions(head.vertices)
    targets = {
        "right eye": marks[list(EYE_CONTOURS["Right"])].mean(axis=0),
        "left eye": marks[list(EYE_CONTOURS["Left"])].mean(axis=0),
        "mouth": marks[list(INNER_LIPS)].mean(axis=0),
        "nostrils": marks[NOSE_TIP] - [0, 0.08, 0.1],
    }
    seen: Counter[str] = Counter()
    for loop in loops_of(head, patch):
        middle = head.vertices[loop].mean(axis=0)
        nearest = min(targets, key=lambda name: float(np.linalg.norm((middle - targets[name])[:2])))
        assert np.linalg.norm((middle - targets[nearest])[:2]) < 0.2, f"a hole at {middle}"
        seen[nearest] += 1
    assert seen["right eye"] == seen["left eye"] == seen["mouth"] == 1
    assert seen["nostrils"] <= 2


def test_the_mouths_rim_has_both_lips(head: AnatomicalHead, patch: SkinPatch) -> None:
    rim = mouth_rim(head, patch)
    marks = head.landmark_positions(head.vertices)
    places = head.vertices[rim]
    width = np.ptp(marks[list(INNER_LIPS), 0])
    assert np.ptp(places[:, 0]) == pytest.approx(width, rel=0.25)
    assert np.abs(places.mean(axis=0) - marks[list(INNER_LIPS)].mean(axis=0)).max() < 0.12


def test_the_patch_is_the_face_and_fades_at_its_outline(head: AnatomicalHead, patch: SkinPatch) -> None:
    assert set(np.unique(patch.triangles)) == set(patch.vertices.tolist())
    assert patch.opacity.min() >= 0 and patch.opacity.max() == 1
    assert 0.3 < (patch.opacity > 0.99).mean() < 1
    places = head.vertices[patch.vertices]
    assert (places[:, 2] > 0.5).all()  # nothing of the back of the head
    nose = np.linalg.norm(places - head.landmark_positions(head.vertices)[NOSE_TIP], axis=1).argmin()
    assert patch.opacity[nose] == 1
    sides = np.abs(places[:, 0]) > 0.68
    assert patch.opacity[sides].max() < 0.5


def test_windows_of_a_puppet_lie_between_body_and_what_is_inside(portrait_puppet: Puppet) -> None:
    layers = {layer.name: layer for layer in portrait_puppet.layers}
    windows = {name: layer.texture for name, layer in layers.items() if layer.role is Role.OPENING}
    assert windows == {"openings": "cavity", "openingRight": "eyeRight", "openingLeft": "eyeLeft"}
    rims = {name: layer.texture for name, layer in layers.items() if layer.role is Role.RIM}
    assert rims == {"rimRight": "rimRight", "rimLeft": "rimLeft"}
    order = [layer.role for layer in portrait_puppet.layers]
    ranks = [list(Role).index(role) for role in order]
    assert ranks == sorted(ranks)
    corners = sum(layer.count for layer in portrait_puppet.layers)
    assert corners == portrait_puppet.triangles.size


@pytest.mark.parametrize("yaw_deg", [-60, 60])
def test_beside_an_eyeball_seen_from_aside_there_is_no_darkness(
    portrait_puppet: Puppet, posed: Callable[..., PuppetPose], draw: Callable[[Puppet, PuppetPose], U8], yaw_deg: int
) -> None:
    marked = dict(portrait_puppet.textures)
    marked["cavity"] = np.full_like(marked["cavity"], 255)
    marked["cavity"][..., :3] = 255, 0, 255
    bare = dataclasses.replace(
        portrait_puppet, textures=marked, layers=tuple(v for v in portrait_puppet.layers if v.role is Role.OPENING)
    )
    turned = posed(portrait_puppet, turn=(0, np.radians(yaw_deg), 0))
    drawn = draw(bare, turned)[..., :3].astype(int)
    mouth = (drawn[..., 0] > 200) & (drawn[..., 1] < 60) & (drawn[..., 2] > 200)
    rows = np.flatnonzero(mouth.any(axis=1))
    eyes = portrait_puppet.bones[portrait_puppet.bone("eyeLeft")].pivot[1]
    below = (0.5 - eyes + 0.2 * portrait_puppet.face_width) * portrait_puppet.size[1]
    assert len(rows) == 0 or rows.min() > below  # the mouth's alone
