"""Selection of the weights that training changes, and the gradients of their penalties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..kernels.contract import Array, Ops
from ..training.results import TrainedWeights
from ..variables import Variable
from .graph.execution import ExecutionGraph
from .structure.layered import LayeredModel


class WeightSelection(LayeredModel):
    """Base class of models that finds the weights which a training step changes."""

    def __init__(self, name: str | None, dtype: str, trainable: bool) -> None:
        super().__init__(name, dtype, trainable)
        self._trained_cache: tuple[list[bool], ExecutionGraph, TrainedWeights] | None = None
        self._held_trained: tuple[TrainedWeights, list[bool]] | None = None  #: while ``fit`` runs, what it began with

    @property
    def ops(self) -> Ops:
        """The device's ops."""
        raise NotImplementedError

    def trained(self) -> TrainedWeights:
        """Return the weights that a training step changes: now, or at the begin of :meth:`hold_trained_weights`."""
        if self._held_trained is not None:
            return self._held_trained[0]
        flags = self._flags()
        graph = self.execution
        if self._trained_cache is not None and self._trained_cache[0] == flags and self._trained_cache[1] is graph:
            return self._trained_cache[2]
        trained = self.select(self.trainable_weights)
        self._trained_cache = flags, graph, trained
        return trained

    @contextmanager
    def hold_trained_weights(self) -> Iterator[TrainedWeights]:
        """Keep the present :meth:`trained` and its constraints, whose weights have the optimizer's slots, whatever changes."""
        outer, trained = self._held_trained, self.trained()
        self._held_trained = trained, self._flags()
        for layer in self.execution.layers:
            layer.hold_constraints(True)
        try:
            yield trained
        finally:
            self._held_trained = outer
            for layer in self.execution.layers:
                layer.hold_constraints(outer is not None)

    @property
    def outdated(self) -> bool:
        """Whether ``trainable`` of anything has changed within :meth:`hold_trained_weights`."""
        return self._held_trained is not None and self._held_trained[1] != self._flags()

    def _flags(self) -> list[bool]:
        """Return all flags that decide about ``trainable_weights``."""
        return [self._trainable, *[flag for layer in self._layers for flag in layer.flags()]]

    def select(self, weights: list[Variable]) -> TrainedWeights:
        """Return the places of ``weights`` in the graph, as a step that changes them needs them."""
        graph = self.execution
        places = {id(variable): place for place, variable in enumerate(weights)}
        indices = [
            [(index, places[id(variable)]) for index, variable in enumerate(call.layer.variables) if id(variable) in places]
            for call in graph.calls
        ]
        reached: list[bool] = []
        for index, chosen in enumerate(indices):
            reached.append(bool(chosen) or any(reached[before] for before in graph.upstream(index)))
        regularized = [layer for layer in graph.layers if layer.losses]
        return TrainedWeights(weights, indices, reached, regularized)

    def with_penalties(self, gradients: Sequence[Array], trained: TrainedWeights) -> list[Array]:
        """Add the gradients of the penalties of weights to the gradients of a loss, one for each weight of ``trained``."""
        indices = {id(variable): index for index, variable in enumerate(trained.weights)}
        added = list(gradients)
        for layer in trained.regularized:
            for variable, slope in layer.penalty_gradients(self.ops):
                index = indices.get(id(variable))
                if index is not None:
                    added[index] = self.ops.add(added[index], slope)
        return added
