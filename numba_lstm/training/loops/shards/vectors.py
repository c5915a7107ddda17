"""Vectors that processes add up: gradients, changes of statistics and losses of a shard, one behind the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ....kernels.contract import Array, Ops
from ....variables import Variable
from ...protocols import Trainable
from ...results import TrainedWeights

Vector = npt.NDArray[np.floating]


class ShardVectors:
    """Layout of the vector of a shard, and the statistics that a training step changes besides the weights.

    Parameters
    ----------
    model : Trainable
        Compiled and built.
    trained : TrainedWeights
        What the step changes.
    """

    def __init__(self, model: Trainable, trained: TrainedWeights) -> None:
        self._dtype = np.dtype(model.dtype)
        found = {id(variable): variable for layer in model.layers for variable in layer.variables if not variable.trainable}
        #: Variables that layers write themselves, as the moving means of BatchNormalization.
        self._statistics: list[Variable] = [variable for variable in found.values() if variable.dtype == self._dtype]
        self._shapes = [variable.shape for variable in (*trained.weights, *self._statistics)]
        self._weights = len(trained.weights)
        self._losses = len(model.compiled_outputs) + 1
        self._ends = list(accumulate(map(math.prod, self._shapes), initial=0))

    @property
    def exact(self) -> int:
        """The number of elements behind the gradients: changes of statistics, and losses."""
        return self._ends[-1] - self._ends[self._weights] + self._losses

    def statistics_before(self) -> list[Vector]:
        """Return copies of the statistics before a step."""
        return [variable.value.copy() for variable in self._statistics]

    def take_changes(self, before: Sequence[Vector]) -> list[Vector]:
        """Return what a shard has changed in the statistics, and undo it: each shard begins with the same."""
        changes = [variable.value - value for variable, value in zip(self._statistics, before, strict=True)]
        for variable, value in zip(self._statistics, before, strict=True):
            variable.assign(value)
        return changes

    def empty(self) -> Vector:
        """Return the vector of a shard without samples."""
        return np.zeros(self._ends[-1] + self._losses, self._dtype)

    def pack(
        self,
        ops: Ops,
        gradients: Sequence[Array],
        changes: Sequence[Vector],
        share: float,
        losses: Sequence[float],
        factor: float = 1.0,
    ) -> Vector:
        """Return the vector of a shard.

        Parameters
        ----------
        ops : Ops
            The device's.
        gradients : list of arrays
            Of the weights.
        changes : list of arrays
            Of the statistics.
        share : float
            What the changes are multiplied by: the share of the batch's samples.
        losses : list of float
            The part of the shard in the loss of each output, and in the penalties of outputs.
        factor : float
            What the gradients are multiplied by.
        """
        vector = np.empty(self._ends[-1] + self._losses, self._dtype)
        entries = [*(np.asarray(ops.to_host(gradient)) for gradient in gradients), *(change * share for change in changes)]
        for entry, begin, end in zip(entries, self._ends[:-1], self._ends[1:], strict=True):
            vector[begin:end] = entry.ravel()
        if factor != 1:
            vector[: self._ends[self._weights]] *= factor
        vector[self._ends[-1] :] = losses
        return vector

    def unpack(self, total: Vector, before: Sequence[Vector]) -> tuple[list[Vector], list[float]]:
        """Return the gradients and the losses of a batch from the sum of its shards; the statistics take their new values.

        The gradients are views of ``total``.
        """
        pairs = zip(self._shapes, self._ends[:-1], self._ends[1:], strict=True)
        entries = [total[begin:end].reshape(shape) for shape, begin, end in pairs]
        for variable, old, change in zip(self._statistics, before, entries[self._weights :], strict=True):
            variable.assign(old + change)
        return entries[: self._weights], total[self._ends[-1] :].tolist()
