"""The model at once: in one compiled call, where calls of its ops would take as long as the arithmetic."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import get_num_threads
from ..kernels.contract import Stepper
from ..layers.streamed import streamed
from .chain import Chain

#: Multiplications up to which the calls of a model's ops, some 100 microseconds, are worth saving: a few milliseconds' work.
WORK = 60_000_000

#: Those of one sequence where there are threads, which op by op share the panels of a large LSTM.
SHARED = 10_000_000

#: The fewest rows that a thread takes, as many as a tile has, and the multiplications that are worth handing them over.
ROWS = 6
PART = 4_000_000

#: Numbers of rows whose streams are kept.
SIZES = 6


class AtOnce:
    """Answers for few or short sequences, with the bits of every other way. Its streams are kept from call to call.

    A thread takes a stream out of those that wait and puts it back, so calls from many threads never share one.
    """

    def __init__(self, model: Chain) -> None:
        self._model = model
        self._made_for: Hashable = None
        self._waiting: dict[int, list[Stepper]] = {}
        self._refused = False

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
        """The output for x (N, T, D), which the model takes; None where this is not the way."""
        model, N = self._model, len(x)
        if x.ndim != 3 or len(model.output_shape) != 2:
            return None
        threads, work = get_num_threads(), model.count_params() * x.shape[1] * N
        if not 0 < work <= (SHARED if N == 1 and threads > 1 else WORK):
            return None
        now = (model.device, *model.layers, *[variable.version for variable in model.weights])
        if now != self._made_for:
            self._made_for, self._waiting, self._refused = now, {}, False
        if self._refused:
            return None
        waiting, parts = self._waiting, min(threads, N // ROWS, work // PART)
        if parts < 2:
            return self._through(waiting, x)
        spans = [x[N * part // parts : N * (part + 1) // parts] for part in range(parts)]
        answers = model.ops.together([partial(self._through, waiting, span) for span in spans], work)
        found = [y for y in answers if y is not None]
        return np.concatenate(found) if len(found) == parts else None

    def _through(self, waiting: dict[int, list[Stepper]], x: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
        """The output for x, by a stream of those that wait, which were made for the same weights, or a new one."""
        N = len(x)
        if N not in waiting and len(waiting) >= SIZES:
            waiting.clear()
        streams = waiting.setdefault(N, [])
        try:
            stepper = streams.pop()
        except IndexError:
            made = self._make(N)
            if made is None:
                self._refused = True
                return None
            stepper = made
        else:
            stepper.set_states(None)
        y = stepper.through(np.ascontiguousarray(x.transpose(1, 0, 2), self._model.dtype))
        streams.append(stepper)
        return y

    def _make(self, N: int) -> Stepper | None:
        model = self._model
        if model.device != "cpu" or model.stateful:
            return None
        try:
            parts = [part for layer in model.layers for part in streamed(layer)]
        except NotImplementedError:
            return None
        features = model.input_shape[-1]
        assert features is not None
        return model.ops.stream(parts, features, N, np.dtype(model.dtype))
