"""Assign the arrays of a file to a model's variables by name: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.errors import FileFormatError
from ....files.message_lists import describe_difference
from ....variables import Variable

Array = npt.NDArray[Any]


def assign(variables: Mapping[str, Variable], arrays: Mapping[str, Array], skip_mismatch: bool = False) -> set[str]:
    """Assign each variable the array of its name: all variables, or none.

    Parameters
    ----------
    variables, arrays : mapping
        By the same names, such as ``layer/0``.
    skip_mismatch : bool
        Skip the layers that do not fit.

    Returns
    -------
    set of str
        The skipped layers.

    Raises
    ------
    FileFormatError
        If names, shapes or dtypes differ; nothing changes then.
    """
    skipped = _mismatched_layers(variables, arrays) if skip_mismatch else set()
    if skipped:
        variables = {name: value for name, value in variables.items() if _layer_of(name) not in skipped}
        arrays = {name: value for name, value in arrays.items() if _layer_of(name) not in skipped}
    if difference := describe_difference(variables.keys(), arrays.keys()):
        raise FileFormatError(f"its weights are not those of the model; {difference}.")
    for name, variable in variables.items():
        array = arrays[name]
        if array.shape != variable.shape or _kind(array.dtype) != _kind(variable.dtype):
            raise FileFormatError(
                f"its weight {name!r:.100} has shape {array.shape} and dtype {array.dtype}, "
                f"but the model needs {variable.shape} and {variable.dtype}."
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return skipped


def _mismatched_layers(variables: Mapping[str, Variable], arrays: Mapping[str, Array]) -> set[str]:
    """The layers whose weights differ between the file and the model."""
    expected = {name: (variable.shape, _kind(variable.dtype)) for name, variable in variables.items()}
    actual = {name: (array.shape, _kind(array.dtype)) for name, array in arrays.items()}
    return {_layer_of(name) for name, _ in expected.items() ^ actual.items()}


def _kind(dtype: np.dtype[Any]) -> Any:
    """Return a dtype, one for all of whole numbers: backends of Keras have their counts in different ones."""
    return "int" if dtype.kind == "i" else dtype


def _layer_of(name: str) -> str:
    return name.rpartition("/")[0].removesuffix("/vars")


def in_order(arrays: Mapping[str, Array], prefix: str) -> Sequence[Array]:
    """Return the arrays ``<prefix>/0``, ``<prefix>/1``, ... in order."""
    names = [name for name in arrays if name.startswith(f"{prefix}/")]
    expected = [f"{prefix}/{index}" for index in range(len(names))]
    if set(names) != set(expected):
        raise FileFormatError(f"its arrays in {prefix!r} are not numbered from 0 on.")
    return [arrays[name] for name in expected]
