"""Metrics: Keras's names and arguments, and running means over batches. The equations stand in the contract's ``metric``."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy.typing as npt

from . import serialization
from .absent import absent
from .device import get_ops
from .inputs import as_number
from .kernels.contract import Array, Ops
from .kernels.specs import LossSpec, MetricSpec
from .subclassing import Settable
from .targets import as_rows, is_sparse

__all__ = [
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "deserialize",
    "get",
    "serialize",
]

#: A device's numbers wait so long before they are read: reading one may mean waiting for the device.
PATIENCE = 32

_LOSSES = f"{__package__}.losses.functions"  #: the module of functions that are metrics by the same name


#: What Keras's metrics override and these do not: batches are counted on the device, by :meth:`Metric.update`.
_NEVER_CALLED = dict.fromkeys(
    ("update_state", "__call__", "merge_state", "stateless_update_state", "stateless_result"),
    "Override finish(self, mean) for a function of the mean over all elements, or compute the metric from model.predict(x) in "
    "on_epoch_end of a Callback.",
)
_NO_FUNCTION = "Take one of numba_lstm.metrics, or compute it from model.predict(x) in on_epoch_end of a Callback."


class Metric(Settable):
    """The base of all metrics, as ``keras.metrics.Metric``: the mean of a value over all batches since the last reset.

    Parameters
    ----------
    spec : MetricSpec
        What the metric op computes.
    name : str
        The key in a History.
    """

    never_called = _NEVER_CALLED
    called = ("update", "result", "reset_state", "finish", "for_output")
    settable = frozenset({"name"})
    remake = "Compile the model with another metric: {cls}({name}=...)."

    #: ``"min"`` or ``"max"``, whichever is better.
    direction: ClassVar[str] = "min"
    #: Fields of the spec that are arguments.
    parameters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, spec: MetricSpec, name: str) -> None:
        self.check_assigned()
        self.spec = spec
        self.name = name
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all batches."""
        self._pending: list[tuple[Any, Any]] = []
        self._total = self._count = 0.0

    def update(self, ops: Ops, y: Array, target: Array, weight: Array | None = None) -> None:
        """Take in a batch of device arrays."""
        self._pending.append(ops.metric(y, target, self.spec, weight=weight))
        if len(self._pending) >= PATIENCE:
            self._read()

    def update_state(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        """Take in a batch of NumPy arrays (N, C) or (N, T, C).

        Raises
        ------
        TypeError, ValueError
            For shapes that do not fit, and for anything but real numbers.
        """
        ops, rows = get_ops(), as_rows(y_true, y_pred, self.spec, sample_weight)
        weight = None if rows.weight is None else ops.asarray(rows.weight, rows.weight.dtype)
        self.update(ops, ops.asarray(rows.y, rows.y.dtype), ops.asarray(rows.target, rows.target.dtype), weight)

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """Take in a batch of NumPy arrays, and answer the result so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def result(self) -> float:
        """The value over all batches; 0 before the first one."""
        self._read()
        return self.finish(self._total / self._count) if self._count else 0.0

    def finish(self, mean: float) -> float:
        """The metric's value for the mean over all elements."""
        return mean

    def _read(self) -> None:
        own = vars(self)  # a batch is short, and __setattr__ would check each name
        for total, count in self._pending:
            own["_total"] += float(total)
            own["_count"] += float(count)
        self._pending.clear()

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """A metric like this one that has seen nothing, for targets that ``loss`` takes too.

        Raises
        ------
        ValueError
            Where only one of the two takes labels.
        """
        if is_sparse(self.spec) != is_sparse(loss):
            takes = {True: "labels", False: "targets in the output's shape"}
            raise ValueError(
                f"the metric {self.name} takes {takes[is_sparse(self.spec)]}, but the loss {loss.name} "
                f"takes {takes[is_sparse(loss)]}. Take 'accuracy', which follows the loss, or another loss."
            )
        twin = copy.copy(self)
        twin.reset_state()
        return twin

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal metric, as JSON values."""
        return {"name": self.name, **{field: getattr(self.spec, field) for field in self.parameters}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A metric of :meth:`get_config`'s arguments."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class MeanSquaredError(Metric):
    """``mean (y - target)^2``, as ``keras.metrics.MeanSquaredError``."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("mean_squared_error"), name)


class RootMeanSquaredError(Metric):
    """``sqrt(mean (y - target)^2)``, the mean over all batches, as ``keras.metrics.RootMeanSquaredError``."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("mean_squared_error"), name)

    def finish(self, mean: float) -> float:
        """The root."""
        return math.sqrt(mean)


class MeanAbsoluteError(Metric):
    """``mean |y - target|``, as ``keras.metrics.MeanAbsoluteError``."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("mean_absolute_error"), name)


class BinaryAccuracy(Metric):
    """The share of outputs on their target's side of ``threshold``, as ``keras.metrics.BinaryAccuracy``.

    Parameters
    ----------
    name : str
        The key in a History.
    dtype : "float32" or "float64", optional
        Taken without effect, by all metrics: sums are float64.
    threshold : float
        Larger outputs count as 1, others as 0.
    """

    direction = "max"
    parameters = ("threshold",)

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("binary_accuracy", as_number(threshold, "threshold")), name)


