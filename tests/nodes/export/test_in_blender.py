"""Files as Blender's own importers see them, drawn by Cycles and compared with Vivant's own drawing of the same pose.

``BLENDER_PYTHON`` names a Python into which ``pip install bpy`` has put Blender (370 MB; it wants another numpy, so
not Vivant's own).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.nodes.export.face_shown import face_of
from vivant.nodes.export.bust import Bust
from vivant.nodes.export.gltf import glb_of
from vivant.nodes.export.obj import obj_of
from vivant.nodes.export.performance_keys import performance_keys
from vivant.nodes.export.ply import ply_of
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.posing import pose
from vivant.nodes.sources.performance_clip import read_clip

U8 = npt.NDArray[np.uint8]
Poses = list[tuple[dict[str, float] | None, float, float]]

SCRIPT = Path(__file__).with_name("in_blender.py")
POSES: Poses = [
    # the expression (None: that of the picture), the turn in degrees, the tolerance
    (None, 0, 1.5),
    ({}, 0, 2.0),
    ({"jawOpen": 1.0}, 0, 3.0),
    ({"eyeBlinkLeft": 1.0}, 0, 2.0),
    (None, 20, 3.0),
]


@pytest.fixture(scope="module")
def blender() -> Callable[..., dict[str, Any]]:
    """Import a file and draw poses; returns what was imported."""
    python = os.environ.get("BLENDER_PYTHON")
    if not python:
        pytest.skip("BLENDER_PYTHON, a Python with bpy, is needed")

    def run(file: Path, size: tuple[int, int], poses: Poses) -> dict[str, Any]:
        asked = [{"weights": weights, "yaw_deg": yaw_deg} for weights, yaw_deg, _ in poses]
        command = [python, str(SCRIPT), str(file), str(file.parent), *map(str, size), json.dumps(asked)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-2000:]
        (line,) = (line for line in done.stdout.splitlines() if line.startswith('{"meshes"'))
        return dict(json.loads(line))

    return run


def test_blender_draws_what_vivant_draws(
    blender: Callable[..., dict[str, Any]],
    draw: Callable[[Puppet, PuppetPose], U8],
    bust: Bust,
    whole_puppet: Puppet,
    tmp_path: Path,
) -> None:
    (tmp_path / "a.glb").write_bytes(glb_of(bust))
    made = blender(tmp_path / "a.glb", bust.size, POSES)
    assert made["shapes"] == sorted(INDEX)
    assert {"neck", "head", "jaw", "eyeLeft", "eyeRight"} <= set(made["bones"])
    apart = []
    for number, (weights, yaw_deg, _) in enumerate(POSES):
        worn = whole_puppet.expression.copy() if weights is None else np.zeros(52, np.float32)
        for name, weight in (weights or {}).items():
            worn[INDEX[name]] = weight
        bent = pose(whole_puppet, worn, rotation_matrix(np.radians(np.array([0.0, yaw_deg, 0.0]))), np.zeros(3))
        with Image.open(tmp_path / f"{number}.png") as opened:
            theirs = np.asarray(opened.convert("RGB")).astype(int)
        own, face = draw(whole_puppet, bent)[..., :3].astype(int), face_of(whole_puppet, bent)
        apart.append(float(np.abs(own - theirs).mean(axis=2)[face].mean()))
    print("Blender's drawing differs by", [round(value, 2) for value in apart])  # noqa: T201
    assert all(value < most for value, (_, _, most) in zip(apart, POSES, strict=True)), apart


def test_blender_imports_the_performance(
    blender: Callable[..., dict[str, Any]], bust: Bust, whole_puppet: Puppet, tmp_path: Path
) -> None:
    clip = Path(__file__).resolve().parents[3] / "presets" / "performances" / "hello.json"
    (tmp_path / "a.glb").write_bytes(glb_of(bust, performance_keys(whole_puppet, read_clip(clip), 30)))
    assert blender(tmp_path / "a.glb", bust.size, [])["actions"] > 0


def test_blender_imports_what_does_not_move(blender: Callable[..., dict[str, Any]], bust: Bust, tmp_path: Path) -> None:
    for name, data in (obj_of(bust, "a") | {"a.ply": ply_of(bust)}).items():
        (tmp_path / name).write_bytes(data)
    from_obj, from_ply = (blender(tmp_path / f"a.{ending}", bust.size, []) for ending in ("obj", "ply"))
    still = [part for part in [*bust.parts, bust.backdrop] if part is not None and not part.alpha_moves.any()]
    assert from_obj["images"] == len({part.texture for part in still})
    assert 0 < from_obj["triangles"] <= sum(len(part.triangles) for part in still)
    assert from_ply["triangles"] > from_obj["triangles"]
    # of OBJ Blender takes y for up, of PLY, where nobody says so, z
    for axis, of_obj in ((0, 0), (1, 2)):
        assert from_ply["low"][axis] >= from_obj["low"][of_obj] - 1e-4
        assert from_ply["high"][axis] <= from_obj["high"][of_obj] + 1e-4
