"""Plans of decoding: the step of a model from tokens and states to scores and states, recorded for a number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...device import get_num_threads
from ...kernels.contract import Array, DecodingPlan
from ...training.batches import as_tuple
from ..passes import Passes
from .prediction import MAX_SAMPLES
from .step_graph import StepGraph
from .streaming import is_recordable

#: Numbers of rows, and shapes of inputs, that have plans at a time.
MAX_SHAPES = 4

#: Plans that no decoder uses; [None] where there can be none.
IdlePlans = list[DecodingPlan | None]


class DecodingPlans:
    """Plans of the steps of a model's decoders, in the present version of its weights."""

    def __init__(self, model: Passes) -> None:
        self._model = model
        self._idle: tuple[Any, dict[Any, IdlePlans]] = None, {}  # replaced whole, so that no version sees plans of another

    def take(
        self, width: int, tokens: Array, states: Sequence[Array] | None, constants: Sequence[Array]
    ) -> tuple[DecodingPlan | None, IdlePlans]:
        """Return a plan for device arrays like these, and the list to which the caller appends it at the end; None for no plan.

        Parameters
        ----------
        width : int
            Rows of a sample.
        tokens : device array
            The first input: indices (1, rows) or (rows,), or one-hot rows (1, rows, V).
        states : sequence of device arrays, optional
            The inputs after it. None is the states of a stream, which are no inputs of the model.
        constants : sequence of device arrays
            The last inputs.
        """
        model = self._model
        changes = model.changes()
        version = changes, model.weight_versions()
        if self._idle[0] != version:
            self._idle = version, {}
        arrays = [tokens, *(states or ()), *constants]
        key = width, states is None, get_num_threads(), *((array.shape, array.dtype) for array in arrays)
        idle = self._idle[1]
        plans = idle.get(key)
        if plans is None:
            plans = idle.setdefault(key, [])
            for other in list(idle)[:-MAX_SHAPES]:
                idle.pop(other, None)
        try:
            plan = plans.pop()
        except IndexError:
            plan = self._made(width, tokens, states, constants) if model.why_not_predicted(changes) is None else None
        if plan is None:
            plans.append(None)
        return plan, plans

    def _made(
        self, width: int, tokens: Array, states: Sequence[Array] | None, constants: Sequence[Array]
    ) -> DecodingPlan | None:
        model, one_hot, rows = self._model, len(tokens.shape) == 3, tokens.shape[-1 if len(tokens.shape) < 3 else 1]
        if one_hot == self._takes_indices() or rows > MAX_SAMPLES:
            return None
        function = self._forward
        if states is None:
            if not is_recordable(model):
                return None
            graph = StepGraph(model)
            function = _stepwise(graph.function(model.ops))
            states = [model.ops.asarray(np.zeros(shape), model.dtype) for cell in graph.cell_states(rows) for shape in cell]
        plan = model.ops.decoding_plan(function, width, tokens, states, constants)
        vocabulary = 0 if plan is None else plan.scores.shape[1]
        return plan if vocabulary <= (tokens.shape[2] if one_hot else self._largest(vocabulary)) else None

    def _takes_indices(self) -> bool:
        """Whether the first input is indices, and no layer converts them on the host."""
        reader = self._model.readers[0]
        return reader.takes_indices and not reader.converts_inputs

    def _largest(self, vocabulary: int) -> int:
        """Return the number of tokens if the model takes all of them, else 0."""
        try:
            self._model.read_input(0, np.array([[vocabulary - 1]]), "the tokens")
        except ValueError:
            return 0
        return vocabulary

    def _forward(self, tokens: Array, states: Sequence[Array], constants: Sequence[Array]) -> tuple[Array, Sequence[Array]]:
        """Compute a step of a model whose inputs and outputs are its states."""
        inputs = tokens, *states, *constants
        scores, *after = as_tuple(self._model.forward(inputs if len(inputs) > 1 else tokens).y)
        return scores, after


def _stepwise(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return the step of a stream as the function of a plan of decoding."""

    def function(tokens: Array, states: Sequence[Array], constants: Sequence[Array]) -> tuple[Array, Sequence[Array]]:
        (scores,), after = step([tokens], states)
        return scores, after

    return function
