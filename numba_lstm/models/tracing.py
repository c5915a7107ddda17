"""Tracing of custom models: their method ``call`` runs once, on symbolic tensors, and its calls of layers are the graph."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..layers import Input
from ..layers.base.graph.symbolic import FOLLOWS_MODEL, SymbolicTensor
from ..objects.subclassing import is_of_package
from ..ops.tracing import tracing


def symbolic_inputs(x: Any, *, any_steps: bool) -> Any:
    """Return symbolic tensors for ``x``, arrays or symbolic tensors in a list or a dict, or shapes with the batch axis.

    With ``any_steps`` sequences (N, T, D) may have any number of steps.
    """
    if isinstance(x, Mapping):
        return {key: symbolic_inputs(value, any_steps=any_steps) for key, value in x.items()}
    if isinstance(x, list) and x and not np.isscalar(x[0]) and np.ndim(x[0]) > 0 and hasattr(x[0], "shape"):
        return [symbolic_inputs(value, any_steps=any_steps) for value in x]
    if isinstance(x, tuple) and x and (hasattr(x[0], "shape") or isinstance(x[0], (tuple, list))):
        return tuple(symbolic_inputs(value, any_steps=any_steps) for value in x)
    if isinstance(x, SymbolicTensor):
        return x
    _, *sample = x if _is_shape(x) else np.shape(x)
    if any_steps and len(sample) == 2:
        sample[0] = None
    dtype = "int64" if not _is_shape(x) and np.asarray(x).dtype.kind in "iub" else None
    return Input(tuple(sample), dtype=dtype)


def _is_shape(x: Any) -> bool:
    return isinstance(x, (tuple, list)) and bool(x) and all(size is None or isinstance(size, (int, np.integer)) for size in x)


def trace(name: str, call: Callable[..., Any], inputs: Any) -> Any:
    """Return the outputs of ``call`` for symbolic ``inputs``.

    Raises
    ------
    TypeError
        Where the method needs values, with its line.
    """
    given: dict[str, Any] = {"training": FOLLOWS_MODEL, "mask": None}
    parameters = inspect.signature(call).parameters
    try:
        with tracing("graph"):
            return call(inputs, **{key: value for key, value in given.items() if key in parameters})
    except TypeError as error:
        line = _line(error)
        if line is None:
            raise
        raise TypeError(f"{name}.call cannot be traced into a graph ({line}): {error}") from error


def _line(error: BaseException) -> str | None:
    """Return the last line of code outside of this package through which an error came, with its text."""
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if not is_of_package(frame.f_globals.get("__name__", "")):
            summary = traceback.FrameSummary(frame.f_code.co_filename, number, frame.f_code.co_name)
            return f"line {number} of {frame.f_code.co_filename}: {summary.line}"
    return None
