"""Results of passes and of plans, and the trained weights: values that models and training share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..kernels.contract import Array, Ops, Tape
from ..layers import Layer
from ..variables import Variable
from .loss_weights import Weights

States = list[tuple[Array, ...]]  #: of each call of a layer, () where it has none


def added_losses(ops: Ops, losses: Sequence[Array]) -> float:
    """Return the sum of numbers (1,) on a device."""
    return sum([float(ops.to_host(loss)[0]) for loss in losses], 0.0)


class ForwardResult(NamedTuple):
    """Result of :meth:`numba_lstm.models.Sequential.forward`."""

    y: Any  #: the output, or a tuple of several
    mask: Any  #: (T, N), where the output has one; a tuple for several outputs, unless none has one
    tapes: list[Tape]  #: of each call of a layer
    states: States  #: the last ones of each call of a layer
    penalty: float  #: of the activity regularizers
    losses: list[Array]  #: numbers (1,) of ``add_loss``

    def added(self, ops: Ops) -> float:
        """Return what joins the loss: the penalty, and the losses of layers."""
        return self.penalty + added_losses(ops, self.losses)


class Gradients(NamedTuple):
    """Result of :meth:`numba_lstm.models.Sequential.backward`."""

    weights: list[Array]  #: of ``trainable_weights``, in their order
    states: States  #: of the first states of each call of a layer; () where it has none, or was left out
    dx: Any  #: of the input, or a tuple of several, if requested


class TrainedWeights(NamedTuple):
    """Weights that a training step changes."""

    weights: list[Variable]  #: ``trainable_weights``
    indices: list[list[tuple[int, int]]]  #: for each call of a layer, indices in its ``variables`` and in ``weights``
    reached: list[bool]  #: whether a call of a layer depends on any of them
    regularized: list[Layer]  #: layers with penalties of weights

    def penalty(self) -> float:
        """The sum of the penalties of the weights as they are now."""
        return sum([layer.penalty() for layer in self.regularized], 0.0)


class PredictionOutput(NamedTuple):
    """Output of a plan of predictions: copies that belong to the caller."""

    y: Any  #: one, or a tuple of several
    mask: Any  #: (T, N), or a tuple for several outputs


class StepOutput(NamedTuple):
    """Loss and output of a planned training step, before the update."""

    values: list[Any]  #: the loss of each output, for ``float()``, without its weight and penalties; None without a loss
    ys: list[Array | None]  #: outputs, which belong to the caller; None without a metric, which alone looks at them
    weights: list[Weights]  #: of each output
    added: float = 0.0  #: the losses of ``add_loss``
