"""Validation of arguments of layers: names, dtypes, shapes, and unknown arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...inputs import as_count
from ...naming.spelling import nearest_argument

Shape = tuple[int | None, ...]  #: Keras's shapes: (None, T, D), None where any size fits
MAX_NAME = 255  #: letters of a layer's or a model's name


def refuse(cls: type, arguments: Mapping[str, Any], later: Mapping[str, Any]) -> None:
    """Raise TypeError if ``arguments`` that no parameter took name anything but a Keras argument at its default.

    ``later`` holds the Keras arguments that ``cls`` does not have yet, with those defaults.
    """
    for name, value in arguments.items():
        if name not in later:
            if name == "weights":
                raise TypeError(f"{cls.__name__} has no argument 'weights'. Call layer.set_weights([...]) when it is built.")
            raise TypeError(f"{cls.__name__} has no argument {name!r}{nearest_argument(name, _parameters(cls))}")
        if value != later[name]:
            raise TypeError(f"{cls.__name__} does not take {name!r} yet, got {value!r}. Leave it out.")


def _parameters(cls: type) -> Iterable[str]:
    for ancestor in cls.__mro__[:-1]:
        if "__init__" in vars(ancestor):  # inspect compiles text for a class that has object's, and a file may get here
            for parameter in list(inspect.signature(vars(ancestor)["__init__"]).parameters.values())[1:]:
                if parameter.kind is not parameter.VAR_KEYWORD:
                    yield parameter.name


def check_name(name: Any) -> str:
    """Return ``name`` if it is a string without ``/``, which separates the levels of a variable's path."""
    if not isinstance(name, str) or not name or "/" in name:
        raise ValueError(f"a name must be a string without '/', got {name!r:.100}.")
    if len(name) > MAX_NAME:  # each weight has a path with it
        raise ValueError(f"a name has up to {MAX_NAME} letters, got {name[:40]!r}... of {len(name):,}. Give a shorter one.")
    return name


def check_data_format(cls: type, data_format: Any) -> None:
    """Raise ValueError unless features are the last axis."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"{cls.__name__}'s data_format must be 'channels_last', got {data_format!r}: features are the last axis."
        )


def check_dtype(dtype: Any) -> str:
    """Return the name of ``dtype``, ``"float32"`` or ``"float64"``; raise TypeError for any other dtype."""
    name = str(named_dtype(dtype))
    if name not in ("float32", "float64"):
        raise TypeError(f"dtype must be 'float32' or 'float64', got {dtype!r}.")
    return name


def named_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the NumPy dtype that ``dtype`` names; ``object`` if it names none.

    It may come from a file, and NumPy evaluates a text such as ``"2f4"`` or the formats of a dict: only one word, a type or a
    dtype is handed to it.
    """
    if isinstance(dtype, (np.dtype, type)) or (isinstance(dtype, str) and dtype.isidentifier()):
        try:
            return np.dtype(dtype)
        except TypeError:
            pass
    return np.dtype(object)


def as_shape(shape: Sequence[int | None]) -> Shape:
    """Return ``shape`` as a tuple of whole numbers of at least 1, None where any size fits."""
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
        raise TypeError(f"a shape must be a tuple, got {shape!r}. Write (time, features), or (features,) for one axis.")
    for size in shape:
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1):
            raise ValueError(f"a shape must hold whole numbers of at least 1, or None where any size fits, got {tuple(shape)}.")
    return tuple(None if size is None else int(size) for size in shape)


def batch_shape_of(input_shape: Any = None, input_dim: Any = None, batch_input_shape: Any = None) -> Shape | None:
    """Return the input's shape, batch axis first, from one of Keras's three arguments; None if none is given.

    Raises
    ------
    TypeError, ValueError
        For more than one of them, and for what is no shape.
    """
    given = {"input_shape": input_shape, "input_dim": input_dim, "batch_input_shape": batch_input_shape}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise ValueError(f"{' and '.join(names)} say the same thing. Give input_shape=(time, features) alone.")
    if batch_input_shape is not None:
        return as_shape(batch_input_shape)
    if input_dim is not None:
        return (None, as_count(input_dim, "input_dim"))
    return None if input_shape is None else (None, *as_shape(input_shape))
