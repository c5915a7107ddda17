"""Means over steps: of gradients between two updates, and of weights after them. The arithmetic is the update op's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kernels.contract import Array, Ops
from ..kernels.specs import UpdateSpec
from ..variables import Variable

#: Adds a gradient to its sum: the rule of gradient descent, at a rate of -1.
_ADD = UpdateSpec("sgd")


def accumulated(ops: Ops, sums: Sequence[Variable], gradients: Sequence[Array], step: int, every: int) -> list[Array] | None:
    """Add ``gradients`` to their ``sums``; at each ``every``-th step their means, and the sums are zero again, else None."""
    ops.update(sums, gradients, [()] * len(sums), _ADD, step=1, rate=-1.0)
    if step % every:
        return None
    means = [ops.scale(ops.asarray(own.value, own.dtype), 1 / every) for own in sums]
    for own in sums:
        own.assign(np.zeros(own.shape, own.dtype))
    return means


def average(
    ops: Ops,
    averages: Sequence[Variable],
    weights: Sequence[Variable],
    gradients: Sequence[Array],
    momentum: float,
    overwrite: bool,
) -> None:
    """Move ``averages`` on to ``momentum * average + (1 - momentum) * weight``, then perhaps overwrite the weights by them.

    ``gradients`` stand in the place where the op has them; this rule does not read them.
    """
    mean = UpdateSpec("average", momentum=momentum)
    ops.update(averages, gradients, [[weight] for weight in weights], mean, step=1, rate=0.0)
    if overwrite:
        ops.update(weights, gradients, [[own] for own in averages], UpdateSpec("average"), step=1, rate=0.0)
