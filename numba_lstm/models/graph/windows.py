"""Windows of truncated backpropagation: whether a graph computes each of them from the states after the one before."""

from __future__ import annotations

from collections.abc import Sequence

from ...layers.base.arguments import Shape
from ...layers.base.causality import window_values
from ...layers.base.results import StepValue
from .execution import ExecutionGraph


def check_windows(graph: ExecutionGraph, shapes: Sequence[Shape]) -> None:
    """Check that no call of a graph loses anything at the borders of windows, for inputs of ``shapes``, batch axis first.

    Raises
    ------
    ValueError
        For a layer that needs steps of other windows, and has no states that bring them.
    """
    given = [StepValue(True, tuple(size or 1 for size in shape[2:])) for shape in shapes]
    values = dict(zip(graph.inputs, given, strict=True))
    for call in graph.calls:
        layer = call.layer
        try:
            found = window_values(layer, [values[value] for value in call.inputs])
        except NotImplementedError as error:
            reason = str(error).replace("cannot be streamed", "cannot be cut into windows")
            raise ValueError(f"tbptt cuts time into windows, but {reason.rstrip('.')}. Leave tbptt out.") from None
        values |= dict(zip(call.outputs, found, strict=True))
        last = layer.state_shapes(layer.built_shape) if call.last_states else ()
        values |= {value: StepValue(False, tuple(sizes)) for value, (_, *sizes) in zip(call.last_states, last, strict=True)}
