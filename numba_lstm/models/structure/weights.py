"""Weights of a model: the variables of all its layers, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ...layers import Layer
from ...layers.base.arguments import Shape
from ...layers.base.weight_values import assign_all
from ...objects.subclassing import Settable
from ...variables import Variable


class ModelWeights(Settable):
    """Base class of models that reads, sets, counts and freezes their weights."""

    name: str
    _layers: list[Layer]
    _trainable: bool
    _parameters: int | None  #: elements of all variables, counted once

    def _known_shape(self, index: int) -> Shape:
        """Return a shape of the built model; ValueError before it is built."""
        raise NotImplementedError

    @property
    def trainable(self) -> bool:
        """Whether ``fit`` changes any weight. Setting it sets it for each layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self._layers:
            layer.trainable = self._trainable

    @property
    def weights(self) -> list[Variable]:
        """All variables, layer by layer."""
        return [variable for layer in self._layers for variable in layer.variables]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that ``fit`` changes."""
        return [variable for layer in self._layers for variable in layer.trainable_weights] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other variables."""
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trainable]

    @property
    def variables(self) -> list[Variable]:
        """All variables of all layers. The optimizer's are not among them; random streams, which Keras lists here, are none."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that ``fit`` changes."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The other variables."""
        return self.non_trainable_weights

    def count_params(self) -> int:
        """Return the number of elements of all variables; raise ValueError before they exist."""
        if self._parameters is None:
            self._known_shape(0)
            self._parameters = sum(layer.count_params() for layer in self._layers)
        return self._parameters

    def get_weights(self) -> list[npt.NDArray[Any]]:
        """Return copies of all variables' values."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Assign values to all variables, in the order of :meth:`get_weights`.

        Raises
        ------
        ValueError
            Before there are weights, on another number of arrays or another shape; nothing is changed then.
        """
        if not self.weights:
            self._known_shape(0)
        assign_all(self.name, self.weights, weights)
