"""Shapes of outputs by trial runs: sizes that differ between two runs are unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...ops.tensor import Tensor
from ...ops.tracing import input_like
from ..base.arguments import Shape

#: Sizes in place of unknown ones.
_TRIALS = (11, 13)


def trial_shapes(shapes: Sequence[Shape], compute: Callable[[tuple[Tensor, ...]], Sequence[Tensor]]) -> list[Shape]:
    """Return the shapes of what ``compute`` returns for inputs of ``shapes``, batch axis first, None where any size fits.

    Raises
    ------
    UntraceableError
        Where the function does not take the inputs.
    """
    runs = []
    for size in _TRIALS:
        sized = [tuple(size if n is None else n for n in (None, *shape[1:])) for shape in shapes]
        runs.append([y.shape for y in compute(tuple(input_like(shape) for shape in sized))])
    return [
        (shapes[0][0], *(a if a == b else None for a, b in zip(one[1:], other[1:], strict=True)))
        for one, other in zip(*runs, strict=True)
    ]
