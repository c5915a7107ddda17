"""HostMetric: the base of metrics with more state than a mean, which NumPy computes from the outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernels.contract import Array, Ops
from ..kernels.specs import MetricSpec
from .base import Metric, check_dtype

Host = npt.NDArray[Any]


class HostMetric(Metric):
    """Base class of metrics that keep sums over all batches since the last reset.

    Parameters
    ----------
    kind : str
        What the metric computes; ``sparse_...`` takes labels.
    name : str, optional
        The metric's key in a History; None is ``kind``.
    dtype : "float32" or "float64", optional
        Has no effect: sums are float64.
    """

    def __init__(self, kind: str, name: str | None, dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(MetricSpec(kind), kind if name is None else name)

    def update(self, ops: Ops, y: Array, target: Array, weight: Array | None = None) -> None:
        """Add a batch of device arrays."""
        outputs, targets = np.asarray(ops.to_host(y)), np.asarray(ops.to_host(target))
        rows = outputs.reshape(-1, outputs.shape[-1])
        targets = targets.reshape(-1, *targets.shape[outputs.ndim - 1 :])
        weights = np.ones(len(rows)) if weight is None else np.asarray(ops.to_host(weight), np.float64).reshape(-1)
        self.add_rows(rows, targets, weights)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) or labels (M,), and weights (M,)."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self._sums: dict[str, Any] = {}

    def accumulate(self, **values: Any) -> None:
        """Add to sums, which are 0 after a reset."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value

    def result(self) -> Any:
        """Return the value over all batches, 0 before the first one."""
        return self.of_sums(**self._sums) if self._sums else 0.0

    def of_sums(self, **sums: Any) -> Any:
        """Return the value of the sums of :meth:`accumulate`."""
        raise NotImplementedError


def as_choice(value: Any, known: tuple[Any, ...], name: str) -> Any:
    """Return ``value`` if it is one of ``known``, else raise ValueError."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}. Leave it out for {known[0]!r}.")
    return value


def as_result(values: Host) -> float | Host:
    """Return an array of one number as a float, any other as it is."""
    return float(values.reshape(())) if values.size == 1 else values


def divide(a: Host, b: Host) -> Host:
    """Return a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape), where=np.asarray(b) != 0)
