"""A small reader of binary glTF, written from the specification and not from the writer under test."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class GlbFile:
    """A file that was read whole.

    Attributes:
        document: Its JSON.
    """

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and size % 4 == 0
        self.document: dict[str, Any] = json.loads(data[20 : 20 + size])
        body, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0" and 28 + size + body == len(data)
        self._body = data[28 + size :]
        assert self.document["buffers"] == [{"byteLength": body}]

    def view(self, number: int) -> bytes:
        """Return the bytes of a buffer view."""
        view = self.document["bufferViews"][number]
        start = view.get("byteOffset", 0)
        assert start + view["byteLength"] <= len(self._body)
        return self._body[start : start + view["byteLength"]]

    def accessor(self, number: int) -> npt.NDArray[Any]:
        """Return the values of an accessor ``(count, width)``; its bounds and its place are checked."""
        accessor = self.document["accessors"][number]
        kind, width = np.dtype(_TYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
        values = np.zeros((accessor["count"], width), kind)
        if "bufferView" in accessor:
            values[:] = self._read(accessor, kind, len(values), width)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            index = np.dtype(_TYPES[sparse["indices"]["componentType"]])
            at = self._read(sparse["indices"], index, sparse["count"], 1)[:, 0]
            assert (np.diff(at.astype(np.int64)) > 0).all() and at[-1] < len(values)
            values[at] = self._read(sparse["values"], kind, sparse["count"], width)
        if "min" in accessor:
            assert accessor["min"] == values.min(axis=0).tolist()
            assert accessor["max"] == values.max(axis=0).tolist()
        return values

    def _read(self, where: dict[str, Any], kind: np.dtype[Any], count: int, width: int) -> npt.NDArray[Any]:
        data, offset = self.view(where["bufferView"]), where.get("byteOffset", 0)
        stride = self.document["bufferViews"][where["bufferView"]].get("byteStride", kind.itemsize * width)
        assert offset % 4 == 0 and offset + stride * (count - 1) + kind.itemsize * width <= len(data)
        return np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize)).copy()

    def node(self, name: str) -> dict[str, Any]:
        """Return a node by its name."""
        (found,) = [node for node in self.document["nodes"] if node.get("name") == name]
        return dict(found)

    def world(self, rotations: dict[str, F64]) -> dict[str, F64]:
        """Return the matrices ``(4, 4)`` of all nodes where some are rotated ``(3, 3)``, by name."""
        nodes = self.document["nodes"]
        out: dict[str, F64] = {}

        def visit(number: int, above: F64) -> None:
            node = nodes[number]
            own = np.eye(4)
            own[:3, 3] = node.get("translation", [0, 0, 0])
            own[:3, :3] = rotations.get(node["name"], np.eye(3))
            out[node["name"]] = above @ own
            for child in node.get("children", []):
                visit(child, out[node["name"]])

        for root in self.document["scenes"][self.document["scene"]]["nodes"]:
            visit(root, np.eye(4))
        return out

    def posed(self, primitive: dict[str, Any], weights: F64, rotations: dict[str, F64]) -> F64:
        """Apply morph targets and skin as the specification says (3.7.2.2, 3.7.3), ``(N, 3)``."""
        places = self.accessor(primitive["attributes"]["POSITION"]).astype(np.float64)
        for weight, target in zip(weights, primitive["targets"], strict=True):
            places += weight * self.accessor(target["POSITION"])
        (skin,) = self.document["skins"]
        bind = self.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)
        world = self.world(rotations)
        nodes = self.document["nodes"]
        joints = np.stack([world[nodes[n]["name"]] @ inverse for n, inverse in zip(skin["joints"], bind, strict=True)])
        index = self.accessor(primitive["attributes"]["JOINTS_0"])
        share = self.accessor(primitive["attributes"]["WEIGHTS_0"]).astype(np.float64)
        matrices = np.einsum("nk,nkij->nij", share, joints[index])
        return np.asarray(np.einsum("nij,nj->ni", matrices[:, :3, :3], places) + matrices[:, :3, 3])
