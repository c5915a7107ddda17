"""Steps on a batch whose shards several processes compute: of training, and of evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....kernels.contract import Ops
from ....kernels.specs import Key, PartKey
from ...batches import Batch, HostBatch
from ...data.loading import load
from ...output_losses import total
from ...protocols import Trainable
from ...results import States, TrainedWeights
from ...strategy import Strategy
from ..metric_tracker import OutputResult, StepResult
from .losses import (
    ShardOutputs,
    Share,
    forward_shard,
    gathered_results,
    losses_of_shard,
    results_of_shard,
    shares_of_shards,
    unmasked_outputs,
)
from .vectors import ShardVectors, Vector


def train_shards(
    model: Trainable,
    ops: Ops,
    trained: TrainedWeights,
    strategy: Strategy,
    host_batch: HostBatch,
    states: list[States] | None = None,
) -> tuple[StepResult, list[States]]:
    """Take one step of the optimizer on a batch, with the gradients of all its shards.

    The gradient of a shard is that of its part in the batch's loss. The gradients of all shards are added in the order of a
    balanced tree. BatchNormalization takes the statistics of each shard by itself, and its moving statistics become the mean of
    those after each shard, weighted by samples. Each sample draws the random numbers that it has without a strategy.

    Parameters
    ----------
    model, ops, trained
        As :func:`numba_lstm.training.loops.steps.train_step`'s.
    strategy : Strategy
        Of the model.
    host_batch : HostBatch
        The batch, or what this process brings of it.
    states : list of lists, optional
        What each layer begins with, for each shard of this process, as an earlier step returned it, and empty for the first of
        several.

    Returns
    -------
    result : StepResult
        From before the step.
    states : list of lists
        The last states of each layer, for each shard of this process.
    """
    optimizer, key = model.optimizer, model.random.next_key()
    assert optimizer is not None
    shards = strategy.local_shards(host_batch)
    step = _Step(model, ops, trained, strategy, [shard_key(key, shard) for shard in shards])
    batches = [None if shard is None else load(model, ops, shard) for shard in shards]
    if states is None and host_batch.samples.mask is None and not (model.makes_masks or model.adds_losses):
        step.run_one_by_one(batches)
    else:
        step.run_in_phases(batches, states)
    sums, losses = step.vectors.unpack(strategy.sum(step.summands, step.vectors.exact), step.before)
    penalty = trained.penalty() if trained.regularized else 0.0
    if step.planned and not (trained.regularized or optimizer.clipping):
        model.training_plans.update(sums, optimizer, trained)
    else:
        gradients = [ops.asarray(array.copy(), array.dtype) for array in sums]
        if trained.regularized:
            gradients = model.with_penalties(gradients, trained)
        optimizer.update_weights(ops, gradients, trained.weights)
    model.constrain()
    return _result(model, ops, strategy, step.shards, losses, penalty, step.size), step.states


class _Step:
    """Gradients and losses of the shards of this process, in a training step."""

    def __init__(self, model: Trainable, ops: Ops, trained: TrainedWeights, strategy: Strategy, keys: Sequence[Key]) -> None:
        self.model, self.ops, self.trained, self.strategy = model, ops, trained, strategy
        self.keys = keys
        self.vectors = ShardVectors(model, trained)
        self.before = self.vectors.statistics_before()
        self.shards: list[ShardOutputs | None] = []
        self.summands: list[Vector] = []
        self.states: list[States] = []
        self.size = 0
        self.planned = False  #: whether a plan has computed a shard

    def run_one_by_one(self, batches: Sequence[Batch | None]) -> None:
        """Compute shards of a model without masks, whose shares are known before, by plans where these serve."""
        model, ops, vectors = self.model, self.ops, self.vectors
        given = [None if batch is None else unmasked_outputs(model, ops, batch) for batch in batches]
        shares = shares_of_shards(model, ops, self.strategy, given)
        self.size = shares[0].size
        for shard, share, key in zip(given, shares, self.keys, strict=True):
            if shard is None:
                self._add(None, vectors.empty())
                continue
            planned = model.training_plans.gradients(shard.batch, key, model.compiled_outputs, self.trained, share.losses)
            if planned is None:
                shard = forward_shard(model, ops, shard.batch, key)
                self._add(shard, self._vector(shard, share, vectors.take_changes(self.before)))
                continue
            self.planned, (output, gradients) = True, planned
            changes = vectors.take_changes(self.before)
            losses = [*map(_number, output.values), 0.0]
            self._add(shard._replace(ys=tuple(output.ys)), vectors.pack(ops, gradients, changes, share.samples, losses))

    def run_in_phases(self, batches: Sequence[Batch | None], states: list[States] | None) -> None:
        """Compute the outputs of all shards first, since their masks say how much each shard counts."""
        model, ops, vectors = self.model, self.ops, self.vectors
        shards: list[ShardOutputs | None] = []
        changes = []
        for index, (batch, key) in enumerate(zip(batches, self.keys, strict=True)):
            given = None if states is None else states[index] if states else []
            shards.append(None if batch is None else forward_shard(model, ops, batch, key, given))
            changes.append(vectors.take_changes(self.before))
        shares = shares_of_shards(model, ops, self.strategy, shards)
        self.size = shares[0].size
        for shard, share, change in zip(shards, shares, changes, strict=True):
            self._add(shard, vectors.empty() if shard is None else self._vector(shard, share, change))
        self.states = [[] if shard is None else shard.passed.states for shard in shards]

    def _add(self, shard: ShardOutputs | None, vector: Vector) -> None:
        self.shards.append(shard)
        self.summands.append(vector)

    def _vector(self, shard: ShardOutputs, share: Share, changes: Sequence[Vector]) -> Vector:
        """Return the gradients, the changes of statistics and the losses of a shard.

        Penalties of outputs and losses of layers count as means over the samples of a shard. With them all gradients are
        multiplied by the share of samples.
        """
        model, ops = self.model, self.ops
        penalized = bool(shard.added) or model.adds_losses
        if penalized:
            _check_one_share(model, share)
        values, slopes = losses_of_shard(model, ops, shard, None if penalized else share, gradient=True)
        dy = tuple(slopes) if len(slopes) > 1 else slopes[0]
        gradients = model.backward(shard.passed.tapes, dy, trained=self.trained, penalties=False).weights
        factor = share.samples if penalized else 1.0
        losses = [factor * _number(value) for value in (*values, shard.added)]
        return self.vectors.pack(ops, gradients, changes, share.samples, losses, factor)


def test_shards(model: Trainable, ops: Ops, trained: TrainedWeights, strategy: Strategy, host_batch: HostBatch) -> StepResult:
    """Compute the loss and the outputs of a batch without training."""
    penalty = trained.penalty() if trained.regularized else 0.0
    batches = [None if part is None else load(model, ops, part) for part in strategy.local_shards(host_batch)]
    shards = [None if batch is None else forward_shard(model, ops, batch) for batch in batches]
    shares = shares_of_shards(model, ops, strategy, shards)
    summands = []
    for shard, share in zip(shards, shares, strict=True):
        losses = [0.0] * (len(model.compiled_outputs) + 1)
        if shard is not None:
            values, _ = losses_of_shard(model, ops, shard, share, gradient=False)
            losses = [*map(_number, values), share.samples * shard.added]
        summands.append(np.array(losses, model.dtype))
    return _result(model, ops, strategy, shards, strategy.sum(summands, len(summands[0])).tolist(), penalty, shares[0].size)


def shard_key(key: Key, shard: HostBatch | None) -> Key:
    """Return the key of a shard, whose samples draw the numbers that they have in the whole batch."""
    if shard is None or shard.whole is None:
        return key
    return PartKey(key.seed, key.step, key.tag, shard.before, shard.size, shard.whole)


def _number(value: object) -> float:
    return 0.0 if value is None else float(value)  # type: ignore[arg-type]  # a device's number


def _check_one_share(model: Trainable, share: Share) -> None:
    """Raise ValueError unless the loss of each output has the share of the samples, as the penalties of outputs have."""
    for output, loss in zip(model.compiled_outputs, share.losses, strict=True):
        if output.loss is not None and loss != share.samples:
            raise ValueError(
                f"{model.name} has penalties of outputs or losses of layers, which count as means of samples, but the loss of "
                f"{output.name} is a mean over steps that are not masked, or a sum. Leave one of both or the strategy out."
            )


def _result(
    model: Trainable,
    ops: Ops,
    strategy: Strategy,
    shards: Sequence[ShardOutputs | None],
    losses: Sequence[float],
    penalty: float,
    size: int,
) -> StepResult:
    """Return the loss of the whole batch, and for metrics the outputs of all shards."""
    outputs = model.compiled_outputs
    by_output = [None if output.loss is None else loss for output, loss in zip(outputs, losses[:-1], strict=True)]
    results = [OutputResult(value, None, None, None, None) for value in by_output]
    gathered = None
    if any(output.metrics or output.weighted_metrics for output in outputs):
        local = [None if shard is None else results_of_shard(ops, shard) for shard in shards]
        gathered = gathered_results(ops, strategy, local)
    return StepResult(total(outputs, by_output, losses[-1] + penalty), results, size, gathered or [])
