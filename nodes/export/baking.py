"""From a puppet in picture space to a bust in metres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vivant.nodes.export.bust import Bust, Joint, Part
from vivant.nodes.export.depth_order import in_depth_order
from vivant.nodes.export.pages import alpha_range, cut
from vivant.nodes.export.shapes import Shapes, shapes_of
from vivant.nodes.formats.puppet import Layer, Puppet, Role
from vivant.nodes.puppet.mesh_part import picture_to_uv
from vivant.nodes.puppet.places import rest_places
from vivant.nodes.puppet.posing import NECK_SHARE

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

_DM = 0.1  # metres
_LEAST_MOVE_M = 1e-5
_OPAQUE = 0.995
_BEHIND = 0.05  # metres between the person and the backdrop
_SEEN_TWICE = (Role.INSIDE, Role.OPENING, Role.RIM)


def bust_of(puppet: Puppet, name: str, *, backdrop: bool = True, most_px: int = 2048) -> Bust:
    """Bake a puppet.

    Args:
        puppet: Made with ``whole=True``, see `assemble`.
        name: Of the picture.
        backdrop: Whether the picture without the person belongs to it.
        most_px: The longer side of a texture at most, pixels.
    """
    puppet = in_depth_order(puppet)
    page = _ends_with_the_picture(puppet.textures["body"], puppet.size)
    puppet = replace(puppet, textures=puppet.textures | {"body": page})
    shapes = shapes_of(puppet)
    metres = _DM / puppet.scale
    rest = rest_places(puppet)
    solid: list[Part] = []
    soft: list[Part] = []
    body = next(layer for layer in puppet.layers if layer.role is Role.BODY)
    for layer in puppet.layers:
        for part in _split(puppet, layer, shapes):
            (soft if part.blend else solid).append(part)
    neck = puppet.bones[puppet.bone("neck")].pivot
    low = rest[np.unique(_triangles(puppet, body))][:, 1].min()
    origin = np.array([neck[0], max(low, -0.5), neck[2]])
    parts = [_in_metres(part, origin, metres) for part in (*solid, *soft)]
    behind = _in_metres(_backdrop(puppet, rest, metres), origin, metres) if backdrop else None
    every = [*parts, behind] if behind is not None else parts
    textures: dict[str, U8] = {}
    moved: dict[int, F32] = {}
    for texture in dict.fromkeys(part.texture for part in every):
        users = [number for number, part in enumerate(every) if part.texture == texture]
        textures[texture], uvs = cut(puppet.textures[texture], [every[n].uv for n in users], most_px)
        moved |= dict(zip(users, uvs, strict=True))
    every = [replace(part, uv=moved[number]) for number, part in enumerate(every)]
    return Bust(
        name=name,
        parts=tuple(every[: len(parts)]),
        backdrop=every[-1] if backdrop else None,
        textures=textures,
        joints=tuple(
            # the root never turns: it stands where the bust does
            Joint(b.name, b.parent, ((b.pivot - origin) * metres * (b.parent >= 0)).astype(np.float32))
            for b in puppet.bones
        ),
        expression=puppet.expression,
        neck_share=NECK_SHARE,
        eye=((puppet.eye - origin) * metres).astype(np.float32),
        view_rad=float(2 * np.arctan(0.5 / puppet.eye[2])),
        size=puppet.size,
    )


def _split(puppet: Puppet, layer: Layer, shapes: Shapes) -> list[Part]:
    """Make parts of a layer: what is opaque, and what is not: transparent things are drawn without writing depth."""
    triangles = _triangles(puppet, layer)
    least, most = alpha_range(puppet.textures[layer.texture], puppet.uv, triangles)
    opacity = puppet.opacity[triangles]
    seen = (most > 0) & (opacity > 0).any(axis=1)
    triangles, least, opacity = triangles[seen], least[seen], opacity[seen]
    clear = (least < 255) | (opacity < _OPAQUE).any(axis=1) | (layer.fade >= 0)
    parts = [
        _part(puppet, layer, triangles[~clear], shapes, layer.name, False),
        _part(puppet, layer, triangles[clear], shapes, layer.name if clear.all() else f"{layer.name}.edge", True),
    ]
    return [part for part in parts if len(part.triangles)]


def _part(puppet: Puppet, layer: Layer, triangles: I32, shapes: Shapes, name: str, blend: bool) -> Part:
    members, flat = np.unique(triangles, return_inverse=True)
    faded, fading = 1.0, np.zeros(52, np.float32)
    if layer.fade >= 0:
        faded, fading = float(shapes.veils[layer.fade]), shapes.veil_moves[:, layer.fade]
    weights = puppet.bone_weight[members]
    weights = weights / weights.sum(axis=1, keepdims=True)
    return Part(
        name=name,
        texture=layer.texture,
        blend=blend,
        double_sided=layer.role in _SEEN_TWICE,
        vertices=shapes.neutral[members].astype(np.float32),
        triangles=flat.reshape(-1, 3).astype(np.int32),
        uv=puppet.uv[members],
        moves=shapes.moves[:, members].astype(np.float32),
        alpha=(faded * puppet.opacity[members]).astype(np.float32),
        alpha_moves=fading,
        joints=np.where(weights > 0, puppet.bone_index[members], 0).astype(np.int32),
        weights=weights.astype(np.float32),
    )


def _backdrop(puppet: Puppet, rest: F64, metres: float) -> Part:
    """The picture without the person, as large as it looks from the picture's camera, behind all of it."""
    half = 0.5 * puppet.size[0] / puppet.size[1]
    plane = np.array([[-half, 0.5, 0], [half, 0.5, 0], [-half, -0.5, 0], [half, -0.5, 0]])
    depth = float(rest[np.unique(puppet.triangles), 2].min()) - _BEHIND / metres
    return Part(
        name="backdrop",
        texture=puppet.backdrop,
        blend=False,
        double_sided=False,
        vertices=(plane + depth * (puppet.eye - plane) / puppet.eye[2]).astype(np.float32),
        triangles=np.array([[0, 2, 1], [1, 2, 3]], np.int32),
        uv=picture_to_uv(plane, puppet.size),
        moves=np.zeros((52, 4, 3), np.float32),
        alpha=np.ones(4, np.float32),
        alpha_moves=np.zeros(52, np.float32),
        joints=np.zeros((4, 4), np.int32),
        weights=np.eye(1, 4, dtype=np.float32).repeat(4, axis=0),
    )


def _in_metres(part: Part, origin: F64, metres: float) -> Part:
    moves = part.moves * metres
    moves[np.abs(moves) < _LEAST_MOVE_M] = 0
    vertices = ((part.vertices - origin) * metres).astype(np.float32)
    return replace(part, vertices=vertices, moves=moves.astype(np.float32))


def _ends_with_the_picture(page: U8, size: tuple[int, int]) -> U8:
    """Take away what `body_texture` added beyond the picture's border: elsewhere there is no frame to hide it."""
    out = page.copy()
    pad_x, pad_y = (page.shape[1] - size[0]) // 2, (page.shape[0] - size[1]) // 2
    inside = np.zeros(page.shape[:2], bool)
    inside[pad_y : page.shape[0] - pad_y, pad_x : page.shape[1] - pad_x] = True
    out[~inside, 3] = 0
    return out


def _triangles(puppet: Puppet, layer: Layer) -> I32:
    return puppet.triangles[layer.first // 3 : (layer.first + layer.count) // 3]
