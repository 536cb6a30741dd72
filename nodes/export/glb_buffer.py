"""The numbers of a glTF file: accessors, packed into one buffer."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

_FLOAT, _UBYTE, _USHORT, _UINT = 5126, 5121, 5123, 5125
_COMPONENTS: dict[Any, int] = {
    np.dtype(np.float32): _FLOAT, np.dtype(np.uint8): _UBYTE, np.dtype(np.uint16): _USHORT, np.dtype(np.uint32): _UINT,
}  # fmt: skip
_KINDS = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_VERTICES, _CORNERS = 34962, 34963
_MAGIC, _VERSION, _JSON, _BIN = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_ENTRY_BYTES = 180
"""What an accessor with sparse values costs in JSON more than one without: below that it saves nothing."""


class GlbBuffer:
    """Collects arrays, and puts a glTF document together with them (glTF 2.0, sections 3.6 and 4.4).

    Attributes:
        accessors: As glTF wants them.
    """

    def __init__(self) -> None:
        self.accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._bytes: list[bytearray] = []
        self._pools: dict[str, int] = {}
        self._zeros: dict[tuple[int, int], int] = {}

    def vertices(self, values: npt.NDArray[Any], *, bounded: bool = False) -> int:
        """Add an attribute of vertices ``(N, k)``; returns its accessor."""
        stride = values.dtype.itemsize * int(np.prod(values.shape[1:]))
        if stride % 4:
            raise ValueError("attributes of vertices have to fill whole words")
        return self._add(values, f"vertices{stride}", {"target": _VERTICES, "byteStride": stride}, bounded)

    def corners(self, triangles: npt.NDArray[np.int32]) -> int:
        """Add triangles ``(T, 3)``; returns the accessor of their corners."""
        flat = triangles.reshape(-1)
        small = int(flat.max(initial=0)) < 65535  # the last number restarts a strip, and is forbidden
        return self._add(flat.astype(np.uint16 if small else np.uint32), f"corners{small}", {"target": _CORNERS}, False)

    def matrices(self, values: npt.NDArray[np.float32]) -> int:
        """Add matrices ``(N, 4, 4)``, column after column; returns their accessor."""
        return self._add(values, "matrices", {}, False)

    def keys(self, values: npt.NDArray[np.float32], *, bounded: bool = False) -> int:
        """Add times or keys of an animation; returns their accessor."""
        return self._add(values, "keys", {}, bounded)

    def displacements(self, values: npt.NDArray[np.float32], *, bounded: bool) -> int:
        """Add what a shape does to vertices ``(N, k)``: only what is not zero, where that is smaller."""
        count, width = values.shape
        moved = np.flatnonzero(values.any(axis=1))
        if len(moved) == 0:
            if (count, width) not in self._zeros:
                self._zeros[count, width] = self._accessor(values, bounded, None)
            return self._zeros[count, width]
        index = moved.astype(np.uint16 if count <= 65535 else np.uint32)
        if index.nbytes + values[moved].nbytes + _ENTRY_BYTES >= values.nbytes:
            return self.vertices(values, bounded=bounded)
        at_index, index_offset = self._put(index.tobytes(), f"sparse{index.itemsize}", {})
        at_values, values_offset = self._put(np.ascontiguousarray(values[moved]).tobytes(), "sparse values", {})
        sparse = {
            "count": len(moved),
            "indices": {"bufferView": at_index, "byteOffset": index_offset, "componentType": _COMPONENTS[index.dtype]},
            "values": {"bufferView": at_values, "byteOffset": values_offset},
        }
        return self._accessor(values, bounded, {"sparse": sparse})

    def picture(self, data: bytes) -> int:
        """Add the bytes of a file; returns its buffer view."""
        return self._put(data, f"file {len(self._views)}", {})[0]

    def glb(self, document: dict[str, Any]) -> bytes:
        """Return the file: a document without accessors and buffers, and all that was added."""
        body = bytearray()
        views = []
        for view, data in zip(self._views, self._bytes, strict=True):
            views.append(view | {"buffer": 0, "byteOffset": len(body), "byteLength": len(data)})
            body += data + bytes(-len(data) % 4)
        whole = document | {
            "accessors": self.accessors, "bufferViews": views, "buffers": [{"byteLength": len(body)}],
        }  # fmt: skip
        text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(body), _BIN) + body
        return struct.pack("<III", _MAGIC, _VERSION, 12 + len(chunks)) + chunks

    def _add(self, values: npt.NDArray[Any], pool: str, view: dict[str, Any], bounded: bool) -> int:
        at, offset = self._put(np.ascontiguousarray(values).tobytes(), pool, view)
        return self._accessor(values, bounded, {"bufferView": at, "byteOffset": offset})

    def _accessor(self, values: npt.NDArray[Any], bounded: bool, where: dict[str, Any] | None) -> int:
        accessor: dict[str, Any] = {
            "componentType": _COMPONENTS[values.dtype], "count": len(values), "type": _KINDS[values.shape[1:]],
        }  # fmt: skip
        if bounded:
            flat = values.reshape(len(values), -1)
            accessor |= {"min": flat.min(axis=0).tolist(), "max": flat.max(axis=0).tolist()}
        self.accessors.append(accessor | (where or {}))
        return len(self.accessors) - 1

    def _put(self, data: bytes, pool: str, view: dict[str, Any]) -> tuple[int, int]:
        """Append bytes to a buffer view; returns its index and where they begin, a multiple of four."""
        if pool not in self._pools:
            self._pools[pool] = len(self._views)
            self._views.append(view)
            self._bytes.append(bytearray())
        at = self._pools[pool]
        there = self._bytes[at]
        there += bytes(-len(there) % 4)
        offset = len(there)
        there += data
        return at, offset
