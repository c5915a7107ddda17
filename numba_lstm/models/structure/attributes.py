"""Attributes of Keras's models: symbolic inputs and outputs, and variables by Keras's names."""

from __future__ import annotations

from typing import NamedTuple

from ...layers.base.arguments import Shape
from ...variables import Variable
from .stack import Stack


class Symbol(NamedTuple):
    """Shape, dtype and name of an input or output, as in a ``KerasTensor``."""

    shape: Shape  #: batch axis first, None where any size fits
    dtype: str
    name: str  #: the layer's

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)


class Attributes(Stack):
    """Stack of layers with the attributes of Keras's models."""

    @property
    def inputs(self) -> list[Symbol]:
        """The only input, in a list; AttributeError before its shape is known."""
        shape = self._symbolic_shape(0)
        assert self._input is not None
        return [Symbol(shape, self._input.requested_dtype or self.dtype, self._input.name)]

    @property
    def outputs(self) -> list[Symbol]:
        """The only output, in a list; AttributeError before its shape is known."""
        return [Symbol(self._symbolic_shape(-1), self.dtype, self._layers[-1].name)]

    def _symbolic_shape(self, index: int) -> Shape:
        if not self.built:
            raise AttributeError(
                f"{self.name} has no inputs and outputs yet. Add an Input first, call build(input_shape), or call it on data."
            )
        return self.shapes[index]

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
