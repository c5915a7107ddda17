"""One short sequence by itself: the model in one compiled call, where a call of each op takes longer than the arithmetic."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernels.contract import Stepper
from ..layers.streamed import streamed
from .chain import Chain

#: Multiplications up to which the calls of a model's ops, some 50 microseconds, weigh as much as the arithmetic.
SHORT = 2_000_000


class Alone:
    """Answers for single sequences, with the bits of every other way. Its streams are kept from call to call.

    A thread takes a stream out of those that wait and puts it back, so calls from many threads never share one.
    """

    def __init__(self, model: Chain) -> None:
        self._model = model
        self._waiting: list[tuple[Hashable, Stepper]] = []
        self._refused: Hashable = None

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
        """The output for x (1, T, D), which the model takes; None where this is not the way."""
        model = self._model
        if len(x) != 1 or x.ndim != 3 or len(model.output_shape) != 2 or model.count_params() * x.shape[1] > SHORT:
            return None
        now = (model.device, *model.layers, *[variable.version for variable in model.weights])
        if now == self._refused:
            return None
        try:
            key, stepper = self._waiting.pop()
        except IndexError:
            key = None
        if key != now:
            self._waiting.clear()
            made = self._make()
            if made is None:
                self._refused = now
                return None
            stepper = made
        else:
            stepper.set_states(None)
        y = stepper.through(np.ascontiguousarray(x[0], model.dtype))
        self._waiting.append((now, stepper))
        return y

    def _make(self) -> Stepper | None:
        model = self._model
        if model.device != "cpu" or model.stateful:
            return None
        try:
            parts = [part for layer in model.layers for part in streamed(layer)]
        except NotImplementedError:
            return None
        features = model.input_shape[-1]
        assert features is not None
        return model.ops.stream(parts, features, 1, np.dtype(model.dtype))
