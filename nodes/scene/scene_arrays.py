"""A scene as named arrays, to be stored, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.build_cache import expected
from vivant.nodes.formats.scene import Scene, SceneLayer

_TEXTURE = "texture/"


def to_arrays(scene: Scene) -> dict[str, npt.NDArray[Any]]:
    """Take a scene apart."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "size": np.array(scene.size, np.int64),
        "camera": np.array([scene.eye_z, scene.reach], np.float64),
        "see_through": np.array(scene.see_through),
        "vertices": scene.vertices,
        "triangles": scene.triangles,
        "runs": np.array([(layer.first, layer.count) for layer in scene.layers], np.int64),
    }
    return arrays | {f"{_TEXTURE}{index}": layer.texture for index, layer in enumerate(scene.layers)}


def from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Scene:
    """Put together what `to_arrays` took apart.

    Raises:
        KeyError, ValueError: The arrays are not of a scene.
    """
    width, height = (int(v) for v in expected(arrays, "size", np.int64, (2,)))
    eye_z, reach = (float(v) for v in expected(arrays, "camera", np.float64, (2,)))
    runs = expected(arrays, "runs", np.int64, (None, 2))
    return Scene(
        size=(width, height),
        eye_z=eye_z,
        reach=reach,
        vertices=expected(arrays, "vertices", np.float32, (None, 5)),
        triangles=expected(arrays, "triangles", np.int32, (None, 3)),
        layers=tuple(
            SceneLayer(expected(arrays, f"{_TEXTURE}{index}", np.uint8, (None, None, 4)), int(first), int(count))
            for index, (first, count) in enumerate(runs)
        ),
        see_through=bool(expected(arrays, "see_through", np.bool_, ())),
    )
