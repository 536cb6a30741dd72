"""The depth of still pictures, kept on disk: a network runs once for each."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.formats.build_cache import expected, kept

Floats: TypeAlias = npt.NDArray[np.float32]

_OTHER_FILES = b"\x0a\x08location"
"""How a model in ONNX form (a protocol buffer) begins to say where weights in a file of their own lie."""


class StillDepth:
    """Depth maps by what they were made from: the model's and the picture's content, and how it was asked."""

    def __init__(self, model: Path, cache_dir: Path | None) -> None:
        """Take a model, which is not read yet.

        Args:
            model: The ``.onnx`` file.
            cache_dir: Where maps are kept; None: nowhere.
        """
        self._model = model
        self._cache_dir = cache_dir

    def of(self, pixels: npt.NDArray[np.uint8], settings: dict[str, Any], make: Callable[[], Floats]) -> Floats:
        """Return the map of a picture, from disk where it is there.

        Args:
            pixels: The picture, ``uint8 (h, w, 3 or 4)``.
            settings: What else the map depends on, by name.
            make: Runs the network, ``float32 (h, w)``.

        Raises:
            VivantError: The model cannot be read, or `make` fails.
        """
        content = _content(self._model) if self._cache_dir is not None else None
        if content is None:
            return make()
        return kept(
            self._cache_dir,
            # by its name `auto` tells the polarity
            ("depth", self._model.name.lower(), content, settings, pixels),
            make,
            lambda values: {"values": values},
            lambda arrays: expected(arrays, "values", np.float32, pixels.shape[:2]),
        )


def _content(model: Path) -> str | None:
    """Return the SHA-256 of a model; None where it is empty or some of it lies in other files, unread here.

    Raises:
        VivantError: It cannot be read.
    """
    try:
        with model.open("rb") as file:
            if model.stat().st_size == 0:
                return None
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if content.find(_OTHER_FILES) >= 0:
                    return None
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None  # said better by what opens it
    except OSError as error:
        raise VivantError(
            f"The model file cannot be read: {error.strerror or error}.",
            where=str(model),
            remedy="give yourself permission to read the file and its folders",
        ) from error
