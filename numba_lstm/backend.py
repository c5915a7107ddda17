"""Functions of ``keras.backend``: settings, dtypes, variables, and the operations of :mod:`numba_lstm.ops` by older names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import ops
from .config import backend
from .naming.absent import absent
from .ops.symbolic import is_keras_tensor
from .system.defaults import epsilon, floatx, image_data_format, set_epsilon, set_floatx, set_image_data_format
from .utils import clear_session

__all__ = [
    "backend",
    "batch_get_value",
    "batch_set_value",
    "cast_to_floatx",
    "clear_session",
    "count_params",
    "epsilon",
    "eval",
    "floatx",
    "get_uid",
    "get_value",
    "image_data_format",
    "int_shape",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_value",
    "standardize_dtype",
]

#: Names of Keras 2 -> names in :mod:`numba_lstm.ops`, with the same arguments in the same places.
_RENAMED = {
    "permute_dimensions": "transpose",
    "pow": "power",
    "repeat_elements": "repeat",
    "reverse": "flip",
}
_uids: Counter[str] = Counter()


def get_uid(prefix: str = "") -> int:
    """Return how many times this function was called with ``prefix``."""
    _uids[prefix] += 1
    return _uids[prefix]


def get_value(x: Any) -> Any:
    """Return a variable, a learning rate or an array as NumPy has it: arrays are copied."""
    return x.numpy() if hasattr(x, "numpy") else np.array(x)


eval = get_value  #: Keras 2's name for symbolic tensors


def set_value(x: Any, value: Any) -> None:
    """Assign a value to a variable, or to the learning rate of an optimizer: ``set_value(optimizer.learning_rate, 0.1)``.

    Raises
    ------
    TypeError
        For anything else.
    """
    if not hasattr(x, "assign"):
        raise TypeError(f"set_value takes a variable or model.optimizer.learning_rate, got {type(x).__name__}.")
    x.assign(value)


def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """Return the values of variables."""
    return [get_value(tensor) for tensor in tensors]


def batch_set_value(tuples: Iterable[tuple[Any, Any]]) -> None:
    """Assign values to variables, given as pairs."""
    for variable, value in tuples:
        set_value(variable, value)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Return the shape of an array, a variable or a symbolic tensor."""
    return tuple(x.shape)


def count_params(x: Any) -> int:
    """Return the number of elements of an array or a variable."""
    return math.prod(x.shape)


def cast_to_floatx(x: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return an array of dtype :func:`floatx`."""
    return np.asarray(x, dtype=floatx())


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype, that of :func:`floatx` for None. Python's types are those of Keras: int is int32.

    Raises
    ------
    ValueError
        For anything but a dtype.
    """
    named = {None: floatx(), float: floatx(), int: "int32", bool: "bool", str: "string", "float": floatx(), "int": "int32"}
    try:
        return str(named[dtype]) if dtype in named else str(np.dtype(dtype))
    except TypeError as error:
        raise ValueError(f"unknown dtype {dtype!r:.60}. Give one of NumPy's names, as 'float32'.") from error


def is_float_dtype(dtype: Any) -> bool:
    """Return whether a dtype is one of floating numbers."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype: Any) -> bool:
    """Return whether a dtype is one of whole numbers."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


def result_type(*dtypes: Any) -> str:
    """Return the dtype of an operation on arrays of ``dtypes``: a floating one with whole numbers remains as it is.

    Without dtypes it is that of :func:`floatx`.
    """
    names = [standardize_dtype(dtype) for dtype in dtypes] or [floatx()]
    floats = [name for name in names if is_float_dtype(name)]
    return str(np.result_type(*(floats or names)))


def _operation(name: str) -> Any:
    """Return the operation of :mod:`numba_lstm.ops` for a name of Keras's backend, None if there is none."""
    target = _RENAMED.get(name, name)
    return vars(ops)[target] if target in ops.__all__ else None


if not TYPE_CHECKING:
    __getattr__ = absent(__name__, _operation)
