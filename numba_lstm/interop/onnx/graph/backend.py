"""A backend with the methods of ``onnx.backend.base.Backend``, for ``onnx.backend.test`` and other programs that use them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .graph import Graph
from .reader import loads


class PreparedModel:
    """An executable model."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def run(self, inputs: Any, **options: Any) -> tuple[npt.NDArray[Any], ...]:
        """Compute the outputs for inputs in order, or by name."""
        names = [value.name for value in self._graph.inputs]
        feeds = inputs if isinstance(inputs, dict) else dict(zip(names, inputs, strict=True))
        return tuple(np.asarray(array) for array in self._graph.run(feeds))


class Backend:
    """Backend of ONNX that computes models, ``onnx.ModelProto``, with numba_lstm."""

    @classmethod
    def is_compatible(cls, model: Any, device: str = "CPU", **options: Any) -> bool:
        """Whether all operators of a model are supported."""
        try:
            cls.prepare(model, device)
        except ValueError:
            return False
        return cls.supports_device(device)

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **options: Any) -> PreparedModel:
        """Make a model executable; FileFormatError if it has something unsupported."""
        return PreparedModel(loads(model.SerializeToString()))

    @classmethod
    def run_model(cls, model: Any, inputs: Any, device: str = "CPU", **options: Any) -> tuple[npt.NDArray[Any], ...]:
        """Compute the outputs of a model."""
        return cls.prepare(model, device).run(inputs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether a device is supported: only "CPU", which stands for numba_lstm's default device."""
        return device == "CPU"
