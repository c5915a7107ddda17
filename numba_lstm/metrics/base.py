"""Metric: the base of all metrics, a mean over batches whose terms the device computes."""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Self

import numpy.typing as npt

from ..device import get_ops
from ..inputs.target_shapes import described, target_shape
from ..inputs.targets import as_rows
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec, MetricSpec
from ..objects.subclassing import Settable

#: Batches whose numbers stay on the device before they are read: reading one may mean waiting for the device.
MAX_PENDING = 32

#: Methods that Keras's metrics override and these do not: the device counts batches, by :meth:`Metric.update`.
_NEVER_CALLED = dict.fromkeys(
    ("update_state", "__call__", "merge_state", "stateless_update_state", "stateless_result"),
    "Override finish(self, mean) for a function of the mean over all elements, or compute the metric from model.predict(x) in "
    "on_epoch_end of a Callback.",
)


class Metric(Settable):
    """Base class of all metrics, as ``keras.metrics.Metric``: the mean of a value over all batches since the last reset.

    Parameters
    ----------
    spec : MetricSpec or LossSpec
        The value that the metric op computes.
    name : str
        The metric's key in a History.
    """

    unsupported_methods = _NEVER_CALLED
    checked_methods = ("update", "result", "reset_state", "finish", "for_output")
    settable = frozenset({"name"})
    replacement = "Compile the model with another metric: {cls}({name}=...)."

    #: ``"min"`` if smaller values are better, else ``"max"``.
    direction: ClassVar[str] = "min"
    #: Fields of the spec that are arguments of the class.
    parameters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, spec: MetricSpec | LossSpec, name: str) -> None:
        self.check_assigned_methods()
        self.spec = spec
        self.name = name
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all batches."""
        self._pending: list[tuple[Any, Any]] = []
        self._total = self._count = 0.0

    def update(self, ops: Ops, y: Array, target: Array, weight: Array | None = None) -> None:
        """Add a batch of device arrays to the mean."""
        self._pending.append(ops.metric(y, target, self.spec, weight=weight))
        if len(self._pending) >= MAX_PENDING:
            self._read()

    def update_state(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        """Add a batch of NumPy arrays (N, C) or (N, T, C) to the mean.

        Raises
        ------
        TypeError, ValueError
            For shapes that do not fit, and for anything but real numbers.
        """
        ops, rows = get_ops(), as_rows(y_true, y_pred, self.spec, sample_weight)
        weight = None if rows.weight is None else ops.asarray(rows.weight, rows.weight.dtype)
        self.update(ops, ops.asarray(rows.y, rows.y.dtype), ops.asarray(rows.target, rows.target.dtype), weight)

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """Add a batch of NumPy arrays and return the result so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def result(self) -> Any:
        """Return the value over all batches, 0 before the first one."""
        self._read()
        return self.finish(self._total / self._count) if self._count else 0.0

    def finish(self, mean: float) -> float:
        """Return the metric's value for ``mean``, the mean over all elements."""
        return mean

    def _read(self) -> None:
        state = vars(self)  # a batch is short, and __setattr__ would check each name
        for total, count in self._pending:
            state["_total"] += float(total)
            state["_count"] += float(count)
        self._pending.clear()

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """Return a copy of this metric without any batches, for a model with this output and ``loss``.

        Raises
        ------
        ValueError
            If metric and loss take other targets.
        """
        if target_shape(self.spec, output_shape) != target_shape(loss, output_shape):
            classes = described(loss) in ("labels", "targets in the output's shape")
            advice = "Take 'accuracy', which follows the loss, or another loss." if classes else "Leave the metric out."
            taken = described(self.spec), described(loss)
            raise ValueError(f"the metric {self.name} takes {taken[0]}, but the loss {loss.name} takes {taken[1]}. {advice}")
        metric = copy.copy(self)
        metric.reset_state()
        return metric

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, **{field: getattr(self.spec, field) for field in self.parameters}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a metric of the arguments that :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def check_dtype(dtype: Any) -> None:
    """Raise ValueError for a dtype that no metric has."""
    if dtype not in (None, "float32", "float64"):
        raise ValueError(f"a metric's dtype must be 'float32' or 'float64', and has no effect, got {dtype!r}. Leave it out.")
