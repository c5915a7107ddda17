"""Values that models and the loops of training share: results of passes, outputs of plans, trained weights."""

from __future__ import annotations

from typing import NamedTuple

from ..kernels.contract import Array, Tape
from ..layers import Layer
from ..variables import Variable
from .loss_weights import Weights

States = list[tuple[Array, ...]]  #: of each layer, () where it has none


class ForwardResult(NamedTuple):
    """What :meth:`numba_lstm.models.Sequential.forward` answers."""

    y: Array
    mask: Array | None  #: (T, N), where the output has one
    tapes: list[Tape]
    states: States  #: the last ones of each layer
    penalty: float  #: of the activity regularizers


class Gradients(NamedTuple):
    """What :meth:`numba_lstm.models.Sequential.backward` answers."""

    weights: list[Array]  #: of ``trainable_weights``, in their order
    states: States  #: of each layer's first states; () where it has none, or was left out
    dx: Array | None  #: of the input, where it was asked for


class TrainedWeights(NamedTuple):
    """The weights that a training step changes, found once for many steps."""

    weights: list[Variable]  #: ``trainable_weights``
    indices: list[list[int]]  #: their indices in ``variables`` of each layer
    first: int  #: the first layer that has any
    regularized: dict[int, Layer]  #: layers with penalties of weights, by their places

    def penalty(self) -> float:
        """The sum of the penalties of the weights as they are now."""
        return sum([layer.penalty() for layer in self.regularized.values()], 0.0)


class PredictionOutput(NamedTuple):
    """What a model returns for a batch: copies that belong to the caller."""

    y: Array
    mask: Array | None  #: (T, N)


class StepOutput(NamedTuple):
    """What a training step computed, before the update."""

    value: float  #: the loss, without penalties
    y: Array  #: belongs to the caller
    weights: Weights
