"""Metrics whose class has a method ``update_state`` of a user, and the variables of their states."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..inputs.target_shapes import is_sparse
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec

Host = npt.NDArray[Any]


class StateVariable(NDArrayOperatorsMixin):
    """Number or array that a metric keeps between batches, in float64, as those of Keras's ``add_variable``.

    Parameters
    ----------
    value : array
        The value after each reset.
    name : str, optional
        Of the variable.
    """

    def __init__(self, value: npt.ArrayLike, name: str | None = None) -> None:
        self._first = np.array(value, np.float64)
        self.name = name
        self.reset()

    @property
    def value(self) -> Host:
        """The value."""
        return self._value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self._value.shape

    def reset(self) -> None:
        """Assign the first value."""
        self._value = self._first.copy()

    def assign(self, value: npt.ArrayLike) -> None:
        """Assign a value of the variable's shape."""
        array = np.asarray(value, np.float64)
        if array.shape != self.shape:
            raise ValueError(f"the variable {self.name} has the shape {self.shape}, got {array.shape}. Reduce it first.")
        self._value = array.copy()

    def assign_add(self, value: npt.ArrayLike) -> None:
        """Add a value."""
        self.assign(self._value + np.asarray(value))

    def assign_sub(self, value: npt.ArrayLike) -> None:
        """Subtract a value."""
        self.assign(self._value - np.asarray(value))

    def numpy(self) -> Host:
        """Return a copy of the value."""
        return self._value.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Host:
        return np.array(self._value, dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [one._value if isinstance(one, StateVariable) else one for one in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    def __float__(self) -> float:
        return float(self._value)

    def __repr__(self) -> str:
        return f"<StateVariable name={self.name}, value={self._value}>"


def update_from_device(metric: Any, ops: Ops, y: Array, target: Array, weight: Array | None = None) -> None:
    """Add a batch of device arrays by ``metric.update_state`` of NumPy arrays, samples first."""
    turned = vars(metric).get("_labels", False) and len(target.shape) == 2
    outputs, targets = _samples_first(ops, y), _samples_first(ops, target)
    targets = targets.T if turned else targets
    if weight is None:
        metric.update_state(targets, outputs)
    else:
        metric.update_state(targets, outputs, sample_weight=np.array(ops.to_host(weight)).T)


def copy_for_output(metric: Any, output_shape: Sequence[int | None], loss: LossSpec) -> Any:
    """Return a copy of ``metric`` without any batches; the targets are those of the loss."""
    made = copy.deepcopy(metric)
    made.reset_state()
    vars(made)["_labels"] = is_sparse(loss)
    return made


def _samples_first(ops: Ops, x: Array) -> Host:
    host = np.array(ops.to_host(x))
    return host.swapaxes(0, 1) if host.ndim > 2 else host
