"""The model at once: in calls that are bound once, where calls of its ops would take as long as much of the arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import get_num_threads, get_ops
from ..kernels.contract import DenseLayerSpec, LSTMLayerSpec, Stepper
from ..layers import Layer
from ..layers.parts import streamed
from .chain import Chain

#: Multiplications up to which one sequence is a stream's, which is one call but one thread's: a few milliseconds' work.
WORK = 60_000_000

#: The same where threads may share the panels of a large LSTM; and a large one's parameters.
SHARED = 10_000_000
LARGE = 250_000

#: Samples and steps up to which calls are kept, and bytes of a batch's sequences, its input's too, of which a row has at least
#: a line.
MOST = 1024
LONGEST = 10_000
ROOM = 32 * 1024 * 1024
LINE = 64

#: Shapes of batches that something is kept for, and those that are remembered: what comes once is not worth being bound.
SIZES = 4
REMEMBERED = 8

Array = npt.NDArray[Any]
Way = Callable[[Array], Array]  #: from x (T, N, D) to the output
Parts = list[LSTMLayerSpec | DenseLayerSpec]


class _Steps:
    """All steps of one sequence through a stream."""

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper

    def __call__(self, x: Array) -> Array:
        self.stepper.set_states(None)
        return self.stepper.run_last(x)


class _Kept:
    """What is kept of a model as it was at one moment: ways that wait for the next batch like those before."""

    def __init__(self, now: Hashable) -> None:
        self.now = now
        self.seen: list[Hashable] = []
        self.waiting: dict[Hashable, list[Way]] = {}  #: a stream's for None, programs' for shapes and threads

    def known(self, like: Hashable) -> bool:
        """Whether such a batch has come before."""
        if like in self.seen:
            return True
        self.seen = [*self.seen[1 - REMEMBERED :], like]
        return False

    def ways(self, like: Hashable) -> list[Way]:
        """Those for such a batch; the oldest ones of other batches are dropped."""
        ways = self.waiting.get(like)
        if ways is None:
            ways = self.waiting.setdefault(like, [])
            for other in list(self.waiting)[:-SIZES]:
                self.waiting.pop(other, None)
        return ways


class AtOnce:
    """Answers for batches that need no masks, with the bits of every other way; streams and programs are kept for them.

    A thread takes one out of those that wait and puts it back, so calls from many threads never share any.
    """

    def __init__(self, model: Chain) -> None:
        self._model, self._dtype = model, np.dtype(model.dtype)
        self._own = type(model).forward is not Chain.forward or type(model).gather is not Chain.gather
        self._kept = _Kept(None)  # replaced whole, so no thread sees what is of another model

    def __call__(self, x: Array) -> Array | None:
        """The output for x (N, T, D), which the model takes; None where this is not the way, or not yet."""
        model = self._model
        if x.ndim != 3 or not x.size or len(x) > MOST or x.shape[1] > LONGEST:
            return None
        layers = model.layers
        parts = self._parts(layers)
        if not parts:
            return None
        now = (*parts, *[variable.version for layer in layers for variable in layer.variables])
        kept = self._kept
        if kept.now != now:
            self._kept = kept = _Kept(now)
        (N, T, D), threads, parameters = x.shape, get_num_threads(), model.count_params()
        last = len(model.shapes[-1]) == 2
        like: Hashable = None
        if N > 1 or not last or parameters * T > (SHARED if threads > 1 and parameters > LARGE else WORK):
            like = x.shape, threads
            if like not in kept.waiting and (T * N * self._row() > ROOM or not kept.known(like)):
                return None
        if x.dtype != self._dtype or not (x.flags.c_contiguous and x.flags.aligned):
            x = np.array(x, self._dtype, order="C")
        steps_first, ways = x.transpose(1, 0, 2), kept.ways(like)
        try:
            way = ways.pop()
        except IndexError:
            way = self._stream(parts, D) if like is None else self._program(parts, steps_first)
        y = way(steps_first)
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

    def _row(self) -> int:
        """Bytes of all sequences for one step of one sample."""
        features = [shape[-1] or 0 for shape in self._model.shapes if len(shape) == 3]
        return sum(max(LINE, n * self._dtype.itemsize) for n in features)

    def _stream(self, parts: Parts, features: int) -> Way:
        return _Steps(get_ops("cpu").stream(parts, features, 1, self._dtype))

    def _program(self, parts: Parts, x: Array) -> Way:
        last = max((k for k, part in enumerate(parts) if isinstance(part, LSTMLayerSpec)), default=-1)
        all_steps = len(self._model.shapes[-1]) == 3
        for k, part in enumerate(parts):
            if isinstance(part, LSTMLayerSpec):
                parts[k] = part._replace(sequences=all_steps or k < last)
        program = get_ops("cpu").forward_program(parts, x)
        assert program is not None  # for there are parts
        return program
