"""A puppet at rest is the picture, whatever its depth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.head_fit import HeadFitter
from vivant.nodes.face.landmarks import FaceLandmarks, LandmarksParams, Mode
from vivant.nodes.face.matte import FaceMatte, MatteInputs, MatteParams
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.assembly import assemble

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

LEAST_DB = 38.0
DEPTHS = ("flat", "noise", "deep", "inverted")


def psnr(a: U8, b: U8) -> float:
    """Peak signal to noise in decibels over the colours."""
    error = float(((a[..., :3].astype(np.float64) - b[..., :3]) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def depth_map(kind: str, relief: DepthMap) -> DepthMap:
    if kind == "flat":
        return DepthMap(np.zeros((8, 8), np.float32), 0.0, 0.0)
    if kind == "noise":
        values = cv2.GaussianBlur(np.random.default_rng(3).random((96, 80), np.float32), (0, 0), 4.0)
        return DepthMap(((values - values.min()) / np.ptp(values)).astype(np.float32), 0.3, -0.3)
    if kind == "deep":
        return DepthMap(relief.values, 0.5, -4.0)
    return DepthMap(1 - relief.values, 0.3, -0.5)


@pytest.mark.parametrize("kind", DEPTHS)
def test_a_drawn_portrait_at_rest_is_the_picture(
    kind: str,
    head: AnatomicalHead,
    portrait_pixels: U8,
    portrait_fit: HeadFit,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    posed: Callable[..., PuppetPose],
    draw: Callable[[Puppet, PuppetPose], U8],
) -> None:
    depth = depth_map(kind, portrait_depth)
    puppet = assemble(head, portrait_pixels, portrait_fit, portrait_matte, depth)
    frame = draw(puppet, posed(puppet))
    assert (frame[..., 3] == 255).all()
    assert psnr(frame, portrait_pixels) >= LEAST_DB


def test_an_expression_in_the_picture_is_at_rest_too(
    head: AnatomicalHead,
    make_fit: Callable[..., HeadFit],
    portrait_pixels: U8,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    posed: Callable[..., PuppetPose],
    draw: Callable[[Puppet, PuppetPose], U8],
) -> None:
    fit = make_fit({"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "browInnerUp": 0.4, "eyeLookUpLeft": 0.3})
    puppet = assemble(head, portrait_pixels, fit, portrait_matte, portrait_depth)
    assert psnr(draw(puppet, posed(puppet)), portrait_pixels) >= LEAST_DB
    # and the measure sees it when the puppet moves
    assert psnr(draw(puppet, posed(puppet, turn=(0, 0.2, 0))), portrait_pixels) < 32


@pytest.mark.parametrize(
    "name",
    [
        "astronaut.png", "bouguereau_child.jpg", "cartoon_boy.jpg",
        "group_of_five.jpg", "mona_lisa.jpg", "warrior.jpg",
    ],
)  # fmt: skip
def test_a_real_portrait_at_rest_is_the_picture(
    name: str,
    media: Path,
    model: Callable[[str], Path],
    node_context: Callable[..., NodeContext],
    head: AnatomicalHead,
    fitter: HeadFitter,
    posed: Callable[..., PuppetPose],
    draw: Callable[[Puppet, PuppetPose], U8],
) -> None:
    pixels = np.array(Image.open(media / "portraits" / name).convert("RGB"))
    face, matte = tracked(pixels, node_context(fetch=model))
    assert face is not None
    fit = fitter.fit(face)
    relief = DepthRelief(ReliefParams())
    relief.open(node_context())
    made = relief.process(ReliefInputs(Packet(matte, 0, 0), Packet(fit, 0, 0)))
    assert made is not None
    puppet = assemble(head, pixels, fit, matte.values, made.depth)
    noise = depth_map("noise", made.depth)
    other = (noise.far + noise.values * (noise.near - noise.far)).astype(np.float32)
    # depth may change at any time without touching the mesh
    for kind, tried in (("relief", puppet), ("noise", dataclasses.replace(puppet, depth_map=other))):
        reached = psnr(draw(tried, posed(tried)), pixels)
        assert reached >= LEAST_DB, f"{name} with {kind} depth: {reached:.1f} dB"


def tracked(pixels: U8, context: NodeContext) -> tuple[Any, Any]:
    """Read face and matte off a picture with the real models."""
    frame = Packet(Picture(pixels), 0, 0)
    landmarks, matting = FaceLandmarks(LandmarksParams(mode=Mode.STILL)), FaceMatte(MatteParams())
    landmarks.open(context)
    try:
        matting.open(context)
        try:
            return landmarks.look(frame), matting.process(MatteInputs(frame)).matte
        finally:
            matting.close(Outcome.DONE)
    finally:
        landmarks.close(Outcome.DONE)
