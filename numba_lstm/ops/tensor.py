"""Tensor: a symbolic array, the result of an operation on others, with its shape and kind."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..kernels.formulas import TRIGONOMETRIC

Shape = tuple[int, ...]

#: Operations on each element: one that follows another needs no array between them.
ELEMENTWISE = frozenset(
    {
        *("copy", "add", "subtract", "multiply", "divide", "negative", "absolute", "reciprocal", "square", "sqrt", "power"),
        *("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sign", "maximum", "minimum", "where"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
        *TRIGONOMETRIC,
    }
)
COMPARISONS = frozenset({"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"})


#: The functions by name, and the one of indexing, which the package fills in.
FUNCTIONS: dict[str, Callable[..., Any]] = {}


class Operand:
    """Base class of what has a tensor or an array in its place where functions compute, as a variable has."""

    @property
    def operand(self) -> Any:
        """The tensor or the array."""
        raise NotImplementedError


class UntraceableError(TypeError):
    """A function does what a program cannot record."""


class TensorShapeError(UntraceableError):
    """A function does not fit the shapes of its arguments."""


class Tensor(NDArrayOperatorsMixin):
    """A symbolic array, with batch axis first. Operators, indexing and the functions of this package record operations.

    Parameters
    ----------
    operation : str
        One of :data:`ELEMENTWISE`, ``input``, ``constant``, ``array``, a view, a reduction, ``matmul``, ``softmax``, ``join``,
        ``row_order``, ``take_elements``, ``add_elements``, ``keep``, ``noise`` or ``normal``.
    operands : tuple of Tensor
        What the operation is applied to.
    detail : object
        Axes, slices or values of the operation.
    shape : tuple of int
        All sizes are known.
    kind : str
        ``"f"`` for numbers, ``"b"`` for truth values, ``"i"`` for whole numbers.
    """

    __slots__ = ("broadcasts", "detail", "kind", "operands", "operation", "shape")

    def __init__(self, operation: str, operands: tuple[Tensor, ...], detail: Any, shape: Shape, kind: str = "f") -> None:
        self.operation, self.operands, self.detail, self.shape, self.kind = operation, operands, detail, shape, kind
        self.broadcasts: dict[Shape, Tensor] = {}  #: this tensor in other shapes, each of which is one tensor

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> str:
        """``"bool"`` for truth values, ``"int64"`` for whole numbers, else ``"float32"``, whatever the model computes in."""
        return {"b": "bool", "i": "int64"}.get(self.kind, "float32")

    @property
    def is_constant(self) -> bool:
        """Whether all elements are one known number."""
        return self.operation == "constant"

    def __getitem__(self, index: Any) -> Tensor:
        taken: Tensor = FUNCTIONS["_take_index"](self, index)
        return taken

    def __len__(self) -> int:
        return self.shape[0]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise UntraceableError(f"np.{ufunc.__name__} with options cannot be traced. Write numba_lstm.ops.{ufunc.__name__}.")
        return _function(ufunc.__name__)(*inputs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, options: Any) -> Any:
        return _function(function.__name__)(*args, **options)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise UntraceableError("NumPy needs its values, which do not exist yet. Write it with numba_lstm.ops.")

    def __bool__(self) -> NoReturn:
        raise UntraceableError("it branches on values (if, and, or, min, max), which do not exist yet. Write ops.where.")

    def __float__(self) -> NoReturn:
        raise UntraceableError("it needs a number, which does not exist yet. Write ops.exp in place of math.exp.")

    __int__ = __index__ = __float__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Tensor {self.operation} shape={self.shape}>"


#: NumPy's name -> the name here, where they differ.
NAMES = {"true_divide": "divide", "amax": "max", "amin": "min", "permute_dims": "transpose", "invert": "logical_not",
          "bitwise_and": "logical_and", "bitwise_or": "logical_or", "fabs": "absolute", "rint": "round",
          "around": "round", "remainder": "mod"}  # fmt: skip


def _function(name: str) -> Callable[..., Any]:
    """Return the function of this package for a function of NumPy."""
    found = FUNCTIONS.get(NAMES.get(name, name))
    if found is None:
        raise UntraceableError(
            f"np.{name} cannot be traced. Use the functions of numba_lstm.ops: {', '.join(sorted(FUNCTIONS)[1:])}."
        )
    return found


def is_traced(*values: Any) -> bool:
    """Return whether any of the values is a tensor, or a sequence with one."""
    return any(isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and is_traced(*value)) for value in values)


def as_tensor(value: Any) -> Tensor:
    """Return a tensor, a number as a constant, or the values of an array."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Operand):
        return as_tensor(value.operand)
    if isinstance(value, (bool, np.bool_)):
        return Tensor("constant", (), float(value), (), "b")
    if isinstance(value, numbers.Real):
        return Tensor("constant", (), float(value), ())
    if isinstance(value, (list, tuple)) and is_traced(*value):
        stacked: Tensor = FUNCTIONS["stack"](value)
        return stacked
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise UntraceableError(f"it computes with {type(value).__name__}, where only arrays and numbers can be.")
    if array.ndim == 0:
        return as_tensor(array.item())
    kind = "i" if array.dtype.kind == "u" else array.dtype.kind
    return Tensor("array", (), array.astype(np.int64) if kind == "i" else array, array.shape, kind)


def constant(value: float, shape: Shape) -> Tensor:
    """Return a tensor whose elements all are one number."""
    return Tensor("constant", (), float(value), shape)


def broadcast(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Return x in a shape by NumPy's rules."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    if x.is_constant:
        return Tensor("constant", (), x.detail, shape, x.kind)
    if np.broadcast_shapes(x.shape, shape) != shape:
        raise TensorShapeError(f"an array of shape {x.shape} cannot be broadcast to {shape}.")
    return x.broadcasts.setdefault(shape, Tensor("broadcast", (x,), shape, shape, x.kind))


def elementwise(operation: str, *values: Any) -> Tensor:
    """Record an operation on the elements of tensors, arrays and numbers, which are broadcast."""
    operands = [as_tensor(value) for value in values]
    try:
        shape = np.broadcast_shapes(*(x.shape for x in operands))
    except ValueError:
        shapes = " and ".join(str(x.shape) for x in operands)
        raise TensorShapeError(f"{operation} takes arrays that can be broadcast, got shapes {shapes}.") from None
    known = _simplified(operation, operands, shape)
    if known is not None:
        return known
    kind = "b" if operation in COMPARISONS else "f"
    return Tensor(operation, tuple(broadcast(x, shape) for x in operands), None, shape, kind)


#: Operations on numbers that are no functions of NumPy.
_OF_NUMBERS: dict[str, Callable[[float], float]] = {
    "copy": float,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "erf": math.erf,
    "erfc": math.erfc,
}


def _simplified(operation: str, operands: list[Tensor], shape: Shape) -> Tensor | None:
    """Return the result of arithmetic with constants where it needs no operation."""
    if all(x.is_constant for x in operands):
        numbers_ = [x.detail for x in operands]
        with np.errstate(all="ignore"):
            function = _OF_NUMBERS.get(operation) or getattr(np, operation)
            return constant(float(function(*numbers_)), shape)
    if operation in ("add", "multiply"):
        neutral = 0.0 if operation == "add" else 1.0
        for x, other in ((operands[0], operands[1]), (operands[1], operands[0])):
            if x.is_constant and x.detail == neutral and other.shape == shape and other.kind == "f":
                return other
            if operation == "multiply" and x.is_constant and x.detail == 0:
                return constant(0.0, shape)
    return None
