"""Metric: the base of all metrics, a mean over batches whose terms the device computes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy.typing as npt

from .. import initializers
from ..device import get_ops
from ..inputs.target_shapes import described, target_shape
from ..inputs.targets import as_rows
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec, MetricSpec
from ..naming.names import snake_case
from ..objects.subclassing import Settable, is_of_package, overridden
from .custom_states import StateVariable, copy_for_output, update_from_device

#: Batches whose numbers stay on the device before they are read: reading one may mean waiting for the device.
MAX_PENDING = 32

#: Methods that Keras's metrics override and these do not.
_NEVER_CALLED = dict.fromkeys(
    ("__call__", "merge_state", "stateless_update_state", "stateless_result"),
    "Override update_state(self, y_true, y_pred, sample_weight=None) and result(self), or finish(self, mean) for a function of "
    "the mean over all elements.",
)


class Metric(Settable):
    """Base class of all metrics, as ``keras.metrics.Metric``: the mean of a value over all batches since the last reset.

    A subclass may define ``update_state(self, y_true, y_pred, sample_weight=None)``, which takes NumPy arrays, samples first,
    and ``result(self)``. Its states are variables of :meth:`add_variable`, or attributes that ``reset_state`` sets.

    Parameters
    ----------
    spec : MetricSpec or LossSpec, optional
        The value that the metric op computes; None for a class with a method ``update_state``.
    name : str, optional
        The metric's key in a History. Default: the class in snake case.
    dtype : "float32" or "float64", optional
        Has no effect: sums are float64.
    """

    unsupported_methods = _NEVER_CALLED
    checked_methods = ("update", "result", "reset_state", "finish", "for_output")
    settable = frozenset({"name"})
    replacement = "Compile the model with another metric: {cls}({name}=...)."

    #: ``"min"`` if smaller values are better, else ``"max"``.
    direction: ClassVar[str] = "min"
    #: Fields of the spec that are arguments of the class.
    parameters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, spec: MetricSpec | LossSpec | None = None, name: str | None = None, dtype: Any = None) -> None:
        self.check_assigned_methods()
        check_dtype(dtype)
        has_states = "update_state" in overridden(type(self))
        if spec is None and not has_states:
            raise TypeError(f"{type(self).__name__} has no value. Define update_state(self, y_true, y_pred, sample_weight).")
        self.spec = MetricSpec("custom") if spec is None else spec
        self.name = snake_case(type(self).__name__) if name is None else name
        self._variables: list[StateVariable] = []
        if has_states:  # a reset_state of a user's may need what its constructor makes later
            methods = (vars(c)["reset_state"] for c in type(self).__mro__ if "reset_state" in vars(c))
            next(method for method in methods if is_of_package(method.__module__))(self)
        else:
            self.reset_state()

    @classmethod
    def check_class(cls) -> None:
        """Raise TypeError as the base class does, and for ``update_state`` without ``result``; let the class take batches."""
        super().check_class()
        found = overridden(cls)
        if "update_state" not in found:
            return
        if cls.result is Metric.result:
            raise TypeError(f"{cls.__name__} overrides update_state without result, which would not know it. Override both.")
        for name, function in (("update", update_from_device), ("for_output", copy_for_output)):
            if name not in found:
                setattr(cls, name, function)

    def add_variable(
        self, shape: Sequence[int] = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> StateVariable:
        """Return a new variable of the state, as Keras's method; each reset gives it the value of ``initializer`` again."""
        variable = StateVariable(initializers.get(initializer)(tuple(shape), "float64"), name)
        self._variables.append(variable)
        return variable

    add_weight = add_variable

    @property
    def variables(self) -> list[StateVariable]:
        """The variables of :meth:`add_variable`."""
        return list(self._variables)

    def reset_state(self) -> None:
        """Forget all batches."""
        self._pending: list[tuple[Any, Any]] = []
        self._total = self._count = 0.0
        for variable in self._variables:
            variable.reset()

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
