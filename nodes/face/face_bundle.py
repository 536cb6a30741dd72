"""Opens MediaPipe's face landmarker: four files in one, read without MediaPipe."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError

F64 = npt.NDArray[np.float64]

_NETWORKS = ("detector", "landmarks_detector", "blendshapes")


@dataclass(frozen=True, slots=True, eq=False)
class FaceBundle:
    """What the file ``face_landmarker.task`` holds.

    Attributes:
        detector: Network that finds faces, 128 pixels wide.
        landmarks: Network that reads 478 landmarks from 256 pixels.
        blendshapes: Network that reads 52 scores from 146 of the landmarks.
        canonical: ``float64 (468, 3)`` landmarks of a mean face in centimetres, y up, z to the viewer.
        weights: ``float64 (468,)`` how much each counts for the head's pose; 0 for most.
    """

    detector: bytes
    landmarks: bytes
    blendshapes: bytes
    canonical: F64
    weights: F64


def open_face_bundle(path: Path) -> FaceBundle:
    """Read the file.

    Raises:
        VivantError: It cannot be read, or is something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            networks = [
                archive.read(f"face_{part}.tflite") for part in ("detector", "landmarks_detector", "blendshapes")
            ]
            geometry = archive.read("geometry_pipeline_metadata_landmarks.binarypb")
        canonical, weights = _geometry(geometry)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, IndexError, struct.error) as error:
        raise VivantError(
            f"this is not a face landmarker: {error}",
            where=str(path),
            remedy="remove the file and run again: it is fetched afresh",
        ) from error
    return FaceBundle(networks[0], networks[1], networks[2], canonical, weights)


def _geometry(content: bytes) -> tuple[F64, F64]:
    """Read MediaPipe's message ``GeometryPipelineMetadata``.

    Of the mesh (field 1) the vertices (3) are five numbers each: place and texture coordinates. Each of the basis (2)
    holds the number of a landmark (1, absent for 0) and its weight (2).
    """
    vertices = list[float]()
    basis = dict[int, float]()
    for field, value in _fields(content):
        if field == 1 and isinstance(value, bytes):
            vertices = [number for part, number in _fields(value) if part == 3 and isinstance(number, float)]
        elif field == 2 and isinstance(value, bytes):
            entry = dict(_fields(value))
            number, weight = entry.get(1, 0), entry.get(2, 0.0)
            if isinstance(number, int) and isinstance(weight, float):
                basis[number] = weight
    canonical = np.array(vertices, np.float64).reshape(-1, 5)[:, :3]
    weights = np.zeros(len(canonical))
    weights[list(basis)] = list(basis.values())
    if weights.sum() <= 0:
        raise ValueError("no landmark counts for the head's pose")
    return np.ascontiguousarray(canonical), weights


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Walk the fields of a protocol buffer: number and value, by the wire format's own types."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
            case 1:
                at += 8
            case 2:
                length, at = _varint(message, at)
                yield key >> 3, message[at : at + length]
                at += length
            case 5:
                yield key >> 3, float(struct.unpack_from("<f", message, at)[0])
                at += 4
            case kind:
                raise ValueError(f"no protocol buffer has a field of type {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
