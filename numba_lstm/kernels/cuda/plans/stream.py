"""Streams: the launches of a step are recorded once, and made for each step.

A state is the first entry of a ring of two. Ops that write rings find them by :func:`.recording.state_ring` and write the
second entry, which a copy moves to the first one at the end of the step. What any other op returns is copied there, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ...op_types import StepFunction
from ...packed_rows import PackedRows
from ..recording import Recording
from ..runtime import driver
from ..runtime.protocol import Copy
from ..tensors.ops import dense
from ..tensors.views import View

Array = Any
Host = npt.NDArray[Any]


class StreamPlan:
    """The recorded step of N independent streams, and their states; see :meth:`.contract.Ops.stream_plan`."""

    compiled = False

    def __init__(self, function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]]) -> None:
        self._device = device = driver.device()
        self._N, self._inputs, self.dtype = N, inputs, inputs.dtype
        rings = [device.empty((2, *shape), self.dtype) for shape in states]
        self._states = [ring[0:1].reshape(*shape) for ring, shape in zip(rings, states, strict=True)]
        xs = [device.empty((1, N, *entry.shape), entry.dtype) for entry in inputs.entries]
        self._recording = recording = Recording(device, copies_weights=True)  # the owner of the memory
        recording.rings = {id(state): ring for state, ring in zip(self._states, rings, strict=True)}
        with driver.recording_to(recording):
            ys, after = ([dense(x) if isinstance(x, View) else x for x in arrays] for arrays in function(xs, self._states))
        self._uploads, self._launches = device.uploads(xs), device.program(recording.work)
        self._downloads, self._moves = device.downloads(ys), device.program(self._moves_of(after))
        self._C = sum(prod(y.shape) // N for y in ys)
        rows = [y.swapaxes(0, 1) if y.ndim > 2 else y for y in self._downloads.arrays]
        is_plain = inputs.is_plain and len(rows) == 1 and rows[0].size == N * rows[0].shape[-1]
        self.single_step = partial(self._step, self._uploads.arrays[0].reshape(-1), rows[0].reshape(-1)) if is_plain else None
        self._rows = rows
        self.set_states(None)

    def _moves_of(self, after: Sequence[Array]) -> list[Copy]:
        """Return the copies of new states to the first entries of their rings, the last work of a step."""
        before, moves = [], []
        for state, new in zip(self._states, after, strict=True):
            if new is state:
                continue
            if any(new.lease is other.lease for other in self._states if other is not state):  # an earlier move may change it
                between = self._device.empty(tuple(new.shape), new.dtype)
                before.append(Copy(between, new))
                new = between
            moves.append(Copy(state, new))
        return before + moves

    def _run(self) -> None:
        """Compute a step from the arrays of the uploads to those of the downloads."""
        self._uploads()
        self._launches()
        self._downloads()
        self._moves()
        self._downloads.wait()

    def _step(self, x_array: Host, y_array: Host, x: Host, y: Host) -> None:
        x_array[...] = x
        self._run()
        y[...] = y_array

    def __call__(self, x: Host, out: Host | None = None) -> Host:
        y = np.empty((*x.shape[:-1], self._C), self.dtype) if out is None else out
        if self.single_step is not None:
            self.single_step(x.reshape(-1), y.reshape(-1))
            return y
        for array, entry in zip(self._uploads.arrays, self._inputs.unpack(x.reshape(1, self._N, -1)), strict=True):
            array[...] = entry
        self._run()
        rows, first = y.reshape(self._N, self._C), 0
        for array in self._rows:
            columns = array.reshape(self._N, -1)
            rows[:, first : first + columns.shape[1]] = columns
            first += columns.shape[1]
        return y

    def run_last(self, x: Host) -> Host:
        return self.run(x)[-1]  # type: ignore[no-any-return]

    def run(self, x: Host) -> Host:
        y = np.empty((len(x), self._N, self._C), self.dtype)
        for step, out in zip(np.ascontiguousarray(x), y, strict=True):
            self(step, out)
        return y

    @property
    def states(self) -> list[Host]:
        return [self._device.download(state) for state in self._states]

    def set_states(self, states: Sequence[Host] | None) -> None:
        for k, state in enumerate(self._states):
            value = np.zeros(state.shape, self.dtype) if states is None else states[k]
            self._device.write(state, np.ascontiguousarray(value, self.dtype))


def stream_plan(
    function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]], threads: int = 1
) -> StreamPlan:
    """CUDA: the launches of a step, and copies of its inputs and outputs."""
    return StreamPlan(function, N, inputs, states)
