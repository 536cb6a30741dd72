"""A bust as a binary glTF 2.0 file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.export.bust import Bust, Part
from vivant.nodes.export.glb_buffer import GlbBuffer
from vivant.nodes.export.performance_keys import PerformanceKeys
from vivant.nodes.export.png import png
from vivant.nodes.formats.arkit import BLENDSHAPES

F32 = npt.NDArray[np.float32]

UNLIT = "KHR_materials_unlit"
_CLAMP, _LINEAR, _LINEAR_MIPMAP_LINEAR = 33071, 9729, 9987
_NEAR_M, _FAR_M = 0.05, 50.0


def glb_of(bust: Bust, keys: PerformanceKeys | None = None) -> bytes:
    """Write a bust.

    One skinned mesh, a primitive for each part; the 52 shapes are its morph targets, by name in
    ``mesh.extras.targetNames``, and its weights are the expression of the picture. Transparency that comes and goes
    with a shape is a morph target of ``COLOR_0``. The camera called ``picture`` sees the picture.

    Args:
        bust: The bust.
        keys: An animation, or None.

    Returns:
        The bytes of the file.
    """
    out = GlbBuffer()
    textures = list(bust.textures)
    materials: list[dict[str, Any]] = []

    def primitive(part: Part, shaped: bool) -> dict[str, Any]:
        materials.append(_material(part, textures.index(part.texture)))
        return _primitive(out, part, shaped) | {"material": len(materials) - 1}

    meshes: list[dict[str, Any]] = [
        {
            "name": "portrait",
            "primitives": [primitive(part, True) for part in bust.parts],
            "weights": bust.expression.tolist(),
            "extras": {"targetNames": list(BLENDSHAPES), "parts": [part.name for part in bust.parts]},
        }
    ]
    nodes = _joint_nodes(bust)
    nodes.append({"name": "portrait", "mesh": 0, "skin": 0})
    roots = [0, len(nodes) - 1]
    if bust.backdrop is not None:
        meshes.append({"name": "backdrop", "primitives": [primitive(bust.backdrop, False)]})
        nodes.append({"name": "backdrop", "mesh": 1})
        roots.append(len(nodes) - 1)
    nodes.append({"name": "picture", "camera": 0, "translation": bust.eye.tolist()})
    roots.append(len(nodes) - 1)
    bind = np.tile(np.eye(4, dtype=np.float32), (len(bust.joints), 1, 1))
    bind[:, 3, :3] = [-joint.place for joint in bust.joints]  # columns follow each other in glTF
    document: dict[str, Any] = {
        "asset": {
            "version": "2.0",
            "generator": "Vivant",
            "extras": {"picture": bust.name, "size": list(bust.size), "neckShare": bust.neck_share},
        },
        "extensionsUsed": [UNLIT],
        "scene": 0,
        "scenes": [{"name": bust.name, "nodes": roots}],
        "nodes": nodes,
        "meshes": meshes,
        "skins": [
            {
                "name": "portrait",
                "joints": list(range(len(bust.joints))),
                "skeleton": 0,
                "inverseBindMatrices": out.matrices(bind),
            }
        ],
        "cameras": [_camera(bust)],
        "materials": materials,
        "textures": [{"name": name, "sampler": 0, "source": number} for number, name in enumerate(textures)],
        "images": [
            {"name": name, "mimeType": "image/png", "bufferView": out.picture(png(bust.textures[name]))}
            for name in textures
        ],
        "samplers": [
            {"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAP_LINEAR, "wrapS": _CLAMP, "wrapT": _CLAMP},
        ],
    }
    if keys is not None:
        document["animations"] = [_animation(out, bust, keys)]
    return out.glb(document)


def _primitive(out: GlbBuffer, part: Part, shaped: bool) -> dict[str, Any]:
    attributes = {
        "POSITION": out.vertices(part.vertices, bounded=True),
        "TEXCOORD_0": out.vertices(part.uv),
    }
    colour = part.blend and bool((part.alpha < 1).any() or part.alpha_moves.any())
    if colour:
        attributes["COLOR_0"] = out.vertices(_white(part.alpha))
    made: dict[str, Any] = {"attributes": attributes, "indices": out.corners(part.triangles), "mode": 4}
    if not shaped:
        return made
    attributes["JOINTS_0"] = out.vertices(part.joints.astype(np.uint8))
    attributes["WEIGHTS_0"] = out.vertices(part.weights)
    targets = []
    for moves, fading in zip(part.moves, part.alpha_moves, strict=True):
        target = {"POSITION": out.displacements(moves, bounded=True)}
        if part.alpha_moves.any():
            change = np.zeros((len(part.alpha), 4), np.float32)
            change[:, 3] = fading
            target["COLOR_0"] = out.displacements(change, bounded=False)
        targets.append(target)
    return made | {"targets": targets}


def _white(alpha: F32) -> F32:
    return np.ascontiguousarray(np.concatenate([np.ones((len(alpha), 3), np.float32), alpha[:, None]], axis=1))


def _material(part: Part, texture: int) -> dict[str, Any]:
    return {
        "name": part.name,
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": texture},
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        },
        "alphaMode": "BLEND" if part.blend else "OPAQUE",
        "doubleSided": part.double_sided,
        # the picture has its own light
        "extensions": {UNLIT: {}},
    }


def _joint_nodes(bust: Bust) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for number, joint in enumerate(bust.joints):
        above = bust.joints[joint.parent].place if joint.parent >= 0 else np.zeros(3, np.float32)
        node: dict[str, Any] = {"name": joint.name, "translation": (joint.place - above).tolist()}
        children = [n for n, other in enumerate(bust.joints) if other.parent == number]
        nodes.append(node | ({"children": children} if children else {}))
    return nodes


def _camera(bust: Bust) -> dict[str, Any]:
    width, height = bust.size
    perspective = {"yfov": bust.view_rad, "aspectRatio": width / height, "znear": _NEAR_M, "zfar": _FAR_M}
    return {"name": "picture", "type": "perspective", "perspective": perspective}


def _animation(out: GlbBuffer, bust: Bust, keys: PerformanceKeys) -> dict[str, Any]:
    times = out.keys(keys.times_s, bounded=True)
    portrait = len(bust.joints)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    for node, path, values in (
        (portrait, "weights", keys.weights.reshape(-1)),
        *((number, "rotation", keys.turns[joint.name]) for number, joint in enumerate(bust.joints)
          if joint.name in keys.turns),
    ):  # fmt: skip
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "interpolation": "LINEAR", "output": out.keys(values)})
    return {"name": keys.name, "channels": channels, "samplers": samplers}
