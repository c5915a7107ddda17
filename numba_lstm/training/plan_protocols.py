"""Protocols of the plans of a model, and the loss and metrics of an output that they compute."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple, Protocol

from ..kernels.contract import Array
from ..kernels.specs import Key
from ..losses import Loss
from ..metrics import Metric
from ..optimizers import Optimizer
from .batches import Batch
from .results import PredictionOutput, StepOutput, TrainedWeights


class CompiledOutput(NamedTuple):
    """Loss and metrics of an output, from ``compile``."""

    name: str
    loss: Loss | None  #: None for an output that is not trained
    weight: float  #: what the loss is multiplied by
    metrics: list[Metric]  #: count each sample once
    weighted_metrics: list[Metric]  #: count samples by their weights


class PredictionPlans(Protocol):
    """Plans of a model's forward pass."""

    def __call__(self, x: Any) -> Any:
        """Return the output for a host array x without a mask, samples first; None where no plan serves."""

    def repeated(self, x: Any, most: float = inf) -> Any:
        """Return the output for an array of a shape and dtype that came before, of at most so many samples; None for others."""

    def forward(self, x: Any, mask: Array | None) -> PredictionOutput | None:
        """Return the output for device arrays; None where no plan serves."""


class TrainingPlans(Protocol):
    """Plans of a model's training steps."""

    valid_arrays: Any  #: shapes and dtypes of the last batch that need no validation, see :mod:`.repeated_arrays`; None

    def __call__(
        self, batch: Batch, key: Key, outputs: Sequence[CompiledOutput], optimizer: Optimizer, trained: TrainedWeights
    ) -> StepOutput | None:
        """Take a step on a batch, all but the constraints; None where no plan serves."""

    def gradients(
        self, batch: Batch, key: Key, outputs: Sequence[CompiledOutput], trained: TrainedWeights, shares: Sequence[float]
    ) -> tuple[StepOutput, list[Array]] | None:
        """Return the loss and the gradients of a shard without masks, by its share in the loss of each output."""

    def update(self, gradients: Sequence[Array], optimizer: Optimizer, trained: TrainedWeights) -> None:
        """Take a step of the optimizer, by a bound program, with gradients of several shards; they are copied."""

    def forget(self) -> None:
        """Drop all plans, with their buffers."""
