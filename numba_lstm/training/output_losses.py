"""Losses of the outputs of a batch, with their gradients and weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..inputs.target_shapes import is_sequence_loss
from ..kernels.contract import Array, Ops
from ..losses.reductions import MEANS
from .batches import Batch, as_tuple
from .loss_weights import Weights, batch_weights, loss_weight
from .plan_protocols import CompiledOutput


def per_output(value: Any, count: int) -> tuple[Any, ...]:
    """Return a value for each of ``count`` outputs: those of a tuple, or None for all where it is None."""
    return (None,) * count if value is None else as_tuple(value)


def weights_of_outputs(ops: Ops, outputs: Sequence[CompiledOutput], batch: Batch, mask: Any, dtype: str) -> list[Weights]:
    """Return the weights of each output of a batch, from sample weights, masks, and classes that losses ignore."""
    count = len(outputs)
    entries = zip(outputs, per_output(batch.weight, count), per_output(mask, count), as_tuple(batch.target), strict=True)
    return [
        batch_weights(ops, weight, steps, dtype, None if output.loss is None else output.loss.spec, target)
        for output, weight, steps, target in entries
    ]


def scales_of_losses(outputs: Sequence[CompiledOutput]) -> tuple[list[float], list[float]]:
    """Return what each loss is multiplied by within its op, and afterwards.

    The loss of a single output has its weight inside. Those of several are reported without theirs.
    """
    weights = [output.weight for output in outputs]
    ones = [1.0] * len(weights)
    return (weights, ones) if len(outputs) == 1 else (ones, weights)


def element_weights(
    ops: Ops, output: CompiledOutput, scale: float, leading: tuple[int, ...], weights: Weights, dtype: str
) -> Array | None:
    """Return the weights of the elements of an output's loss; None if all are 1."""
    assert output.loss is not None
    if scale == 1 and output.loss.reduction in MEANS:
        return weights.loss
    return loss_weight(ops, output.loss, scale, leading, weights, dtype)


def losses_of_outputs(
    ops: Ops,
    outputs: Sequence[CompiledOutput],
    ys: Sequence[Array],
    targets: Sequence[Array | None],
    weights: Sequence[Array | None],
    mask: Any,
    *,
    gradient: bool,
) -> tuple[list[Any], list[Array | None]]:
    """Return the loss of each output, None without one, and the gradients of their weighted sum.

    The masks of the outputs are in the weights already, but for losses of whole sequences.
    """
    values: list[Any] = []
    slopes: list[Array | None] = []
    masks, factors = per_output(mask, len(outputs)), scales_of_losses(outputs)[1]
    for output, y, target, weight, steps, factor in zip(outputs, ys, targets, weights, masks, factors, strict=True):
        value = dy = None
        if output.loss is not None:
            steps = steps if is_sequence_loss(output.loss.spec) else None
            value, dy = output.loss.compute(ops, y, target, weight, steps, gradient=gradient)
            if dy is not None and factor != 1:
                dy = ops.scale(dy, factor)
        values.append(value)
        slopes.append(dy)
    return values, slopes


def total(outputs: Sequence[CompiledOutput], values: Sequence[Any], penalty: float) -> Any:
    """Return the loss of a batch: the weighted sum of those of its outputs, and the penalties.

    A single loss without a penalty stays on the device: reading it may mean waiting for the device.
    """
    if len(outputs) == 1 and values[0] is not None:
        return float(values[0]) + penalty if penalty else values[0]
    return penalty + sum(
        output.weight * float(value) for output, value in zip(outputs, values, strict=True) if value is not None
    )
