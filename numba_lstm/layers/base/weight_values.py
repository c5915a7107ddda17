"""Initial values of weights, and their assignment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ... import initializers
from ...inputs import as_numbers, as_real
from ...variables import Variable


def initial_value(initializer: Any, shape: int | Sequence[int] | None, dtype: str) -> npt.NDArray[Any]:
    """Return an array of ``shape`` from an initializer, its name, or a function of shape and dtype."""
    size = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    is_function = callable(initializer) and not isinstance(initializer, (type, initializers.Initializer))
    make = initializer if is_function else initializers.get("glorot_uniform" if initializer is None else initializer)
    value = as_numbers(make(size, dtype), f"the result of the initializer {make!r}")
    if value.shape != size:
        raise ValueError(f"the initializer {make!r} returns shape {value.shape}, where {size} was asked for.")
    return value


def assign_all(owner: str, variables: Sequence[Variable], values: Sequence[npt.ArrayLike]) -> None:
    """Assign ``values`` to ``variables``; raise ValueError for a wrong number or shape, before any is assigned."""
    if len(values) != len(variables):
        raise ValueError(f"{owner} has {len(variables)} weights, got {len(values)} arrays. Give one array a weight.")
    arrays = [as_real(value, variable.path) for variable, value in zip(variables, values, strict=True)]
    for variable, array in zip(variables, arrays, strict=True):
        if array.shape != variable.shape:
            raise ValueError(f"{variable.path} has shape {variable.shape}, got {array.shape}. Nothing was changed.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
