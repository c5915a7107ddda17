"""A backend as ``onnx.backend.base.Backend`` describes it, for ``onnx.backend.test`` and whoever else speaks that protocol."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .graph import Graph
from .reader import loads


class Prepared:
    """A model that is ready to run."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def run(self, inputs: Any, **options: Any) -> tuple[npt.NDArray[Any], ...]:
        """The outputs for inputs in order, or by name."""
        names = [value.name for value in self._graph.inputs]
        feeds = inputs if isinstance(inputs, dict) else dict(zip(names, inputs, strict=True))
        return tuple(np.asarray(array) for array in self._graph.run(feeds))


class Backend:
    """numba_lstm as a backend of ONNX; models are ``onnx.ModelProto``."""

    @classmethod
    def is_compatible(cls, model: Any, device: str = "CPU", **options: Any) -> bool:
        """Whether all operators of a model are run here."""
        try:
            cls.prepare(model, device)
        except ValueError:
            return False
        return cls.supports_device(device)

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **options: Any) -> Prepared:
        """A model, made ready; FileFormatError if it cannot be run."""
        return Prepared(loads(model.SerializeToString()))

    @classmethod
    def run_model(cls, model: Any, inputs: Any, device: str = "CPU", **options: Any) -> tuple[npt.NDArray[Any], ...]:
        """The outputs of a model."""
        return cls.prepare(model, device).run(inputs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """The CPU; numba_lstm's own default device decides what computes there."""
        return device == "CPU"
