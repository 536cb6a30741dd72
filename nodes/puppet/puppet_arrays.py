"""A puppet as named arrays, to be stored, and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.puppet import Bone, Details, Layer, Lips, Morphs, Puppet, Role

_PLAIN = "plain"
_TEXTURE, _MORPH, _PIVOT, _DETAIL, _LIPS = "texture/", "morph/", "pivot/", "detail/", "lips/"
_BUILT = ("layers", "textures", "bones", "morphs", "details", "lips")


def to_arrays(puppet: Puppet) -> dict[str, npt.NDArray[Any]]:
    """Take a puppet apart; what is no array goes into one of text."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    plain: dict[str, Any] = {
        "layers": [dataclasses.astuple(layer) for layer in puppet.layers],
        "bones": [(bone.name, bone.parent) for bone in puppet.bones],
    }
    for field in dataclasses.fields(puppet):
        value = getattr(puppet, field.name)
        if field.name in _BUILT:
            continue
        if isinstance(value, np.ndarray):
            arrays[field.name] = value
        else:
            plain[field.name] = value
    arrays |= {_TEXTURE + name: pixels for name, pixels in puppet.textures.items()}
    arrays |= {_MORPH + f.name: getattr(puppet.morphs, f.name) for f in dataclasses.fields(puppet.morphs)}
    arrays |= {_DETAIL + f.name: getattr(puppet.details, f.name) for f in dataclasses.fields(puppet.details)}
    arrays |= {_LIPS + f.name: getattr(puppet.lips, f.name) for f in dataclasses.fields(puppet.lips)}
    arrays |= {_PIVOT + bone.name: bone.pivot for bone in puppet.bones}
    arrays[_PLAIN] = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    return arrays


def from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Puppet:
    """Put together what `to_arrays` took apart.

    Raises:
        KeyError, TypeError, ValueError: The arrays are not of a puppet.
    """
    plain = json.loads(arrays[_PLAIN].tobytes())
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()}
    fields |= {name: value for name, value in arrays.items() if name != _PLAIN and "/" not in name}
    fields["layers"] = tuple(
        Layer(n, t, first, count, Role(r), fade) for n, t, first, count, r, fade in plain["layers"]
    )
    fields["bones"] = tuple(Bone(name, parent, arrays[_PIVOT + name]) for name, parent in plain["bones"])
    fields["textures"] = {n.removeprefix(_TEXTURE): v for n, v in arrays.items() if n.startswith(_TEXTURE)}
    fields["morphs"] = Morphs(**{n.removeprefix(_MORPH): v for n, v in arrays.items() if n.startswith(_MORPH)})
    fields["details"] = Details(**{n.removeprefix(_DETAIL): v for n, v in arrays.items() if n.startswith(_DETAIL)})
    fields["lips"] = Lips(**{n.removeprefix(_LIPS): v for n, v in arrays.items() if n.startswith(_LIPS)})
    return Puppet(**fields)
