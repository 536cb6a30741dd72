"""Puts a puppet together from a picture, the fitted head, a matte and a depth map."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.lip_seal import STATIONS, LipSeal
from vivant.nodes.face.placed_head import PlacedHead, place_head
from vivant.nodes.face.rims import mouth_is_open
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Layer, Morphs, Puppet, Role
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.backdrop import complete_background, separate_foreground, tightened
from vivant.nodes.puppet.body_layer import body_layer, body_texture
from vivant.nodes.puppet.eyes import eye_part
from vivant.nodes.puppet.face_edge import into_relief
from vivant.nodes.puppet.lids import lid_parts, rim_fades
from vivant.nodes.puppet.lip_contact import lips_of, middle_parting
from vivant.nodes.puppet.lip_line import lip_line
from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_uv
from vivant.nodes.puppet.mouth import mouth_parts, shade_of, without_opening
from vivant.nodes.puppet.openings import lid_rims, mouth_rim, openings
from vivant.nodes.puppet.places import sampled
from vivant.nodes.puppet.skeleton import jaw_swing, neck_weights, skeleton
from vivant.nodes.puppet.skin_patch import SkinPatch, face_patch
from vivant.nodes.puppet.thinning import thin_part
from vivant.nodes.puppet.turn_limits import find_limits
from vivant.nodes.puppet.veils import Veil, shades, veils
from vivant.nodes.puppet.visibility import LEAST_MOVE, moving, that_shows

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_CAMERA_FACES = 9.0
_CAMERA_LEAST = 1.6
_MOST_DM = 0.1
"""How far a handle is thought to be displaced at most, and a gap between the lips to be closed: on five pairs of
portrait and driver it was 0.062 to 0.095, on four 0.027 to 0.069."""
_DOUBTFUL = 0.6
_PER_VERTEX = ("plane", "ray", "z", "mapped", "uv", "map_uv", "opacity", "bone_index", "bone_weight")
_BAND = 0.6  # face widths around the person that a turned head may uncover


def assemble(
    head: AnatomicalHead, pixels: U8, fit: HeadFit, matte: F32, depth: DepthMap, *, whole: bool = False
) -> Puppet:
    """Build the puppet.

    Args:
        head: The anatomical head.
        pixels: The picture, ``uint8 (h, w, 3)``.
        fit: The head fitted to its face.
        matte: ``float32 (h, w)``, 1 = person.
        depth: Depth of the picture.
        whole: For views from elsewhere than the picture's camera: the relief goes on where the person never moves,
            and the backdrop shows nobody. Otherwise what rests is left to the backdrop, which draws faster.

    Returns:
        A puppet that is the picture when its pose is at rest.
    """
    size = fit.size
    face_width = float(np.linalg.norm(fit.points[234] - fit.points[454]))
    eye_z = max(_CAMERA_LEAST, _CAMERA_FACES * face_width)
    patch = face_patch(head)
    seal = LipSeal(head, patch.triangles, mouth_rim(head, patch))
    placed = place_head(head, fit, seal)
    moves = np.ones_like(matte) if whole else moving(fit, face_width)
    background = complete_background(pixels, matte, moves, _BAND * face_width * size[1])
    matte = tightened(matte)
    textures: dict[str, U8] = {
        "backdrop": _opaque(background),
        "body": body_texture(separate_foreground(pixels, matte, background), face_width),
        "face": _only_sure(without_opening(fit, pixels), matte),
    }
    eyes, centres = [], {}
    for side in ("Right", "Left"):
        part, centres[side], textures[f"eye{side}"], textures[f"rim{side}"] = eye_part(side, fit, pixels)
        eyes.append(part)
    bending = np.concatenate([placed.units, placed.handles, _closings(fit, seal)])
    mouth, mouth_textures = mouth_parts(head, fit, placed, pixels)
    textures |= mouth_textures
    renumber = np.full(len(head.vertices), -1, np.int32)
    renumber[patch.vertices] = np.arange(len(patch.vertices), dtype=np.int32)
    face = MeshPart(
        name="face",
        texture="face",
        vertices=placed.vertices[patch.vertices],
        triangles=renumber[patch.triangles],
        uv=picture_to_uv((placed.vertices + _lip_skin(head, fit, placed, seal))[patch.vertices], size),
        opacity=patch.opacity,
        role=Role.SKIN,
        units=bending[:, patch.vertices],
        bone="head",
    )
    depth_map = _person_depth(depth, matte)
    face = into_relief(face, patch.outer, depth_map, size, eye_z)
    most = _most(len(bending))
    face = thin_part(face, face.vertices[:, 2], most, fit, face_width)
    grid = body_layer(head, placed, matte, face_width, size)
    body = that_shows(grid, textures["body"], face, fit, face_width, whole)
    body = thin_part(body, sampled(depth_map, picture_to_uv(body.vertices, size)), most, fit, face_width)
    units = 52 + len(placed.handles) + STATIONS
    over, pages = veils(face, patch.vertices, placed, fit, pixels, units)
    textures |= pages
    lids, pages = lid_parts(face, patch.vertices, placed, fit, pixels, units)
    textures |= pages
    parted = middle_parting(head, fit, placed.vertices, bending)
    line, textures[line.texture] = lip_line(head, fit, placed.vertices, bending, parted, pixels)
    shaded = [part for part in mouth if shade_of(part.name) in textures]
    over = [*shades(shaded, fit, parted), *over]
    parts = [
        body,
        *openings(face, patch, fit),
        *mouth,
        *eyes,
        *lid_rims(head, placed, fit, rim_fades(placed, units)),
        face,
        line,
        *lids,
    ]
    puppet = _joined(head, fit, placed, patch, seal, parts, over, centres, textures, depth_map, eye_z, face_width)
    puppet = _without_unused(puppet)
    return dataclasses.replace(puppet, turn_limits=find_limits(puppet))


def _joined(
    head: AnatomicalHead,
    fit: HeadFit,
    placed: PlacedHead,
    patch: SkinPatch,
    seal: LipSeal,
    parts: list[MeshPart],
    over: list[Veil],
    eye_centres: dict[str, F32],
    textures: dict[str, U8],
    depth_map: F32,
    eye_z: float,
    face_width: float,
) -> Puppet:
    bones = skeleton(fit, eye_centres)
    number = {bone.name: i for i, bone in enumerate(bones)}
    vertices = np.concatenate([p.vertices for p in parts]).astype(np.float32)
    count = len(vertices)
    starts = np.cumsum([0, *(len(p.vertices) for p in parts)])
    units = np.zeros((52 + len(placed.handles) + STATIONS, count, 3), np.float32)
    index = np.zeros((count, 4), np.int32)
    weight = np.zeros((count, 4), np.float32)
    skin = np.full(len(head.vertices), -1, np.int32)  # where the head's own vertices are in the puppet
    of_face = [part.name for part in parts].index("face")
    skin[patch.vertices] = starts[of_face] + np.arange(len(patch.vertices), dtype=np.int32)
    fades = [veil.fade for veil in over]
    layers, triangles, first = [], [], 0
    for part, start, end in zip(parts, starts[:-1], starts[1:], strict=True):
        if part.units is not None:
            units[: len(part.units), start:end] = part.units
        if part.bone is None:
            root, neck, with_head = neck_weights(part.vertices, fit, face_width)
            index[start:end] = [number["head"], number["neck"], number["root"], number["jaw"]]
            weight[start:end, 0], weight[start:end, 1], weight[start:end, 2] = with_head, neck, root
        else:
            index[start:end] = [number[part.bone], number["neck"], number["root"], number["jaw"]]
            weight[start:end, 0] = 1
        triangles.append(part.triangles + start)
        fade = -1
        if part.fade is not None:
            fade = len(fades)
            fades.append(part.fade)
        layers.append(Layer(part.name, part.texture, first, 3 * len(part.triangles), part.role, fade))
        first += 3 * len(part.triangles)
        for row, veil in enumerate(over):
            if veil.of == part.name:
                triangles.append(veil.triangles + start)
                layers.append(Layer(veil.name, veil.texture, first, 3 * len(veil.triangles), part.role, row))
                first += 3 * len(veil.triangles)
    mapped = np.concatenate([np.full(len(p.vertices), float(p.mapped), np.float32) for p in parts])
    own = np.where(mapped > 0, 0, vertices[:, 2]).astype(np.float32)
    whole = vertices.copy()
    whole[:, 2] = own + mapped * sampled(depth_map, picture_to_uv(vertices, fit.size))
    hinge = bones[number["jaw"]].pivot
    swing = _hang_on_jaw(head, fit, placed, hinge, whole, units, weight)
    lips = lips_of(head, fit, placed, seal, skin, hinge, whole, units, weight[:, 3])
    eye = np.array([0, 0, eye_z], np.float32)
    plane = whole.copy()
    plane[:, 2] = 0
    ray = (eye - plane) / eye_z
    return Puppet(
        size=fit.size,
        eye=eye,
        plane=plane,
        ray=ray.astype(np.float32),
        z=own,
        mapped=mapped,
        uv=np.concatenate([p.uv for p in parts]).astype(np.float32),
        map_uv=picture_to_uv(vertices, fit.size),
        opacity=np.concatenate([p.opacity for p in parts]).astype(np.float32),
        triangles=np.concatenate(triangles).astype(np.int32),
        layers=tuple(layers),
        textures=textures,
        depth_map=depth_map,
        bones=bones,
        bone_index=index,
        bone_weight=weight,
        morphs=_sparse(units, ray, LEAST_MOVE * face_width / _most(len(units))),
        expression=fit.weights.astype(np.float32),
        face_width=face_width,
        head_rotation=fit.rotation,
        scale=fit.scale,
        jaw_swing=swing,
        details=placed.details,
        lips=lips,
        fades=np.array(fades, np.float32),
        turn_limits=(0.0, 0.0, 0.0, 0.0),
    )


def _without_unused(puppet: Puppet) -> Puppet:
    """Leave out vertices that are in no triangle."""
    used, flat = np.unique(puppet.triangles, return_inverse=True)
    morphs = puppet.morphs
    counts = np.diff(morphs.offsets)
    entries = np.isin(np.repeat(np.arange(len(counts)), counts), used)
    return dataclasses.replace(
        puppet,
        triangles=flat.reshape(-1, 3).astype(np.int32),
        morphs=Morphs(
            offsets=np.concatenate([[0], np.cumsum(counts[used])]).astype(np.int32),
            unit=morphs.unit[entries],
            plane=morphs.plane[entries],
            depth=morphs.depth[entries],
        ),
        **{name: getattr(puppet, name)[used] for name in _PER_VERTEX},
    )


def _hang_on_jaw(
    head: AnatomicalHead, fit: HeadFit, placed: PlacedHead, hinge: F32, vertices: F32, units: F32, weight: F32
) -> float:
    """Turn the unit jawOpen into a swing of the jaw bone plus what is left of it; in place.

    Vertices follow the bone as far as their displacement by the unit looks like the swing. At weight 1 both
    together are the artist's unit; on the way there the chin travels along an arc, not a chord.

    Returns:
        The swing in radians.
    """
    unit = INDEX["jawOpen"]
    group = list(head.group_names).index("helper-lower-teeth")
    teeth = np.unique(head.triangles[head.triangle_group == group])
    axis = fit.rotation[:, 0].astype(np.float32)
    swing = jaw_swing(placed.vertices[teeth], placed.units[unit, teeth], hinge, axis)
    swung = (vertices - hinge) @ (rotation_matrix(axis.astype(np.float64) * swing) - np.eye(3)).T.astype(np.float32)
    move = units[unit]
    share = (move * swung).sum(axis=1) / np.maximum((swung**2).sum(axis=1), 1e-12)
    share = np.where(np.linalg.norm(move, axis=1) > 1e-6, np.clip(share, 0, 1), 0).astype(np.float32)
    share *= weight[:, 0]
    weight[:, 3] = share
    weight[:, 0] -= share
    units[unit] = move - share[:, None] * swung
    return swing


def _lip_skin(head: AnatomicalHead, fit: HeadFit, placed: PlacedHead, seal: LipSeal) -> F32:
    """From where skin lies to where the picture shows it, ``(V, 3)``: other places where lips hide each other."""
    if mouth_is_open(fit.points):
        return np.zeros_like(placed.vertices)
    axes = fit.rotation[:, :2].astype(np.float64) / fit.scale
    places = np.ascontiguousarray((placed.vertices - fit.translation) @ axes)
    folded = seal.folded(places, (fit.points - fit.translation) @ axes)
    return np.outer(fit.scale * folded, fit.rotation[:, 1]).astype(np.float32)


def _closings(fit: HeadFit, seal: LipSeal) -> F32:
    """What closes the lips at each station by a decimetre, in picture space, ``(K, V, 3)``."""
    return np.asarray(seal.fields[..., None] * (fit.scale * fit.rotation[:, 1]), np.float32)


def _most(count: int) -> F32:
    """How far each of so many units goes at most: what counts in decimetres moves by far less than one."""
    most = np.ones(count, np.float32)
    most[52:] = _MOST_DM
    return most


def _sparse(units: F32, ray: F32, least: F32) -> Morphs:
    """Order displacements by vertex and split each into plane and depth along the vertex's ray.

    Args:
        units: ``(U, V, 3)``.
        ray: ``(V, 3)``.
        least: Displacements that are no longer count as none ``(U,)``.
    """
    moved = np.abs(units).max(axis=2) > least[:, None]
    vertex, unit = np.nonzero(moved.T)
    move = units[unit, vertex]
    offsets = np.zeros(units.shape[1] + 1, np.int32)
    np.cumsum(np.bincount(vertex, minlength=units.shape[1]), out=offsets[1:])
    return Morphs(
        offsets=offsets,
        unit=unit.astype(np.int32),
        plane=np.ascontiguousarray(move[:, :2] - move[:, 2:] * ray[vertex, :2], np.float32),
        depth=np.ascontiguousarray(move[:, 2], np.float32),
    )


def _person_depth(depth: DepthMap, matte: F32) -> F32:
    """Depth in picture space, the person's continued beyond its outline, ``float32 (h, w)``.

    The layer's soft edge lies where a depth map falls to the background: unmended, that edge would be torn back.
    """
    values = (depth.far + depth.values * (depth.near - depth.far)).astype(np.float32)
    person = cv2.resize(matte, (values.shape[1], values.shape[0]), interpolation=cv2.INTER_AREA) > 0.6
    inner = cv2.erode(person.astype(np.uint8), np.ones((3, 3), np.uint8))
    if not inner.any():
        return values
    _, label = cv2.distanceTransformWithLabels(1 - inner, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label = np.asarray(label, np.int32)
    table = np.zeros(int(label.max()) + 1, np.float32)
    table[label[inner > 0]] = values[inner > 0]
    return np.ascontiguousarray(cv2.GaussianBlur(table[label], (0, 0), 1.0), np.float32)


def _only_sure(pixels: U8, matte: F32) -> U8:
    """The picture where it is surely the person: skin must not take the background's pixels along."""
    alpha = np.clip((matte - _DOUBTFUL) / (1 - _DOUBTFUL), 0, 1)
    return np.ascontiguousarray(np.dstack([pixels, np.round(255 * alpha).astype(np.uint8)]))


def _opaque(pixels: U8) -> U8:
    return np.ascontiguousarray(np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2))
