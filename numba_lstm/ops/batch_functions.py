"""BatchFunction: a user's function of the targets and the outputs of a batch, as programs with a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ..kernels.contract import Array, Ops
from ..naming.names import name_of
from .elementwise import multiply
from .program import Program, user_axes
from .reducing import mean, reduced
from .shaping import reshape
from .tensor import Tensor, TensorShapeError, as_tensor
from .tracing import input_like, traced

#: Programs of a function that are kept.
MAX_PROGRAMS = 16

Reduction = Callable[[Tensor, Tensor | None], Sequence[Tensor]]


class DeviceNumber:
    """A number on a device, in an array (1,). ``float()`` reads it."""

    def __init__(self, ops: Ops, array: Array) -> None:
        self._ops, self._array = ops, array

    def __float__(self) -> float:
        return float(self._ops.to_host(self._array)[0])


class BatchFunction:
    """A function ``f(y_true, y_pred)`` whose values are reduced to numbers.

    Parameters
    ----------
    function : callable
        Uses :mod:`numba_lstm.ops`.
    role : str
        What it is in errors, as ``"the loss"``.
    reduction : callable
        ``reduction(values, weight)`` returns tensors without axes for the function's values and the weights (N,) or (N, T), or
        None.
    """

    def __init__(self, function: Callable[..., Any], role: str, reduction: Reduction) -> None:
        self.function, self._role, self._reduction = function, role, reduction
        self._programs: dict[Any, Program] = {}

    def __call__(
        self, ops: Ops, y: Array, target: Array, weight: Array | None, *, gradient: bool = False, labels: bool = False
    ) -> tuple[list[DeviceNumber], Array | None]:
        """Return the numbers of a batch of device arrays, and with ``gradient`` that of the first with respect to y.

        ``labels`` says that a target (T, N) is time-major, as the labels of sequences are.
        """
        turned = labels and len(target.shape) == 2
        arrays = [ops.permute(target, (1, 0)) if turned else user_axes(ops, target), user_axes(ops, y)]
        if weight is not None:
            arrays.append(ops.permute(weight, (1, 0)) if len(weight.shape) == 2 else weight)
        dtype = np.dtype(y.dtype).name
        key = dtype, np.dtype(target.dtype).kind, tuple(tuple(x.shape) for x in arrays)
        program = self._programs.get(key)
        if program is None:
            if len(self._programs) >= MAX_PROGRAMS:
                self._programs.clear()
            program = self._programs[key] = self._traced(*key)
        outputs, tape = program.forward(ops, arrays, training=gradient)
        dy = None
        if gradient:
            one = ops.asarray(np.ones((1,), dtype), dtype)
            others = [None] * (len(outputs) - 1)
            found = program.backward(ops, tape, [one, *others], [False, True, *[False] * (len(arrays) - 2)])
            assert found[1] is not None
            dy = ops.dense(user_axes(ops, found[1]))
        return [DeviceNumber(ops, x) for x in outputs], dy

    def _traced(self, dtype: str, kind: str, shapes: Sequence[tuple[int, ...]]) -> Program:
        inputs = [input_like(shapes[0], kind), *(input_like(shape) for shape in shapes[1:])]
        values = self.values(*inputs[:2])
        numbers = [reshape(x, (1,)) for x in self._reduction(values, inputs[2] if len(inputs) > 2 else None)]
        return Program(inputs, numbers, [False, True, *[False] * (len(inputs) - 2)], dtype)

    def values(self, target: Tensor, y: Tensor) -> Tensor:
        """Return what the function returns for tensors."""
        if target.ndim == y.ndim - 1 and y.shape[-1] == 1 and target.shape == y.shape[:-1]:
            target = reshape(target, y.shape)
        values = traced(self.function, [target, y], self._role)
        if not isinstance(values, (Tensor, int, float, np.ndarray)):
            found = type(values).__name__
            raise TypeError(f"{self._role} {name_of(self.function)!r} must return an array or a number, got {found}.")
        return as_tensor(values)

    def check(self, output_shape: Sequence[int | None]) -> None:
        """Trace the function for an output of this shape, and targets like it, whose unknown sizes are made up.

        Raises
        ------
        TypeError
            For what cannot be traced, whatever the shapes are.
        """
        shape = tuple(3 if size is None else size for size in output_shape)
        with suppress(TensorShapeError):  # targets may have another shape
            self.values(input_like(shape), input_like(shape))


def weighted(values: Tensor, weight: Tensor | None) -> Tensor:
    """Return values times weights (N,) or (N, T), which are averaged over axes that the values do not have."""
    if weight is None:
        return values
    while weight.ndim > values.ndim:
        weight = mean(weight, -1)
    product: Tensor = multiply(values, reshape(weight, (*weight.shape, *(1,) * (values.ndim - weight.ndim))))
    return product


def mean_loss(values: Tensor, weight: Tensor | None) -> list[Tensor]:
    """Return the mean of the weighted values."""
    return [mean(weighted(values, weight))]


def sum_and_count(values: Tensor, weight: Tensor | None) -> list[Tensor]:
    """Return the sum of the weighted values, each a mean over axes without weights, and the sum of the weights."""
    axes = tuple(range(1 if weight is None else weight.ndim, values.ndim))
    rows = mean(values, axes) if axes and values.ndim else values
    weights = as_tensor(np.ones(rows.shape)) if rows.ndim and weight is None else weight
    if not rows.ndim:
        return [rows, as_tensor(1.0)]
    assert weights is not None
    while weights.ndim > rows.ndim:
        weights = mean(weights, -1)
    return [reduced(multiply(rows, weights), "sum", None, False), reduced(weights, "sum", None, False)]