class CategoricalAccuracy(Metric):
    """The share of rows whose largest output is at the one-hot target's one, as ``keras.metrics.CategoricalAccuracy``."""

    direction = "max"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("categorical_accuracy"), name)


class SparseCategoricalAccuracy(Metric):
    """The share of rows whose largest output is at the label, as ``keras.metrics.SparseCategoricalAccuracy``."""

    direction = "max"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("sparse_categorical_accuracy"), name)


class DeferredAccuracy(CategoricalAccuracy):
    """``"accuracy"`` before the model's output is known: binary, categorical or sparse, as Keras chooses it."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name)

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """Sparse beside a loss that takes labels, else binary for outputs of one unit, else categorical."""
        if is_sparse(loss):
            return SparseCategoricalAccuracy(self.name)
        return BinaryAccuracy(self.name) if output_shape[-1] == 1 else CategoricalAccuracy(self.name)


def _check_dtype(dtype: Any) -> None:
    if dtype not in (None, "float32", "float64"):
        raise ValueError(f"a metric's dtype must be 'float32' or 'float64', and has no effect, got {dtype!r}. Leave it out.")


#: Class names, Keras's names and short names.
METRICS: dict[str, type[Metric]] = {
    "MeanSquaredError": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "RootMeanSquaredError": RootMeanSquaredError,
    "root_mean_squared_error": RootMeanSquaredError,
    "rmse": RootMeanSquaredError,
    "RMSE": RootMeanSquaredError,
    "MeanAbsoluteError": MeanAbsoluteError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "BinaryAccuracy": BinaryAccuracy,
    "binary_accuracy": BinaryAccuracy,
    "CategoricalAccuracy": CategoricalAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "SparseCategoricalAccuracy": SparseCategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "DeferredAccuracy": DeferredAccuracy,
    "accuracy": DeferredAccuracy,
    "acc": DeferredAccuracy,
}


def get(identifier: Any) -> Metric:
    """A metric by name (which becomes its key), as a function of the losses, as a dict (:func:`serialize`) or as an object.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest one that is known.
    TypeError
        For anything else.
    """
    if getattr(identifier, "__module__", None) == _LOSSES:
        identifier = identifier.__name__
    if inspect.isfunction(identifier):
        raise TypeError(f"the function {identifier.__name__!r} cannot be a metric. {_NO_FUNCTION}")
    name = identifier
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        identifier = "accuracy"  # in any case, as Keras takes it
    metric = serialization.get(identifier, METRICS, "metric", Metric)
    if isinstance(name, str):
        metric.name = name
    return metric


def serialize(metric: Metric) -> dict[str, Any]:
    """A metric as a dict of its class name and config."""
    return serialization.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, type[Metric]] | None = None) -> Metric:
    """What :func:`serialize` made a dict of; ``custom_objects`` has classes of your own by name."""
    return serialization.get(config, {**METRICS, **(custom_objects or {})}, "metric", Metric)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
