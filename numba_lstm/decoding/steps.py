"""Steps of decoders without a plan: calls of a model that returns its states, and of a stream that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..models import Model, Sequential

Array = npt.NDArray[Any]


class ModelSteps:
    """Calls of a model of the inputs ``[token, *states, *constants]`` and the outputs ``[scores, *states]``."""

    def __init__(self, model: Model, states: Sequence[Array], constants: Sequence[Array]) -> None:
        self._model, self._states, self._constants = model, list(states), list(constants)

    def __call__(self, x: Array, parents: npt.NDArray[np.intp] | None) -> Array:
        """Return the scores after tokens x, from the states of ``parents``."""
        if parents is not None:
            self._states = [state[parents] for state in self._states]
        others = [*self._states, *self._constants]
        outputs = self._model([x, *others] if others else x)
        if isinstance(outputs, dict):
            outputs = list(outputs.values())
        scores: Array
        scores, *self._states = outputs if isinstance(outputs, list) else [outputs]
        return scores


class StreamSteps:
    """Steps of a stream."""

    def __init__(self, model: Sequential, rows: int) -> None:
        self._stream = model.stream(rows)

    def __call__(self, x: Array, parents: npt.NDArray[np.intp] | None) -> Array:
        """Return the scores after tokens x (rows, 1) or (rows, 1, V), from the states of ``parents``."""
        if parents is not None:
            self._stream.state = [tuple(state[parents] for state in cell) for cell in self._stream.state]
        scores: Array = self._stream.step(x[:, 0])
        return scores
