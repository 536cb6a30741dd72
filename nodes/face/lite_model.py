"""Runs one TensorFlow Lite network on one thread of the processor, with LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError

F32 = npt.NDArray[np.float32]


class LiteModel:
    """A network with one input.

    One thread, so that the same picture gives the same numbers on every machine with the same processor, and so that
    tracking leaves the other cores to drawing; these networks are too small to gain from more.

    Args:
        content: The file's bytes. Not its path: libraries in C++ cannot open every path on Windows.
        where: What to name in an error.

    Attributes:
        shape: Of the input, batch first.

    Raises:
        VivantError: It is no network, or one that LiteRT cannot run.
    """

    def __init__(self, content: bytes, where: str) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            # LiteRT keeps the bytes by reference
            self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
            inputs = self._interpreter.get_input_details()
            self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]
        except (ValueError, RuntimeError) as error:
            raise VivantError(
                f"a network cannot be loaded: {error}",
                where=where,
                remedy="remove the file and run again: it is fetched afresh",
            ) from error
        self._input: int = inputs[0]["index"]
        self.shape: tuple[int, ...] = tuple(int(length) for length in inputs[0]["shape"])

    def run(self, values: npt.NDArray[np.floating]) -> list[F32]:
        """Compute once.

        Args:
            values: ``float32`` of the input's shape, or without its leading 1.

        Returns:
            The outputs, in the network's order; copies.
        """
        self._interpreter.set_tensor(self._input, np.asarray(values, np.float32).reshape(self.shape))
        self._interpreter.invoke()
        return [np.asarray(self._interpreter.get_tensor(index), np.float32) for index in self._outputs]
