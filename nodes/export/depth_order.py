"""A puppet whose true depths alone say what hides what, for programs that know no windows.

Vivant draws a puppet by roles: openings cut windows into what was drawn before, eyes and teeth are seen through them
alone, skin lies over everything (see `Role`). Other programs have a depth buffer and nothing else. So whatever is to be
hidden is moved back along the view ray, on which the picture's own camera does not see it move.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.puppet import Layer, Puppet, Role
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.places import places, rest_depth
from vivant.nodes.puppet.posing import pose

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

_SIDE, _ROOM = 384, 1.5  # pixels of the views in which depths are compared; their side in heights of the face's skin
_MM = 0.01  # decimetres
_SHOWS, _SOLID = 0.5, 0.995
"""Opacities of skin: from which on the relief must be behind it, and from which on it is written to a depth buffer."""
_MARGIN_MM = {Role.INSIDE: 0.8, Role.RIM: 0.2, Role.BODY: 1.0, Role.SKIN: 0.3}
_MOST_MM = {Role.INSIDE: 30.0, Role.RIM: 2.0, Role.BODY: 6.0, Role.SKIN: 6.0}
"""SKIN stands for eyeballs: they are moved as a whole, so that they stay round."""
_REACH_PX = {Role.INSIDE: 1, Role.RIM: 0, Role.BODY: 9, Role.SKIN: 0}
_IN_FRONT_MM = 0.15
_BACK_MM, _PLATE_MM, _LARGER = 2.0, 39.0, 1.1
_RIM_MM = 1.0  # how far behind lips and lids a bag begins: at their very edge it would look through them
_DEEP_MM, _FLATTER = 24.0, 0.25
"""From so deep behind the lips on, the inside of the mouth is flattened: the head has no back, and from aside whatever
lies deeper would look out behind the cheeks."""
_ROUNDS = 3
_OPENS_WITHIN = 0.03  # face widths around an opening in which a turned head shows what is behind it
_STEPS = (
    {"jawOpen": 0.5}, {"jawOpen": 1.0, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    {"jawOpen": 0.6, "mouthFunnel": 0.8}, {"jawOpen": 0.5, "mouthPucker": 1.0},
    {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}, {"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0},
    {"eyeBlinkLeft": 0.25, "eyeBlinkRight": 0.25}, {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
    {"eyeBlinkLeft": 0.75, "eyeBlinkRight": 0.75},
)  # fmt: skip
_TURNS_DEG = ((0, 0), (0, 20), (0, -20), (10, 0), (-10, 0))


def in_depth_order(puppet: Puppet) -> Puppet:
    """Return a puppet that looks the same from the picture's camera by its depths alone.

    Eyes, teeth, and the relief under the face's skin lie behind the skin in every expression unit; rims of lids lie
    before the eyeballs, veils before what they cover; what closes an opening is a bag around all else in it. Parts
    of the inside of the mouth that no expression brings to light are left out, as skin would not hide them from aside.
    """
    puppet = _with_rims(_shallow(puppet))
    view = _View(puppet)
    mm = _MM * puppet.scale
    z = puppet.z - view.behind(puppet, _layers(puppet, Role.BODY)[0], Role.BODY, list(_turned(puppet, view)))
    lines = [_weights(step) for step in ({}, *_STEPS)] + list(np.eye(52, dtype=np.float32)) + [puppet.expression]
    bent = _bent(_at(puppet, z), lines)
    solid = [view.solid(place) for place in bent]
    openings = [view.opening(place) for place in bent]
    keep = np.ones(len(puppet.triangles), bool)
    without_tongue = [number for number, weights in enumerate(lines) if not weights[INDEX["tongueOut"]]]
    for layer in puppet.layers:
        if layer.role is not Role.INSIDE or layer.name.startswith("eye"):
            continue
        shows = np.zeros(layer.count // 3, bool)
        for place, opening in zip(bent, openings, strict=True):
            shows |= view.touches(place, _triangles(puppet, layer), opening)
        keep[_rows(layer)] = shows
        if layer.fade >= 0:
            continue  # it lies on vertices of another
        near = without_tongue if layer.name == "tongue" else range(len(lines))
        z -= view.behind(puppet, layer, Role.INSIDE, [(bent[n], solid[n]) for n in near])
    for _ in range(_ROUNDS):
        # between its vertices a part is flatter, or more hollow, than skin
        moved = _at(puppet, z)
        bent_now = _bent(moved, lines)
        for layer in _layers(puppet, Role.INSIDE):
            if not layer.name.startswith("eye"):
                near = without_tongue if layer.name == "tongue" else range(len(lines))
                part = _only_layer(puppet, layer, keep)
                z = z - view.poking(part, part.layers[0], [(bent_now[n], solid[n]) for n in near])
    for layer in _layers(puppet, Role.RIM):
        z -= view.behind(puppet, layer, Role.RIM, list(zip(bent, solid, strict=True)))
    bent = _bent(_at(puppet, z), lines)
    for layer in _layers(puppet, Role.INSIDE):
        if layer.name.startswith("eye"):
            over = [view.drawn(place, _over_eye(puppet, layer)) for place in bent]
            deeper = [view.in_front(place, layer, skin) for place, skin in zip(bent, over, strict=True)]
            z[_members(puppet, layer)] -= np.clip(max(deeper) + _MARGIN_MM[Role.SKIN] * mm, 0, _MOST_MM[Role.SKIN] * mm)
    moved = _only(_at(puppet, z), keep)
    for name in [layer.name for layer in _layers(moved, Role.OPENING)]:
        moved = _bag(moved, next(layer for layer in moved.layers if layer.name == name))
    return _veils_apart(moved, _IN_FRONT_MM * mm)


class _View:
    """Looks at the head of a puppet from the picture's camera, small."""

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet
        skin = _layers(puppet, Role.SKIN)[0]
        self._skin = _triangles(puppet, skin)
        self._body = _triangles(puppet, _layers(puppet, Role.BODY)[0])
        seen = puppet.plane[np.unique(self._skin), :2].astype(np.float64)
        low, high = seen.min(axis=0), seen.max(axis=0)
        self._middle = (low + high) / 2
        self._zoom = _SIDE / (_ROOM * float((high - low).max()))

    def points(self, place: F64) -> F32:
        """Return where places lie in the view, with their depth, ``(N, 3)``."""
        seen = place[:, :2] / (1 - place[:, 2:] / self._puppet.eye[2])
        across = (seen - self._middle) * [self._zoom, -self._zoom] + _SIDE / 2
        return np.concatenate([across, place[:, 2:]], axis=1).astype(np.float32)

    def drawn(self, place: F64, triangles: I32) -> F32:
        """Return the depth of what is turned to the camera, ``(side, side)``, -inf where nothing is."""
        points = self.points(place)
        a, b, c = (points[triangles[:, i], :2] for i in range(3))
        front = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0] < 0
        return rasterize(points, triangles[front], (_SIDE, _SIDE))[2]

    def skin(self, place: F64) -> F32:
        """Return the depth of the skin that hides, ``(side, side)``, -inf where none does."""
        shows = (self._puppet.opacity[self._skin] > _SHOWS).any(axis=1)
        return self.drawn(place, self._skin[shows])

    def solid(self, place: F64) -> F32:
        """Return the depth of all that is written to a depth buffer: skin, and the relief behind its soft edge."""
        core = (self._puppet.opacity[self._skin] >= _SOLID).all(axis=1)
        return self.drawn(place, np.concatenate([self._skin[core], self._body]))

    def opening(self, place: F64) -> npt.NDArray[np.bool_]:
        """Return where openings, and a little around them, are not covered by skin."""
        out = np.zeros((_SIDE, _SIDE), np.uint8)
        points = self.points(place)
        for layer in _layers(self._puppet, Role.OPENING):
            out |= rasterize(points, _triangles(self._puppet, layer), (_SIDE, _SIDE))[0] >= 0
        out[np.isfinite(self.drawn(place, self._skin))] = 0
        reach = max(1, round(_OPENS_WITHIN * self._puppet.face_width * self._zoom))
        return np.asarray(cv2.dilate(out, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0)

    def touches(self, place: F64, triangles: I32, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return which triangles have a corner or their middle at a marked place ``(T,)``."""
        corners = self.points(place)[triangles][..., :2]
        found = np.zeros(len(triangles), bool)
        for spots in (corners.mean(axis=1), *corners.transpose(1, 0, 2)):
            column, row = np.floor(spots.clip(0, _SIDE - 1)).astype(int).T
            found |= where[row, column]
        return found

    def behind(self, puppet: Puppet, layer: Layer, role: Role, shots: list[tuple[F64, F32]]) -> F64:
        """Return how far each vertex of a layer has to go back to lie behind skin, ``(V,)``."""
        members = _members(puppet, layer)
        mm = _MM * puppet.scale
        back = np.zeros(len(puppet.plane))
        reach = 2 * _REACH_PX[role] + 1
        for place, skin in shots:
            # what no skin hides counts as if skin were as near as can be
            nearest = cv2.erode(np.where(np.isfinite(skin), skin, np.float32(1e3)), np.ones((reach, reach), np.uint8))
            points = self.points(place[members])
            inside = (points[:, :2] >= 0).all(axis=1) & (points[:, :2] < _SIDE).all(axis=1)
            column, row = np.floor(points[:, :2].clip(0, _SIDE - 1)).astype(int).T
            lacking = np.where(inside, points[:, 2] - nearest[row, column] + _MARGIN_MM[role] * mm, 0)
            back[members] = np.maximum(back[members], lacking)
        return np.clip(back, 0, _MOST_MM[role] * mm)

    def poking(self, puppet: Puppet, layer: Layer, shots: list[tuple[F64, F32]]) -> F64:
        """Return how far each vertex of a layer has to go back for no triangle to come through skin, ``(V,)``."""
        triangles = _triangles(puppet, layer)
        mm = _MM * puppet.scale
        back = np.zeros(len(puppet.plane))
        for place, skin in shots:
            shown, _, depth = rasterize(self.points(place), triangles, (_SIDE, _SIDE))
            both = (shown >= 0) & np.isfinite(skin)
            lacking = depth[both] - skin[both] + 0.5 * _MARGIN_MM[Role.INSIDE] * mm
            for corner in range(3):
                np.maximum.at(back, triangles[shown[both], corner], lacking)
        return np.clip(back, 0, _MOST_MM[Role.INSIDE] * mm)

    def in_front(self, place: F64, layer: Layer, skin: F32) -> float:
        """Return by how much a layer lies before what should hide it, where most, picture heights."""
        depth = rasterize(self.points(place), _triangles(self._puppet, layer), (_SIDE, _SIDE))[2]
        both = np.isfinite(depth) & np.isfinite(skin)
        return float(np.percentile(depth[both] - skin[both], 99.5)) if both.any() else 0.0


def _shallow(puppet: Puppet) -> Puppet:
    """Flatten the inside of the mouth where it is deep."""
    depth = rest_depth(puppet)
    mouth = [layer for layer in _layers(puppet, Role.OPENING) if not layer.texture.startswith("eye")]
    if not mouth:
        return puppet
    mm = _MM * puppet.scale
    start = float(np.median(depth[_members(puppet, mouth[0])])) - _DEEP_MM * mm
    inside = [layer for layer in _layers(puppet, Role.INSIDE) if not layer.name.startswith("eye")]
    members = np.unique(np.concatenate([_members(puppet, layer) for layer in inside]))
    z = puppet.z.copy()
    z[members] += (1 - _FLATTER) * np.maximum(start - depth[members], 0).astype(np.float32)
    return _at(puppet, z)


def _only_layer(puppet: Puppet, layer: Layer, keep: npt.NDArray[np.bool_]) -> Puppet:
    """Return a puppet with one layer, and of it what is kept."""
    alone = np.zeros(len(keep), bool)
    alone[_rows(layer)] = keep[_rows(layer)]
    return _only(puppet, alone)


def _turned(puppet: Puppet, view: _View) -> Iterator[tuple[F64, F32]]:
    """Bend the puppet as far as skin moves over neck and hair."""
    for step in ({}, {"jawOpen": 1.0}, {"jawOpen": 0.5}):
        for pitch, yaw in _TURNS_DEG:
            turn = rotation_matrix(np.radians(np.array([pitch, yaw, 0.0])))
            place = places(puppet, pose(puppet, _weights(step), turn, np.zeros(3)))
            yield place, view.skin(place)


def _at(puppet: Puppet, z: npt.NDArray[np.floating]) -> Puppet:
    return dataclasses.replace(puppet, z=z.astype(np.float32))


def _bent(puppet: Puppet, lines: list[F32]) -> list[F64]:
    return [places(puppet, pose(puppet, weights, np.eye(3), np.zeros(3))) for weights in lines]


def _over_eye(puppet: Puppet, eye: Layer) -> I32:
    """The triangles that must be before an eyeball: skin, and the rims of its lids."""
    side = eye.name.removeprefix("eye")
    rims = [layer for layer in _layers(puppet, Role.RIM) if layer.name.endswith(side)]
    return np.concatenate([_triangles(puppet, layer) for layer in (*rims, _layers(puppet, Role.SKIN)[0])])


def _bag(puppet: Puppet, opening: Layer) -> Puppet:
    """Make a bag of what closes an opening: from its rim back to a plate behind all that is in it.

    The plate is larger than the opening: seen from ahead the bag hides nothing, seen from aside it is what there is
    behind eyes and teeth.
    """
    fan = _triangles(puppet, opening)
    members = np.unique(fan)
    depth, mm = rest_depth(puppet), _MM * puppet.scale
    back = float(np.median(depth[members])) - _PLATE_MM * mm
    for layer in _layers(puppet, Role.INSIDE):
        if layer.texture == opening.texture and layer.name.startswith("eye"):
            back = float(depth[_members(puppet, layer)].min()) - _BACK_MM * mm
    first = len(puppet.plane)
    puppet = _copied(puppet, members)
    z, plane, uv, ray = puppet.z.copy(), puppet.plane.copy(), puppet.uv.copy(), puppet.ray.copy()
    z[members] -= _RIM_MM * mm
    z[first:] = back
    for values in (plane, uv):
        middle = values[first:].mean(axis=0)
        values[first:] = middle + _LARGER * (values[first:] - middle)
    ray[first:] = (puppet.eye - plane[first:]) / puppet.eye[2]
    copy = np.zeros(first, np.int32)
    copy[members] = np.arange(first, len(z), dtype=np.int32)
    edges = np.concatenate([fan[:, [0, 1]], fan[:, [1, 2]], fan[:, [2, 0]]])
    both = {(int(a), int(b)) for a, b in edges}
    rim = np.array([(a, b) for a, b in edges.tolist() if (b, a) not in both], np.int32).reshape(-1, 2)
    a, b = rim.T
    walls = np.concatenate([np.stack([a, b, copy[a]], axis=1), np.stack([b, copy[b], copy[a]], axis=1)])
    start, end = _rows(opening).start, _rows(opening).stop
    triangles = np.concatenate([puppet.triangles[:start], copy[fan], walls, puppet.triangles[end:]])
    more = 3 * len(walls)
    layers = [
        dataclasses.replace(layer, count=layer.count + more) if layer is opening
        else dataclasses.replace(layer, first=layer.first + more) if layer.first > opening.first
        else layer
        for layer in puppet.layers
    ]  # fmt: skip
    return dataclasses.replace(
        puppet, z=z, plane=plane, uv=uv, ray=ray, triangles=triangles.astype(np.int32), layers=tuple(layers)
    )


def _with_rims(puppet: Puppet) -> Puppet:
    """Let the rims of lids be drawn always: what fades away must be transparent, which writes no depth elsewhere."""
    layers = (dataclasses.replace(layer, fade=-1) if layer.role is Role.RIM else layer for layer in puppet.layers)
    return dataclasses.replace(puppet, layers=tuple(layers))


def _veils_apart(puppet: Puppet, before: float) -> Puppet:
    """Give veils vertices of their own, a hair before what they are laid over."""
    shared = len(puppet.plane)
    for layer in puppet.layers:
        if layer.fade >= 0:
            members, flat = np.unique(_triangles(puppet, layer), return_inverse=True)
            triangles = puppet.triangles.copy()
            triangles[_rows(layer)] = len(puppet.plane) + flat.reshape(-1, 3)
            puppet = dataclasses.replace(_copied(puppet, members), triangles=triangles)
    z = puppet.z.copy()
    z[shared:] += before
    return _at(puppet, z)


def _copied(puppet: Puppet, members: I32) -> Puppet:
    """Append copies of some vertices, which no triangle has yet."""
    origin = np.concatenate([np.arange(len(puppet.plane)), members])
    morphs = puppet.morphs
    counts = np.diff(morphs.offsets)[origin]
    spans = [np.arange(int(morphs.offsets[v]), int(morphs.offsets[v + 1])) for v in members]
    entries = np.concatenate([np.arange(len(morphs.unit)), *spans])
    return dataclasses.replace(
        puppet,
        plane=puppet.plane[origin], ray=puppet.ray[origin], z=puppet.z[origin], mapped=puppet.mapped[origin],
        uv=puppet.uv[origin], map_uv=puppet.map_uv[origin], opacity=puppet.opacity[origin],
        bone_index=puppet.bone_index[origin], bone_weight=puppet.bone_weight[origin],
        morphs=dataclasses.replace(
            morphs, offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), unit=morphs.unit[entries],
            plane=np.ascontiguousarray(morphs.plane[entries]), depth=np.ascontiguousarray(morphs.depth[entries]),
        ),
    )  # fmt: skip


def _only(puppet: Puppet, keep: npt.NDArray[np.bool_]) -> Puppet:
    """Leave out triangles; layers that lose all of theirs go."""
    layers, first = [], 0
    for layer in puppet.layers:
        count = 3 * int(keep[_rows(layer)].sum())
        if count:
            layers.append(dataclasses.replace(layer, first=first, count=count))
        first += count
    return dataclasses.replace(puppet, triangles=np.ascontiguousarray(puppet.triangles[keep]), layers=tuple(layers))


def _weights(step: dict[str, float]) -> F32:
    return np.array([step.get(name, 0.0) for name in BLENDSHAPES], np.float32)


def _layers(puppet: Puppet, role: Role) -> list[Layer]:
    return [layer for layer in puppet.layers if layer.role is role and layer.fade < 0]


def _rows(layer: Layer) -> slice:
    return slice(layer.first // 3, (layer.first + layer.count) // 3)


def _triangles(puppet: Puppet, layer: Layer) -> I32:
    return puppet.triangles[_rows(layer)]


def _members(puppet: Puppet, layer: Layer) -> I32:
    return np.unique(_triangles(puppet, layer))
