"""Affine functions of features, ``(x - mean) / sqrt(variance)``, by the op of batch normalization with constant statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernels.contract import Array, Ops, Tape, Weight
from ...variables import Variable
from ..base import Backward, Forward

Host = npt.NDArray[Any]


class DerivedWeight:
    """A function of a variable, as a weight of ops. It follows the variable.

    Parameters
    ----------
    source : Variable
        The variable.
    function : function
        Returns the value for that of the variable.
    name : str
        Name of the function, one for all of the variable.
    """

    version = 0  #: it is never written

    def __init__(self, source: Variable, function: Callable[[Host], Host], name: str) -> None:
        self._source, self._function, self._name = source, function, name

    @property
    def fetch(self) -> Callable[[], Host] | None:
        """The function that fetches the value of the variable from a device."""
        return self._source.fetch

    @property
    def value(self) -> Host:
        """The value for the present one of the variable."""
        value: Host = self.prepared("value", lambda array: array)
        return value

    def prepared(self, form: str, make: Callable[[Host], Any]) -> Any:
        """Return ``make(value)``, cached until the variable changes."""
        return self._source.prepared(f"{self._name}: {form}", lambda array: make(np.ascontiguousarray(self._function(array))))

    def writable(self) -> Host:
        """Raise NotImplementedError: only the variable can be written."""
        raise NotImplementedError("a derived weight follows its variable. Assign to the variable.")

    def written(self) -> None:
        """Raise NotImplementedError, as :meth:`writable`."""
        self.writable()

    def written_as(self, form: str, made: Any, fetch: Callable[[Any], Host]) -> None:
        """Raise NotImplementedError, as :meth:`writable`."""
        self.writable()


def constant(value: float, size: int, dtype: str) -> Variable:
    """Return a weight of ``size`` equal numbers, which never changes."""
    return Variable(np.full(size, value, dtype), "constant", trainable=False)


def normalized(
    ops: Ops, x: Array, mean: Weight, variance: Weight, epsilon: float, *, mask: Array | None, training: bool
) -> Forward:
    """Compute ``(x - mean) / sqrt(variance + epsilon)`` for each feature of x (N, D) or (T, N, D)."""
    y, tape = ops.batch_norm_forward(x, None, None, mean, variance, epsilon, training=training)
    return Forward(y, mask=mask, tape=tape)


def input_gradient(ops: Ops, tape: Tape, dy: Array, need_dx: bool) -> Backward:
    """Compute the gradient of x alone."""
    return Backward(ops.batch_norm_backward(tape, dy, need_dx=True)[0] if need_dx else None)
