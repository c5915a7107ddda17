"""Accumulated gradients and averages of weights. The update op does the arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..kernels.contract import Array, Ops
from ..kernels.specs import UpdateSpec
from ..variables import Variable

#: Rule that adds a gradient to its sum: gradient descent at a rate of -1.
_ADD = UpdateSpec("sgd")


def add_function(ops: Ops, sums: Sequence[Variable], gradients: Sequence[Array]) -> Callable[[], None]:
    """Return a function that adds ``gradients``, whose arrays are overwritten before each call, to ``sums``."""
    program = ops.update_program(sums, gradients, [()] * len(sums), _ADD)
    return lambda: program(1, -1.0)


def add(ops: Ops, sums: Sequence[Variable], gradients: Sequence[Array]) -> None:
    """Add ``gradients`` to ``sums``."""
    ops.update(sums, gradients, [()] * len(sums), _ADD, step=1, rate=-1.0)


def take_means(ops: Ops, sums: Sequence[Variable], every: int) -> list[Array]:
    """Return the means of ``every`` gradients of which these are the sums, and reset the sums."""
    means = [ops.scale(ops.asarray(total.value, total.dtype), 1 / every) for total in sums]
    for total in sums:
        total.assign(np.zeros(total.shape, total.dtype))
    return means


def average_function(
    ops: Ops, averages: Sequence[Variable], weights: Sequence[Variable], gradients: Sequence[Array], momentum: float
) -> Callable[[], None]:
    """Return a function that sets ``averages`` to ``momentum * average + (1 - momentum) * weight``.

    The update op takes ``gradients`` too, but this rule does not read them.
    """
    program = ops.update_program(averages, gradients, [[w] for w in weights], UpdateSpec("average", momentum=momentum))
    return lambda: program(1, 0.0)


def average(
    ops: Ops, averages: Sequence[Variable], weights: Sequence[Variable], gradients: Sequence[Array], momentum: float
) -> None:
    """Do that once; with a momentum of 0 the averages become copies of the weights, and the other way round."""
    rule = UpdateSpec("average", momentum=momentum)
    ops.update(averages, gradients, [[weight] for weight in weights], rule, step=1, rate=0.0)
