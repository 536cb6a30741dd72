"""A puppet: the layers of a picture, the mesh, its bones and morphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """A joint.

    Attributes:
        name: root, neck, head, jaw, eyeLeft, eyeRight.
        parent: Index of the parent bone, -1 for the root.
        pivot: ``float32 (3,)`` where it turns, in picture space at rest.
    """

    name: str
    parent: int
    pivot: F32


class Role(StrEnum):
    """How a layer hides and is hidden."""

    BODY = "body"
    """Over the backdrop."""
    OPENING = "opening"
    """Cuts a window into the layers before it, through which INSIDE layers are seen."""
    INSIDE = "inside"
    """Seen through openings alone, and there behind nothing but skin."""
    RIM = "rim"
    """What of the picture lies inside an opening, but goes with its edge: over INSIDE, whatever its depth."""
    SKIN = "skin"
    """Over everything."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A run of triangles that share a texture. Within a role the nearer hides the farther.

    Attributes:
        name: What it shows.
        texture: Key into `Puppet.textures`.
        first: Index of its first triangle corner in `Puppet.triangles` (flattened).
        count: Number of triangle corners.
        role: How it hides and is hidden; layers come in the order of roles.
        fade: Row of `Puppet.fades` that says how much of it is drawn; -1: all, always.
    """

    name: str
    texture: str
    first: int
    count: int
    role: Role
    fade: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Morphs:
    """Displacements of vertices per expression unit, sparse, ordered by vertex.

    Entry ``k`` of vertex ``v`` (``offsets[v] <= k < offsets[v + 1]``) belongs to unit ``unit[k]`` (first the 52, then
    the handles', then the lips') and moves the vertex by ``plane[k]`` in the picture plane and ``depth[k]`` along its
    view ray, at weight 1.

    Attributes:
        offsets: ``int32 (V + 1,)``.
        unit: ``int32 (K,)`` index into `arkit.BLENDSHAPES`, then two for each handle, then one for each of the lips'
            stations.
        plane: ``float32 (K, 2)`` picture heights.
        depth: ``float32 (K,)`` picture heights.
    """

    offsets: I32
    unit: I32
    plane: F32
    depth: F32


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """How a puppet takes over a driver's details, see `vivant.nodes.face.details`.

    A handle's displacement by x and by y of the head's axes are two more units in `Puppet.morphs`, behind the 52.

    Attributes:
        lack: ``float32 (52, H, 2)`` what each face unit at weight 1 falls short at the handles of what it does to a
            face of this size, decimetres.
        factor: ``float32 (H, 2)`` from motion of the average head to this puppet's, decimetres.
        gaze: ``float32 (2, 2)`` the same for the irises, right and left.
        lid_gap: ``float32 (2,)`` how far the right and the left eye are open at rest, decimetres.
        lid_opening: ``float32 (52 + 2 H, 2)`` by how much each unit at weight 1 opens them.
        lid_most: ``float32 (2,)`` how far they open at most.
    """

    lack: F32
    factor: F32
    gaze: F32
    lid_gap: F32
    lid_opening: F32
    lid_most: F32


@dataclass(frozen=True, slots=True, eq=False)
class Lips:
    """The edges of a puppet's lips, in the head's own axes at rest, decimetres; see `vivant.nodes.puppet.lip_contact`.

    How far apart they are is told at K stations along the mouth. For each of them `Puppet.morphs` has one more unit,
    behind the handles', that closes a gap there.

    Attributes:
        places: ``float32 (N, 3)``.
        moves: ``float32 (52 + 2 H, N, 3)`` what each unit and handle does to them, without the jaw bone.
        jaw: ``float32 (N,)`` how much each hangs on the jaw bone.
        hinge: ``float32 (3,)`` of the jaw.
        fields: ``float32 (K, N)`` how far up each goes for a gap of 1 at each station.
        upper, lower: ``int32 (A, 3)``, ``(B, 3)`` triangles of the upper and the lower lip.
        corners: ``int32 (2,)`` the mouth's right and left corner.
        across: ``float32 (K,)`` where the stations are, -1 at the right corner, 1 at the left.
        into_fields: ``float32 (K, K)`` how strong each field must be for each gap that is to be closed.
        parting: ``float32 (52, 9)`` by how much each unit parts the average head's lips at the landmarks of `LIPS`.
        own_parting: ``float32 (52, 9)`` by how much it parts the puppet's.
        closed: ``float32 (K,)`` 1 where the picture shows the lips closed.
        overlap: ``float32 (K,)`` how far lips that touch may overlap at most.
    """

    places: F32
    moves: F32
    jaw: F32
    hinge: F32
    fields: F32
    upper: I32
    lower: I32
    corners: I32
    across: F32
    into_fields: F32
    parting: F32
    own_parting: F32
    closed: F32
    overlap: F32


@dataclass(frozen=True, slots=True, eq=False)
class Puppet:
    """Everything about a picture that does not change while it moves.

    A vertex rests in the picture plane at ``plane`` and has the depth ``z`` toward the viewer along its view ray
    ``ray = (eye - plane) / eye_z``; its place is ``plane + z * ray``, which the camera at `eye` sees where the
    picture has it, whatever its depth.

    Attributes:
        size: Width and height of the picture in pixels.
        eye: ``float32 (3,)`` the camera, picture space.
        plane: ``float32 (V, 3)``, third component 0.
        ray: ``float32 (V, 3)``, third component 1.
        z: ``float32 (V,)`` the vertex's own depth.
        mapped: ``float32 (V,)`` how much of `depth_map` is added to it, 0 or 1.
        uv: ``float32 (V, 2)`` in its layer's texture, origin at the top left.
        map_uv: ``float32 (V, 2)`` in `depth_map`, origin at the top left.
        opacity: ``float32 (V,)``.
        triangles: ``int32 (T, 3)`` counter-clockwise as seen by the viewer, grouped by layer.
        layers: Back to front.
        textures: By name, ``uint8 (h, w, 4)`` RGBA, straight alpha.
        depth_map: ``float32 (h, w)`` depth in picture space, before the rest of the vertex is added.
        bones: Parents before children.
        bone_index: ``int32 (V, 4)``.
        bone_weight: ``float32 (V, 4)``, each row sums to 1.
        morphs: Expression units.
        expression: ``float32 (52,)`` the expression that the picture itself wears: there the morphs are at rest.
        face_width: In picture heights.
        head_rotation: ``float32 (3, 3)`` head to picture space, at rest.
        scale: Picture heights per decimetre of the anatomical head.
        jaw_swing: Angle in radians of the jaw bone about the head's x axis when jawOpen is 1.
        details: How a driver's details are taken over.
        lips: What keeps the lips in contact.
        fades: ``float32 (F, 1 + U)`` how much is drawn of layers that come and go with the expression: a constant, then
            by how much it grows with each of the U units of `morphs` from rest on; see `vivant.nodes.puppet.veils`.
        turn_limits: How far the head may turn before it shows that it is a picture: looking up, down, to the viewer's
            left, right; radians, all positive.
        backdrop: Name of the texture behind all layers, as large as the picture.
    """

    size: tuple[int, int]
    eye: F32
    plane: F32
    ray: F32
    z: F32
    mapped: F32
    uv: F32
    map_uv: F32
    opacity: F32
    triangles: I32
    layers: tuple[Layer, ...]
    textures: dict[str, npt.NDArray[np.uint8]]
    depth_map: F32
    bones: tuple[Bone, ...]
    bone_index: I32
    bone_weight: F32
    morphs: Morphs
    expression: F32
    face_width: float
    head_rotation: F32
    scale: float
    jaw_swing: float
    details: Details
    lips: Lips
    fades: F32
    turn_limits: tuple[float, float, float, float]
    backdrop: str = field(default="backdrop")

    def bone(self, name: str) -> int:
        """Return the index of a bone by name."""
        return next(i for i, b in enumerate(self.bones) if b.name == name)


@dataclass(frozen=True, slots=True, eq=False)
class PuppetPose:
    """How a puppet is bent at one moment.

    Attributes:
        weights: ``float32 (52,)`` the expression it shall wear.
        rotations: ``float32 (B, 3, 3)`` local rotation of each bone, in axes of picture space.
        translations: ``float32 (B, 3)`` local shift of each bone, picture space.
        handles: ``float32 (2 H,)`` displacement of the handles, decimetres, x and y in turn; empty: none.
        contact: ``float32 (K,)`` how surely the lips shall touch at their stations, in [0, 1]; empty: as it comes.
    """

    weights: F32
    rotations: F32
    translations: F32
    handles: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    contact: F32 = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class SkinnedMesh:
    """A puppet's vertices, bent.

    Attributes:
        vertices: ``float32 (V, 7)``: the skinned place of the plane (3), the skinned ray (3), the change of depth
            by morphs (1). The place of the vertex is ``vertices[:, :3] + (z + dz) * vertices[:, 3:6]``.
        shown: ``float32 (F,)`` in [0, 1] how much is drawn of layers that fade, by row of `Puppet.fades`; empty: none.
    """

    vertices: F32
    shown: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
