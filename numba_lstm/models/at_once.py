"""The model at once: in one compiled call, where calls of its ops would take as long as the arithmetic."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import get_num_threads, get_ops
from ..kernels.contract import DensePart, LSTMPart, Stepper
from ..layers import Layer
from ..layers.parts import streamed
from .chain import Chain

#: Multiplications up to which the calls of a model's ops, some 100 microseconds, are worth saving: a few milliseconds' work.
WORK = 60_000_000

#: Those of one sequence where there are threads, which op by op share the panels of a large LSTM; and a large one's parameters.
SHARED = 10_000_000
LARGE = 250_000

#: The fewest rows that a thread takes, but where there are two in all: a single one waits for the weights as long as two do.
ROWS = 2

#: Samples up to which streams are kept, whose states lie ready then, and so many numbers of rows.
MOST = 1024
SIZES = 6

Waiting = dict[tuple[int, int], list[Stepper]]  #: by rows and shares
Parts = list[LSTMPart | DensePart]


class AtOnce:
    """Answers for few or short sequences, with the bits of every other way. Its streams are kept from call to call.

    A thread takes a stream out of those that wait and puts it back, so calls from many threads never share one.
    """

    def __init__(self, model: Chain) -> None:
        self._model, self._dtype = model, np.dtype(model.dtype)
        self._own = type(model).forward is not Chain.forward or type(model).gather is not Chain.gather
        self._kept: tuple[Hashable, Waiting] = None, {}  # replaced whole, so no thread sees streams of another model

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
        """The output for x (N, T, D), which the model takes; None where this is not the way."""
        model, N = self._model, len(x)
        if x.ndim != 3 or N > MOST or len(model.shapes[-1]) != 2:
            return None
        threads, parameters = get_num_threads(), model.count_params()
        work = parameters * x.shape[1] * N
        if not 0 < work <= (SHARED if N == 1 and threads > 1 and parameters > LARGE else WORK):
            return None
        layers = model.layers
        parts = self._parts(layers)
        if parts is None:
            return None
        now = (*parts, *[variable.version for layer in layers for variable in layer.variables])
        key, waiting = self._kept
        if key != now:
            waiting = {}
            self._kept = now, waiting
        shares = get_ops("cpu").parts_for(work, 2 if N == 2 else N // ROWS) if threads > 1 and N > 1 else 1
        like = N, shares
        if like not in waiting and len(waiting) >= SIZES:
            waiting.clear()
        streams = waiting.setdefault(like, [])
        try:
            stepper = streams.pop()
        except IndexError:
            stepper = get_ops("cpu").stream(parts, x.shape[2], N, self._dtype, shares)
        else:
            stepper.set_states(None)
        y = stepper.through(np.asarray(x, self._dtype).transpose(1, 0, 2))
        streams.append(stepper)
        return y

    def _parts(self, layers: list[Layer]) -> Parts | None:
        """What a stream does for the model as it is now; None where it cannot."""
        if self._own or self._model.device != "cpu":
            return None
        parts: Parts = []
        try:
            for layer in layers:
                if layer.stateful:
                    return None
                parts += streamed(layer)
        except NotImplementedError:
            return None
        return parts
