"""Results of passes and of plans, and the trained weights: values that models and training share."""

from __future__ import annotations

from typing import NamedTuple

from ..kernels.contract import Array, Tape
from ..layers import Layer
from ..variables import Variable
from .loss_weights import Weights

States = list[tuple[Array, ...]]  #: of each layer, () where it has none


class ForwardResult(NamedTuple):
    """Result of :meth:`numba_lstm.models.Sequential.forward`."""

    y: Array
    mask: Array | None  #: (T, N), where the output has one
    tapes: list[Tape]
    states: States  #: the last ones of each layer
    penalty: float  #: of the activity regularizers


class Gradients(NamedTuple):
    """Result of :meth:`numba_lstm.models.Sequential.backward`."""

    weights: list[Array]  #: of ``trainable_weights``, in their order
    states: States  #: of each layer's first states; () where it has none, or was left out
    dx: Array | None  #: of the input, where it was asked for


class TrainedWeights(NamedTuple):
    """Weights that a training step changes."""

    weights: list[Variable]  #: ``trainable_weights``
    indices: list[list[int]]  #: their indices in ``variables`` of each layer
    first: int  #: the first layer that has any
    regularized: dict[int, Layer]  #: layers with penalties of weights, by their places

    def penalty(self) -> float:
        """The sum of the penalties of the weights as they are now."""
        return sum([layer.penalty() for layer in self.regularized.values()], 0.0)


class PredictionOutput(NamedTuple):
    """Output of a plan of predictions: copies that belong to the caller."""

    y: Array
    mask: Array | None  #: (T, N)


class StepOutput(NamedTuple):
    """Loss and output of a planned training step, before the update."""

    value: float  #: the loss, without penalties
    y: Array  #: belongs to the caller
    weights: Weights
