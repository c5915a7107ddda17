"""Initial values of weights, and their assignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def attribute_variables(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Variable]]:
    """Yield the variables in attributes, and in lists and dicts among them, with names: ``scales_0``."""
    for name, value in values.items():
        if isinstance(value, Variable):
            yield f"{prefix}{name}", value
        elif isinstance(value, (list, tuple)) and not name.startswith("_") and name not in ("variables", "sublayers"):
            yield from attribute_variables({str(k): entry for k, entry in enumerate(value[:1000])}, f"{prefix}{name}_")
        elif isinstance(value, Mapping) and not name.startswith("_"):
            yield from attribute_variables({str(key): entry for key, entry in value.items()}, f"{prefix}{name}_")


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
