"""ExportedGraph: the calls of a model as a C library computes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import stream_exporter
from ..kernels.contract import Array, Ops
from ..kernels.packed_rows import PackedRows, RowEntry
from ..layers import Embedding
from ..models import Model
from ..models.plans.step_graph import StepCall, StepGraph
from .checks import refuse_host_calls


class _CompiledCall(StepCall):
    """A call of a layer whose tasks are compiled code, all of them."""

    def __call__(self, ops: Any, values: list[Any], masks: list[Any], states: Any) -> Any:
        after = super().__call__(ops, values, masks, states)
        refuse_host_calls(self.call.layer)
        return after


class ExportedGraph(StepGraph):
    """The step graph of a model whose inputs are real numbers, indices too.

    Parameters
    ----------
    model : Model
        Built.
    max_steps : int, optional
        For how many steps causal attention keeps keys and values.

    Raises
    ------
    NotImplementedError
        Where another layer than Embedding takes the indices of an input.
    """

    def __init__(self, model: Model, max_steps: int | None = None) -> None:
        super().__init__(model, max_steps)
        self.calls = [_CompiledCall(*call) for call in self.calls]
        #: Of each input the largest index, None for features.
        self.largest = [
            self._largest(value) if whole else None for value, whole in zip(self._graph.inputs, self.takes_indices, strict=True)
        ]

    def _largest(self, value: int) -> int:
        found = []
        for step in self.calls:
            if value in step.call.inputs:
                layer = step.call.layer
                table = getattr(layer, "layer", layer)  # of a TimeDistributed
                if not isinstance(table, Embedding):
                    raise NotImplementedError(
                        f"{layer.name} ({type(layer).__name__}) cannot be exported: it converts inputs in Python. "
                        "Export a model of what comes after it."
                    )
                found.append(table.input_dim - 1)
        return min(found)

    @property
    def limit(self) -> tuple[int, int] | None:
        """The index of a state that counts steps, and the most steps; None without attention."""
        counts = self.step_counts
        return (counts[0], self.max_steps) if counts and self.max_steps else None

    @property
    def rows(self) -> PackedRows:
        """The layout of a row: all inputs as real numbers, in their order."""
        return PackedRows([RowEntry(x.features, self._dtype) for x in self.inputs], self._dtype)

    def function(self, ops: Ops) -> Any:
        """Return the function of a step, which first makes whole numbers of indices."""
        step = super().function(ops)

        def converted(xs: Sequence[Array], states: Sequence[Array]) -> tuple[list[Array], list[Array]]:
            as_indices = stream_exporter().as_indices
            pairs = zip(xs, self.largest, strict=True)
            found: tuple[list[Array], list[Array]] = step(
                [x if most is None else as_indices(x, most) for x, most in pairs], states
            )
            return found

        return converted if any(self.takes_indices) else step

    def test_steps(self, steps: int, N: int) -> npt.NDArray[Any]:
        """Return inputs (steps, N, columns) of a test: normal numbers, and any indices."""
        rng = np.random.default_rng(0)
        arrays = []
        for x, most in zip(self.inputs, self.largest, strict=True):
            shape = steps, N, *x.features
            arrays.append(rng.standard_normal(shape) if most is None else rng.integers(0, most + 1, shape))
        return self.rows.pack(arrays, leading=2)
