"""Step arrays: the inputs of a stream's steps as packed rows, and outputs in the form of the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import as_real
from ..passes import Passes
from .step_graph import StepGraph

Host = npt.NDArray[Any]


class StepArrays:
    """What goes into N streams and comes out of them, at one step or at many.

    Parameters
    ----------
    model : Model
        Built.
    graph : StepGraph
        Its steps.
    N : int
        The number of streams.
    """

    def __init__(self, model: Passes, graph: StepGraph, N: int) -> None:
        self._model, self._N, self._name = model, N, model.name
        self._rows, self._output_rows = graph.rows, graph.output_rows
        self._features, self._takes_indices = [value.features for value in graph.inputs], graph.takes_indices
        #: The shapes of a step of each input, and whether they have no axis of streams.
        self._forms = [{(N, *shape): False} | ({shape: True} if N == 1 else {}) for shape in self._features]
        one = len(self._features) == 1
        self._names = ["x"] if one else [f"x[{name!r}]" for name in model.input_names]
        #: Whether the rows of the only input and of the only output are what a user gives and gets.
        self.are_plain = one and self._rows.is_plain and self._output_rows.is_plain and model.has_one_output

    @property
    def only_output(self) -> tuple[int, ...]:
        """The shape of the only output of a step, without the axis of streams; ValueError for several outputs."""
        if len(self._output_rows.entries) > 1 or not self._model.has_one_output:
            raise ValueError(f"out takes the only output, and {self._name} has several. Leave it out.")
        return self._output_rows.entries[0].shape

    def only_input(self, x: Any) -> Host:
        """Return the only input, also in a dict, as a C-ordered array of the model's dtype."""
        if isinstance(x, Mapping):
            (x,) = self._model.ordered_inputs(x)
        return np.ascontiguousarray(as_real(x, "x", ("step", "feature")), self._rows.dtype)

    def pack(self, x: Any, *, many: bool) -> tuple[Host, bool]:
        """Return the rows (N, columns) of a step, or (T, N, columns) of ``many``, and whether x has no axis of streams.

        Raises
        ------
        TypeError, ValueError
            For other inputs, and for inputs of different numbers of steps.
        """
        arrays: list[Host] = []
        leading: set[tuple[Any, ...]] = set()
        in_order = type(x) is list and len(x) == len(self._names)
        for k, entry in enumerate(x if in_order else self._model.ordered_inputs(x)):
            array = entry
            if type(array) is not np.ndarray or array.dtype != self._rows.dtype or self._takes_indices[k] or not array.size:
                array = self._as_array(k, array)
            alone = self._forms[k].get(array.shape[many:]) if array.ndim >= many else None
            if alone is None:
                raise ValueError(self._expected(k, array.shape, many))
            leading.add((alone, array.shape[:many]))
            array = array[:, None] if alone and many else array[None] if alone else array
            arrays.append(self._read(k, array, many))
        if len(leading) > 1:
            came = [np.shape(entry) for entry in self._model.ordered_inputs(x)]
            raise ValueError(f"this stream of {self._name} expects inputs of as many steps and streams, got shapes {came}.")
        return self._rows.pack(arrays, leading=1 + many), leading.pop()[0]

    def unpack(self, rows: Host, alone: bool) -> Any:
        """Return the outputs in rows (N, columns) or (T, N, columns), in the model's form; ``alone`` without an axis of N."""
        entries = self._output_rows.unpack(rows)
        streams = rows.ndim - 2
        outputs = [np.array(entry.squeeze(streams) if alone else entry, order="C") for entry in entries]
        return self._model.in_output_form(outputs)

    def _as_array(self, k: int, x: Any) -> Host:
        return np.asarray(x) if self._model.readers[k].converts_inputs else as_real(x, self._names[k], ("step", "feature"))

    def _read(self, k: int, x: Host, many: bool) -> Host:
        """Return an input (N, ...) or (T, N, ...) in its dtype: whole numbers as the layers take them."""
        if not self._takes_indices[k]:
            return x if x.dtype == self._rows.dtype else x.astype(self._rows.dtype)
        samples = x.swapaxes(0, 1) if many else x[:, None]
        read = self._model.read_input(k, samples, self._names[k])
        return read.swapaxes(0, 1) if many else read[:, 0]

    def _expected(self, k: int, shape: tuple[int, ...], many: bool) -> str:
        full, features = (self._N, *self._features[k]), self._features[k]
        shapes = [features, full] if self._N == 1 else [full]
        if not many:
            expected = " or ".join(map(str, shapes))
            return f"this stream of {self._name} expects {self._names[k]} of shape {expected}, got {shape}. One step at a time."
        expected = " or ".join(f"({', '.join(['T', *map(str, one)])})" for one in shapes)
        return f"this stream of {self._name} expects steps of shape {expected} in {self._names[k]}, got {shape}."


def samples_first(states: Sequence[Host]) -> list[Host]:
    """Return states of a device with the axis of samples first, or such states as on a device.

    Those of a convolution are (steps, N, C) there.
    """
    return [np.ascontiguousarray(state.swapaxes(0, 1)) if state.ndim > 2 else state for state in states]
