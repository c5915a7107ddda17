"""The model at once: in calls that are bound once, where calls of its ops would take as long as much of the arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import get_num_threads, get_ops
from ..kernels.contract import DensePart, LSTMPart, Stepper
from ..layers import Layer
from ..layers.parts import streamed
from .chain import Chain

#: Multiplications up to which one sequence is a stream's, which is one call but one thread's: a few milliseconds' work.
WORK = 60_000_000

#: The same where threads may share the panels of a large LSTM; and a large one's parameters.
SHARED = 10_000_000
LARGE = 250_000

#: Samples and steps, and bytes of sequences between layers, up to which calls and their buffers are kept.
MOST = 1024
LONGEST = 10_000
ROOM = 32 * 1024 * 1024

#: Numbers of samples, and other things that a batch may be like, of which something is kept.
SIZES = 6

Array = npt.NDArray[Any]
Way = Callable[[Array], Array]  #: from x (T, N, D) to the output
Waiting = dict[Hashable, list[Way]]  #: by what a batch is like
Parts = list[LSTMPart | DensePart]


class _Steps:
    """All steps of sequences through a stream."""

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper

    def __call__(self, x: Array) -> Array:
        self.stepper.set_states(None)
        return self.stepper.through(x)


class AtOnce:
    """Answers for batches that need no masks, with the bits of every other way; streams and programs are kept for them.

    A thread takes one out of those that wait and puts it back, so calls from many threads never share any.
    """

    def __init__(self, model: Chain) -> None:
        self._model, self._dtype = model, np.dtype(model.dtype)
        self._own = type(model).forward is not Chain.forward or type(model).gather is not Chain.gather
        self._kept: tuple[Hashable, Waiting] = None, {}  # replaced whole, so no thread sees what is of another model

    def __call__(self, x: Array) -> Array | None:
        """The output for x (N, T, D), which the model takes; None where this is not the way."""
        model = self._model
        if x.ndim != 3 or not x.size or len(x) > MOST or x.shape[1] > LONGEST:
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
        N, T, _ = x.shape
        threads, parameters = get_num_threads(), model.count_params()
        limit = SHARED if threads > 1 and parameters > LARGE else WORK
        like: Hashable = None
        if N > 1 or parameters * T > limit or len(model.shapes[-1]) == 3:
            x = _settled(x, self._dtype)
            like = x.shape, x.strides, threads
        if like not in waiting and len(waiting) >= SIZES:
            waiting.clear()
        ways = waiting.setdefault(like, [])
        try:
            way = ways.pop()
        except IndexError:
            made = self._way(parts, x, like)
            if made is None:
                return None
            way = made
        y = way(np.asarray(x, self._dtype).transpose(1, 0, 2))
        ways.append(way)
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

    def _way(self, parts: Parts, x: Array, like: Hashable) -> Way | None:
        ops, (N, T, D), shapes = get_ops("cpu"), x.shape, self._model.shapes
        if like is None:
            return _Steps(ops.stream(parts, D, 1, self._dtype))
        between = sum(shape[-1] or 0 for shape in shapes[1:] if len(shape) == 3)
        if N * T * between * self._dtype.itemsize > ROOM:
            return None
        last = max((k for k, part in enumerate(parts) if isinstance(part, LSTMPart)), default=-1)
        all_steps = len(shapes[-1]) == 3
        for k, part in enumerate(parts):
            if isinstance(part, LSTMPart):
                parts[k] = part._replace(sequences=all_steps or k < last)
        program = ops.forward_program(parts, x.transpose(1, 0, 2))
        work = self._model.count_params() * T * N
        if program is None and not all_steps and work <= WORK and ops.parts_for(work, N) == 1:
            return _Steps(ops.stream(parts, D, N, self._dtype))
        return program


def _settled(x: Array, dtype: np.dtype[Any]) -> Array:
    """x of the model's dtype as it lies, if features follow on and nothing goes backwards; else a copy."""
    if x.dtype == dtype and x.flags.carray:
        return x
    x = get_ops("cpu").asarray(x, dtype)
    return x if min(x.strides) >= 0 else x.copy()
