"""A smiling portrait made of numbers, as a whole puppet, as a bust, and as a file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from tests.nodes.export.glb_file import GlbFile
from vivant.nodes.export.baking import bust_of
from vivant.nodes.export.bust import Bust
from vivant.nodes.export.gltf import glb_of
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.puppet.assembly import assemble

WORN = {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.5, "jawOpen": 0.15, "eyeSquintLeft": 0.3, "eyeLookInRight": 0.2}


@pytest.fixture(scope="session")
def whole_puppet(
    head: AnatomicalHead,
    make_fit: Callable[..., HeadFit],
    portrait_pixels: npt.NDArray[np.uint8],
    portrait_matte: npt.NDArray[np.float32],
    portrait_depth: DepthMap,
) -> Puppet:
    return assemble(head, portrait_pixels, make_fit(WORN), portrait_matte, portrait_depth, whole=True)


@pytest.fixture(scope="session")
def bust(whole_puppet: Puppet) -> Bust:
    return bust_of(whole_puppet, "drawn.png")


@pytest.fixture(scope="session")
def glb(bust: Bust) -> GlbFile:
    return GlbFile(glb_of(bust))
