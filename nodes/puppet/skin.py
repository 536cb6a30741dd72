"""Bends a puppet's mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vivant.graph.node import Lane, Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.puppet import Puppet, PuppetPose, SkinnedMesh


class SkinParams(NodeParams):
    """Nothing to choose."""


@dataclass(frozen=True)
class SkinInputs:
    """A puppet and how it is bent."""

    pose: Packet[PuppetPose] = trigger("How it is bent.")
    puppet: Packet[Puppet] = latest("The puppet.")


@dataclass(frozen=True)
class SkinOutputs:
    """The result."""

    mesh: SkinnedMesh = output("The bent mesh.")


class PuppetSkin(Node[SkinParams, SkinInputs, SkinOutputs], type="puppet.skin", lane=Lane.RENDER, draws=False):
    """Bends a puppet's mesh: morphs and linear blend skinning, in Numba."""

    def open(self, context: NodeContext) -> None:
        """Compile the kernel, so that the first frame does not wait for it."""
        from vivant.nodes.puppet.skinning import compile_kernel

        compile_kernel()

    def process(self, inputs: SkinInputs) -> SkinOutputs | None:
        """Bend the mesh for one frame."""
        from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
        from vivant.nodes.puppet.veils import shown

        puppet, pose = inputs.puppet.value, inputs.pose.value
        if len(pose.rotations) != len(puppet.bones):
            return None  # the pose of the puppet before
        out = np.empty((len(puppet.plane), 7), np.float32)
        matrices = bone_matrices(puppet.bones, pose.rotations, pose.translations)
        change = change_of(puppet, pose)
        skin(puppet, matrices, change, out)
        return SkinOutputs(SkinnedMesh(out, shown(puppet, change)))
