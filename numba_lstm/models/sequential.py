"""Sequential: the model of layers one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ..layers import serialize
from ..system.defaults import floatx
from .compiling.keras_methods import NEVER_CALLED
from .configuration.built_layers import deserialize_built, serialize_built
from .configuration.graph_config import check_config
from .model import Model
from .structure.stack import Stack
from .trainable_model import TrainableModel

__all__ = ["Sequential"]


class Sequential(Stack, Model):
    """Layers one after the other, as ``keras.Sequential``.

    Parameters
    ----------
    layers : sequence of Layer, optional
        Added one by one.
    trainable : bool
        Whether ``fit`` changes any weight.
    name : str, optional
        Default: ``sequential``, with a counter.
    device : "auto", "cpu", "cuda" or "reference", optional
        Where it computes. Default: where :func:`numba_lstm.set_device` says, at each call.
    dtype : "float32" or "float64", optional
        Of weights and arithmetic. Default: that of :func:`numba_lstm.config.floatx`, "float32".

    Notes
    -----
    A model with an ``Input``, or whose first layer has an ``input_shape``, is built while layers are added; any other at its
    first call. A call leaves nothing behind, so ``predict`` may run in many threads at the same time.
    """

    unsupported_methods = NEVER_CALLED

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
        *,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        if not isinstance(trainable, (bool, np.bool_)):
            raise TypeError(f"Sequential's trainable must be True or False, got {trainable!r}. A name is given as name=.")
        TrainableModel.__init__(self, name, floatx() if dtype is None else dtype, trainable, device)
        self.clear()
        for layer in layers or ():
            self.add(layer)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal model without its weights, as JSON values; the device is left out."""
        entries = [self._input, *self._layers] if self._input is not None else self._layers
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "layers": [serialize(layer) if self.built else serialize_built(layer) for layer in entries],
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a model from the arguments of :meth:`get_config`; ``custom_objects`` are your classes and functions, by name."""
        check_config("Sequential", config, ("name", "trainable", "dtype", "layers"))
        stack = [deserialize_built(entry, custom_objects) for entry in config["layers"]]
        return cls(stack, name=config["name"], dtype=config["dtype"], trainable=config["trainable"])
