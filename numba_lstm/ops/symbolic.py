"""Functions of this package on symbolic tensors of a graph: each call becomes a layer of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .tensor import NAMES, Operand

#: Makes the layer of a call: a function of the function's name, its arguments and its options. The package of layers sets it.
MAKERS: list[Callable[[str, tuple[Any, ...], Mapping[str, Any]], Any]] = []


class SymbolicOperand(NDArrayOperatorsMixin):
    """Base class of symbolic tensors, whose operators and indexing are functions of this package."""

    shape: tuple[int | None, ...]

    __hash__ = object.__hash__
    __eq__ = object.__eq__  # tensors are compared by identity
    __ne__ = object.__ne__

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise TypeError(f"np.{ufunc.__name__} with options has no layer. Write numba_lstm.ops.{ufunc.__name__}.")
        return MAKERS[0](NAMES.get(ufunc.__name__, ufunc.__name__), inputs, {})

    def __getitem__(self, index: Any) -> Any:
        return MAKERS[0]("_take_index", (self, index), {})


def with_symbolic_operands(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that also takes symbolic tensors and variables."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        arguments = tuple(_operand(value) for value in arguments)
        options = {key: _operand(value) for key, value in options.items()}
        if has_symbolic([*arguments, *options.values()]):
            if name in ("shape", "ndim", "is_tensor"):
                shape = arguments[0].shape
                return True if name == "is_tensor" else shape if name == "shape" else len(shape)
            if name in ("split", "unstack") and isinstance(arguments[0], SymbolicOperand):
                return _pieces(*arguments, **options) if name == "split" else _slices(*arguments, **options)
            return _largest(*arguments, **options) if name == "top_k" else MAKERS[0](name, arguments, options)
        return function(*arguments, **options)

    return call


def _pieces(x: SymbolicOperand, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return the pieces of a symbolic tensor along an axis of known size, each by a layer of its own."""
    n = _known_size(x, axis)
    if isinstance(indices_or_sections, int):
        if n % indices_or_sections:
            raise ValueError(f"split takes an axis of a multiple of {indices_or_sections} elements, got {n}. Give indices.")
        indices = [n * k // indices_or_sections for k in range(1, indices_or_sections)]
    else:
        indices = list(indices_or_sections)
    before = (slice(None),) * (axis % len(x.shape))
    return [x[(*before, slice(*limits))] for limits in zip([0, *indices], [*indices, n], strict=True)]


def _slices(x: SymbolicOperand, num: int | None = None, axis: int = 0) -> list[Any]:
    """Return the slices of a symbolic tensor along an axis of known size, without it, each by a layer of its own."""
    before = (slice(None),) * (axis % len(x.shape))
    return [x[(*before, k)] for k in range(_known_size(x, axis))]


def _largest(x: SymbolicOperand, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """Return the largest elements of the last axis of a symbolic tensor and their indices, each by a layer of its own."""
    n = _known_size(x, len(x.shape) - 1)
    if not 0 < k <= n:
        raise ValueError(f"top_k takes k from 1 to the size of the last axis, {n}, got {k}.")
    places = MAKERS[0]("argsort", (MAKERS[0]("negative", (x,), {}),), {"axis": -1})[..., :k]
    return MAKERS[0]("take_along_axis", (x, places), {"axis": -1}), places


def _known_size(x: SymbolicOperand, axis: int) -> int:
    size = x.shape[axis] if axis % len(x.shape) else None
    if size is None:
        raise ValueError(f"a graph is cut along an axis of known size, got axis {axis} of shape {x.shape}. Take another axis.")
    return size


def _operand(value: Any) -> Any:
    """Return what a variable stands for, also in a list or a tuple; other values as they are."""
    if isinstance(value, Operand):
        return value.operand
    if isinstance(value, (list, tuple)) and any(isinstance(entry, Operand) for entry in value[:16]):
        return [_operand(entry) for entry in value]
    return value


def is_keras_tensor(x: Any) -> bool:
    """Return whether x is a symbolic tensor of a graph, as ``keras.utils.is_keras_tensor``."""
    return isinstance(x, SymbolicOperand)


def has_symbolic(values: Iterable[Any]) -> bool:
    """Return whether any of ``values``, or of the entries of a list or tuple among them, is a symbolic tensor."""
    return any(
        isinstance(value, SymbolicOperand) or (isinstance(value, (list, tuple)) and has_symbolic(value[:16]))
        for value in values
    )
