"""Accumulated gradients and averages of weights. The update op does the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kernels.contract import Array, Ops
from ..kernels.specs import UpdateSpec
from ..variables import Variable

#: Rule that adds a gradient to its sum: gradient descent at a rate of -1.
_ADD = UpdateSpec("sgd")


def accumulated(ops: Ops, sums: Sequence[Variable], gradients: Sequence[Array], step: int, every: int) -> list[Array] | None:
    """Add ``gradients`` to ``sums``. Each ``every``-th step returns their means and resets the sums, any other returns None."""
    ops.update(sums, gradients, [()] * len(sums), _ADD, step=1, rate=-1.0)
    if step % every:
        return None
    means = [ops.scale(ops.asarray(total.value, total.dtype), 1 / every) for total in sums]
    for total in sums:
        total.assign(np.zeros(total.shape, total.dtype))
    return means


def average(
    ops: Ops,
    averages: Sequence[Variable],
    weights: Sequence[Variable],
    gradients: Sequence[Array],
    momentum: float,
    overwrite: bool,
) -> None:
    """Set ``averages`` to ``momentum * average + (1 - momentum) * weight``, and ``overwrite`` the weights with them.

    The update op takes ``gradients`` too, but this rule does not read them.
    """
    rule = UpdateSpec("average", momentum=momentum)
    ops.update(averages, gradients, [[weight] for weight in weights], rule, step=1, rate=0.0)
    if overwrite:
        ops.update(weights, gradients, [[mean] for mean in averages], UpdateSpec("average"), step=1, rate=0.0)
