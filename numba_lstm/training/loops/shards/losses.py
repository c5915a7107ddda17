"""Losses of the shards of a batch: the outputs of a shard, its part of the batch's loss, and what metrics need of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ....inputs.target_shapes import device_losses_shape
from ....kernels.contract import Array, Ops
from ....kernels.specs import Key
from ....losses.reductions import MEANS
from ...batches import Batch, as_tuple, each
from ...loss_weights import Weights
from ...output_losses import element_weights, losses_of_outputs, scales_of_losses, weights_of_outputs
from ...plan_protocols import CompiledOutput
from ...protocols import Trainable
from ...results import States
from ...strategy import Strategy
from ..metric_tracker import OutputResult


class ShardOutputs(NamedTuple):
    """Outputs of a shard whose losses are not computed yet."""

    batch: Batch
    ys: tuple[Any, ...]
    mask: Any
    weights: list[Weights]
    added: float  #: what joins the loss: penalties of outputs, and the losses of layers
    passed: Any  #: the result of the forward pass


class Share(NamedTuple):
    """Part of a shard in a batch."""

    samples: float  #: of the samples
    losses: list[float]  #: of the loss of each output
    size: int  #: samples of the batch


def forward_shard(
    model: Trainable, ops: Ops, batch: Batch, key: Key | None = None, states: States | None = None
) -> ShardOutputs:
    """Compute the outputs of a shard, with tapes if there is a key of training."""
    passed: Any = None
    added = 0.0
    if key is None and not model.adds_losses:
        passed = model.prediction_plans.forward(batch.x, batch.mask)
    if passed is None:
        passed = model.forward(batch.x, key is not None, key, batch.mask, states)
        added = passed.added(ops)
    weights = weights_of_outputs(ops, model.compiled_outputs, batch, passed.mask, model.dtype)
    return ShardOutputs(batch, as_tuple(passed.y), passed.mask, weights, added, passed)


def unmasked_outputs(model: Trainable, ops: Ops, batch: Batch) -> ShardOutputs:
    """Return a shard whose outputs are not computed, of a model without masks: its weights are known all the same."""
    return ShardOutputs(batch, (), None, weights_of_outputs(ops, model.compiled_outputs, batch, None, model.dtype), 0.0, None)


def shares_of_shards(model: Trainable, ops: Ops, strategy: Strategy, shards: Sequence[ShardOutputs | None]) -> list[Share]:
    """Return the part of each shard of this process, from what all processes count."""
    outputs = model.compiled_outputs
    rows = [
        [0.0] * (1 + len(outputs)) if shard is None else [float(shard.batch.size), *_counts(ops, outputs, shard)]
        for shard in shards
    ]
    table = [row for gathered in strategy.gather("counts of losses", rows) for row in gathered]
    (size, *totals) = (math.fsum(column) for column in zip(*table, strict=True))
    return [
        Share(
            row[0] / size,
            [
                1.0 if output.loss is not None and output.loss.reduction == "sum" else count / total if total else 0.0
                for output, count, total in zip(outputs, row[1:], totals, strict=True)
            ],
            int(size),
        )
        for row in rows
    ]


def _counts(ops: Ops, outputs: Sequence[CompiledOutput], shard: ShardOutputs) -> list[float]:
    """Return what the reduction of each output's loss divides by: its elements, or the sum of their weights."""
    counts = []
    for output, target, weight in zip(outputs, as_tuple(shard.batch.target), shard.weights, strict=True):
        if output.loss is None or output.loss.reduction == "sum":
            counts.append(0.0)
            continue
        leading = device_losses_shape(output.loss.spec, target.shape)
        if output.loss.reduction in MEANS:
            counts.append(float(math.prod(leading) if weight.valid is None else weight.valid))
        else:
            given = 1.0 if weight.counted is None else np.asarray(ops.to_host(weight.counted))
            counts.append(float(np.sum(np.broadcast_to(given, leading), dtype=np.float64)))
    return counts


def losses_of_shard(
    model: Trainable, ops: Ops, shard: ShardOutputs, share: Share | None, *, gradient: bool
) -> tuple[list[Any], list[Array | None]]:
    """Return the part of a shard in the loss of each output, and the gradients of their weighted sum.

    Without a share they are those of the shard alone.
    """
    outputs, targets = model.compiled_outputs, as_tuple(shard.batch.target)
    scales = scales_of_losses(outputs)[0]
    factors = [1.0] * len(outputs) if share is None else share.losses
    elements = []
    for output, scale, factor, target, weight in zip(outputs, scales, factors, targets, shard.weights, strict=True):
        leading = () if output.loss is None else device_losses_shape(output.loss.spec, target.shape)
        loss = output.loss
        elements.append(None if loss is None else element_weights(ops, output, scale * factor, leading, weight, model.dtype))
    return losses_of_outputs(ops, outputs, shard.ys, targets, elements, shard.mask, gradient=gradient)


def results_of_shard(ops: Ops, shard: ShardOutputs) -> list[OutputResult]:
    """Return what metrics need of a shard, as arrays of the host."""
    targets = as_tuple(shard.batch.target)
    return [
        OutputResult(None, *(each(lambda array: np.array(ops.to_host(array)), one) for one in (y, target, *weights[1:3])))
        for y, target, weights in zip(shard.ys, targets, shard.weights, strict=True)
    ]


def gathered_results(ops: Ops, strategy: Strategy, results: Sequence[list[OutputResult] | None]) -> list[list[OutputResult]]:
    """Return the results of all shards of a batch, in their order, on the device."""
    shards = [shard for gathered in strategy.gather("outputs", results) for shard in gathered if shard is not None]
    return [
        [OutputResult(*(each(lambda array: ops.asarray(array, array.dtype), one) for one in output)) for output in shard]
        for shard in shards
    ]
