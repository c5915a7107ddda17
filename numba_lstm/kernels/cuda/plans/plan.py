"""Plans: what ops launch for a function is recorded once, and launched for each batch of one shape.

A call of an op takes some 20 microseconds in Python: arrays, views, the choice of kernels, the arguments of launches. A plan
has all of that ready.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...op_types import DecodingPlan
from ...specs import Key
from ..arrays.sums import Scalar
from ..recording import HeldWeights, Recording
from ..runtime import driver

Array = Any

#: Numbers that one array holds: losses wait in it until the host reads them.
NUMBERS = 1024


class Plan:
    """A function of arrays as the launches of its ops; see :meth:`.contract.Ops.plan`."""

    def __init__(self, function: Callable[..., Any], inputs: Sequence[Any], key: Key | None, training: bool) -> None:
        self._device = device = driver.device()
        buffers = [None if x is None else device.empty(tuple(x.shape), x.dtype) for x in inputs]
        recording = Recording(device)
        with driver.recording_to(recording):
            self.outputs = function(*buffers, key)
        self._inputs = [(place, buffer) for place, buffer in enumerate(buffers) if buffer is not None]
        self._uploads: dict[int, Any] = {}  #: of inputs from the host, by their places
        self._launches, self._keys = device.program(recording.work), recording.keys
        self._recording = recording  # the owner of the memory
        self._weights = HeldWeights(recording.weights.values() if training else [])  # else they have not changed since
        self._written = HeldWeights(recording.written.values())

    def __call__(self, *inputs: Any, key: Key | None = None) -> Any:
        self._weights.hold()
        for place, buffer in self._inputs:
            x = inputs[place]
            if isinstance(x, np.ndarray):
                self._upload(place, buffer, x)
            else:
                self._device.copy(buffer, x)
        if key is not None:
            for index, argument in self._keys:
                self._launches.replace(index, argument, (key.step % 2**32,))
        self._launches()
        self._written.written()
        return self.outputs

    def _upload(self, place: int, buffer: Array, x: Any) -> None:
        """Queue the copy of an input from the host, after its last copy has ended, as it has where the last output was read."""
        uploads = self._uploads.get(place)
        if uploads is None:
            uploads = self._uploads[place] = self._device.uploads([buffer])
        uploads.wait()
        uploads.arrays[0][...] = x
        uploads()


def plan(
    function: Callable[..., Any],
    inputs: Sequence[Array | None],
    *,
    key: Key | None = None,
    training: bool = False,
    work: float = 0.0,
) -> Plan:
    """CUDA: a list of launches. Inputs are copied; those that lie on the host, too."""
    return Plan(function, inputs, key, training)


def decoding_plan(
    function: Callable[..., Any], width: int, tokens: Array, states: Sequence[Array], constants: Sequence[Array]
) -> DecodingPlan | None:
    """CUDA: None."""
    return None


class _Numbers:
    """Device memory for numbers that were the outputs of plans."""

    def __init__(self) -> None:
        self._device: Any = None
        self._left: list[Array] = []

    def copy(self, number: Scalar) -> Scalar:
        """Return a copy of a number."""
        device = driver.device()
        try:
            array = self._left.pop() if device is self._device else None
        except IndexError:
            array = None
        if array is None:
            self._device, whole = device, device.empty(NUMBERS, np.float64)
            self._left = [whole[k : k + 1] for k in range(NUMBERS)]
            array = self._left.pop()
        device.copy(array, number.array)
        return Scalar(array, number.factor)


_numbers = _Numbers()


def copy_output(output: Any) -> Any:
    """CUDA: copies stay on the device."""
    if isinstance(output, Scalar):
        return _numbers.copy(output)
    copy = driver.device().empty(tuple(output.shape), output.dtype)
    driver.device().copy(copy, output)
    return copy
