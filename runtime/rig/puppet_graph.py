"""The part of a preset that makes a portrait's puppet, and what the puppet is made from."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.preset import apply_overrides, load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.prelude import StillValues
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import find_preset
from vivant.runtime.still_run import run_still

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from vivant.nodes.formats.depth import DepthMap
    from vivant.nodes.formats.head import HeadFit
    from vivant.nodes.formats.picture import Picture


@dataclass(frozen=True, slots=True)
class PortraitParts:
    """What a puppet is made from.

    Attributes:
        name: Of the picture, to be shown.
        picture: The picture.
        fit: The head fitted to its face.
        matte: ``float32 (h, w)``, which part of it is the person.
        depth: Its depth.
    """

    name: str
    picture: Picture
    fit: HeadFit
    matte: npt.NDArray[np.float32]
    depth: DepthMap


class PuppetGraph:
    """A preset as far as the puppet of its portrait: run once, without a driver."""

    def __init__(self, portrait: str, preset: str, overrides: list[str]) -> None:
        """Read a preset.

        Args:
            portrait: Absolute path of the picture, or the name of a sample.
            preset: A preset file or the name of one; it needs a node ``portrait`` and one of type ``puppet.build``.
            overrides: Texts ``node.param=value``.

        Raises:
            VivantError: The preset cannot be used.
        """
        path = find_preset(preset)
        document = apply_overrides(load_preset(path), [f"portrait.path={json.dumps(portrait)}", *overrides])
        self.graph = validate(document, Registry.installed(), path.parent, where=str(path))
        builder = next((spec for spec in self.graph.nodes if spec.node_class.type == "puppet.build"), None)
        if builder is None or "portrait" not in self.graph:
            raise VivantError(
                f"the preset '{self.graph.name}' cannot be used here: it builds no puppet of a node called 'portrait'",
                remedy="see `vivant presets`; `portrait-video` is made for this",
                exit_status=2,
            )
        self._builder = builder
        self._portrait = portrait

    def parts(self, services: Services, stop: threading.Event) -> PortraitParts:
        """Make what the puppet is made from, but not the puppet.

        Raises:
            VivantError: A node failed, no face was found in the picture, or the user interrupted it.
        """
        return self._parts(self._run(self.graph.upstream([self._builder.id]), services, stop))

    def puppet(self, services: Services, stop: threading.Event) -> tuple[PortraitParts, Any]:
        """Make the puppet as the preset does; returns also what it was made from.

        Raises:
            VivantError: As `parts`.
        """
        values = self._run(self.graph.upstream([self._builder.id]) | {self._builder.id}, services, stop)
        made = values[self._builder.id].get("puppet")
        if made is None:
            raise self._no_face()
        return self._parts(values), made.value

    def _run(self, needed: set[str] | frozenset[str], services: Services, stop: threading.Event) -> StillValues:
        part: Graph = replace(self.graph, nodes=tuple(spec for spec in self.graph.nodes if spec.id in needed))
        values = run_still(part, services, stop)
        if values is None:
            raise VivantError("interrupted: nothing was made")
        return values

    def _parts(self, values: StillValues) -> PortraitParts:
        builder: NodeSpec = self._builder

        def given(name: str) -> Any:
            link = builder.links[name]
            packet = values[link.node].get(link.output)
            if packet is None or packet.value is None:  # each of them waits for a face
                raise self._no_face()
            return packet.value

        return PortraitParts(
            name=self._portrait if self._portrait.startswith("sample:") else Path(self._portrait).name,
            picture=given("frame"),
            fit=given("head"),
            matte=given("matte").values,
            depth=given("depth"),
        )

    def _no_face(self) -> VivantError:
        return VivantError(
            "no puppet could be built of this picture: no face was found in it",
            where=self._portrait,
            remedy="point it out: vivant rig PICTURE --edit",
        )
