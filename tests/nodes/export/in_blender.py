"""Run by a Python that has ``bpy``, not by Vivant's: imports a file, and draws poses with Cycles on the CPU.

``in_blender.py FILE FOLDER WIDTH HEIGHT POSES``: POSES is JSON, a list of ``{"weights": {NAME: WEIGHT} or null,
"yaw_deg": DEGREES}``, null for the expression in which the file opens; pose 0 is written as ``FOLDER/0.png``. What was
imported is printed as one line of JSON.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import bpy  # type: ignore[import-not-found,unused-ignore]
from mathutils import Matrix  # type: ignore[import-not-found,unused-ignore]

NECK_SHARE = 0.4


def draw(file: Path, folder: Path, size: tuple[int, int], poses: list[dict[str, Any]]) -> None:
    """Import, pose and draw."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if file.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(file))
    elif file.suffix == ".obj":
        bpy.ops.wm.obj_import(filepath=str(file))
    else:
        bpy.ops.wm.ply_import(filepath=str(file))
    meshes = [item for item in bpy.data.objects if item.type == "MESH"]
    keys = [item.data.shape_keys for item in meshes if item.data.shape_keys]
    armature = next((item for item in bpy.data.objects if item.type == "ARMATURE"), None)
    places = [tuple(item.matrix_world @ vertex.co) for item in meshes for vertex in item.data.vertices]
    told = {
        "meshes": len(meshes),
        "vertices": len(places),
        "triangles": sum(len(item.data.polygons) for item in meshes),
        "shapes": sorted({block.name for key in keys for block in key.key_blocks} - {"Basis"}),
        "bones": sorted(bone.name for bone in armature.data.bones) if armature else [],
        "actions": len(bpy.data.actions),
        "images": sum(image.size[0] > 0 for image in bpy.data.images),
        "low": [min(axis) for axis in zip(*places, strict=True)],
        "high": [max(axis) for axis in zip(*places, strict=True)],
    }
    print(json.dumps(told))  # noqa: T201
    scene = bpy.context.scene
    scene.camera = next((item for item in bpy.data.objects if item.type == "CAMERA"), None)
    if scene.camera is None:
        return
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 9, False
    scene.cycles.transparent_max_bounces, scene.cycles.filter_width = 32, 0.5
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.film_transparent, scene.render.image_settings.color_mode = True, "RGB"
    scene.view_settings.view_transform = "Standard"
    for item in bpy.data.objects:
        item.animation_data_clear()
    for key in keys:
        key.animation_data_clear()
    opened = [{block.name: block.value for block in key.key_blocks} for key in keys]
    for number, pose in enumerate(poses):
        weights = pose["weights"]
        for key, first in zip(keys, opened, strict=True):
            for block in key.key_blocks:
                block.slider_min, block.slider_max = 0, 1
                block.value = first[block.name] if weights is None else weights.get(block.name, 0.0)
        if armature is not None:
            for bone in armature.pose.bones:
                bone.matrix_basis.identity()
            bpy.context.view_layer.update()
            for name, share in (("neck", NECK_SHARE), ("head", 1 - NECK_SHARE)):
                bone = armature.pose.bones[name]
                # glTF's y is Blender's z
                turn = Matrix.Rotation(math.radians(pose["yaw_deg"]) * share, 4, "Z")
                to_armature = armature.matrix_world.inverted() @ turn @ armature.matrix_world
                place = Matrix.Translation(bone.matrix.to_translation())
                bone.matrix = place @ to_armature.to_3x3().to_4x4() @ place.inverted() @ bone.matrix
                bpy.context.view_layer.update()
        scene.render.filepath = str(folder / f"{number}.png")
        bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    draw(Path(given[0]), Path(given[1]), (int(given[2]), int(given[3])), json.loads(given[4]))
