"""ONNX operators in NumPy: arithmetic, comparisons, reductions, padding (onnx, Operators.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from . import shapes
from .call import Call

Host = npt.NDArray[Any]

MODES = ("constant", "reflect", "edge")


def unary(function: Callable[[Host], Host]) -> Callable[[Call], Sequence[Host]]:
    """Make an operator of one input."""

    def run(call: Call) -> Sequence[Host]:
        with np.errstate(all="ignore"):
            x = call.require(0)
            return [np.asarray(function(x)).astype(x.dtype, copy=False)]

    return run


def binary(function: Callable[[Host, Host], Host]) -> Callable[[Call], Sequence[Host]]:
    """Make an operator of two inputs whose shapes broadcast."""

    def run(call: Call) -> Sequence[Host]:
        a, b = call.require(0), call.require(1)
        call.check_size(np.broadcast_shapes(a.shape, b.shape))
        with np.errstate(all="ignore"):
            return [np.asarray(function(a, b))]

    return run


def several(function: np.ufunc) -> Callable[[Call], Sequence[Host]]:
    """Make an operator of any number of inputs whose shapes broadcast."""

    def run(call: Call) -> Sequence[Host]:
        arrays = [call.require(index) for index in range(len(call.inputs))]
        call.check_size(np.broadcast_shapes(*(array.shape for array in arrays)))
        return [np.asarray(reduce(function, arrays))]

    return run


def divide(a: Host, b: Host) -> Host:
    """Divide; whole numbers are rounded towards zero."""
    if a.dtype.kind not in "iu":
        return np.asarray(a / b)
    if not np.all(b):
        raise ValueError("divides whole numbers by 0.")
    quotient = np.abs(a) // np.abs(b)
    return np.asarray(np.where((a < 0) ^ (b < 0), -quotient, quotient)).astype(a.dtype)


def power(a: Host, b: Host) -> Host:
    """``a ** b``, in the dtype of a."""
    return np.asarray(np.power(a, b)).astype(a.dtype)


def remainder(call: Call) -> Sequence[Host]:
    """Mod: the remainder with the sign of the divisor, or with ``fmod`` that of the dividend."""
    a, b = call.require(0), call.require(1)
    call.check_size(np.broadcast_shapes(a.shape, b.shape))
    if b.dtype.kind in "iu" and not np.all(b):
        raise ValueError("divides whole numbers by zero.")
    return [np.asarray(np.fmod(a, b) if call.attributes.get("fmod", 0) else np.mod(a, b))]


def where(call: Call) -> Sequence[Host]:
    """Where."""
    condition, a, b = (call.require(index) for index in range(3))
    call.check_size(np.broadcast_shapes(condition.shape, a.shape, b.shape))
    return [np.where(condition, a, b)]


def clip(call: Call) -> Sequence[Host]:
    """Clip: bounds are attributes up to opset 10, inputs later."""
    low = call.attributes.get("min") if call.opset < 11 else call.get(1)
    high = call.attributes.get("max") if call.opset < 11 else call.get(2)
    x = call.require(0)
    x = x if low is None else np.maximum(x, np.asarray(low, x.dtype))
    return [x if high is None else np.minimum(x, np.asarray(high, x.dtype))]


def reduction(function: Callable[..., Any]) -> Callable[[Call], Sequence[Host]]:
    """Make a reduction over axes, which are an attribute in older opsets and an input in newer ones."""

    def run(call: Call) -> Sequence[Host]:
        x = call.require(0)
        axes = reduced_axes(call.get(1), call.attributes, x.ndim)
        y = function(x, axis=axes, keepdims=bool(call.attributes.get("keepdims", 1))) if axes else x
        return [np.asarray(y).astype(x.dtype, copy=False)]

    return run


def reduced_axes(given: Host | None, attributes: dict[str, Any], rank: int) -> tuple[int, ...]:
    """Return the axes of a reduction, in ascending order; none with ``noop_with_empty_axes``."""
    listed = attributes.get("axes", [] if given is None else shapes.integers(given, "axes"))
    if not listed:
        return () if attributes.get("noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(sorted({shapes.axis_of(axis, rank) for axis in listed}))


def split_limits(given: Host | None, attributes: dict[str, Any], size: int, outputs: int) -> list[int]:
    """Return the indices at which a Split begins its parts, and the size of the axis."""
    sizes = attributes.get("split", None if given is None else shapes.integers(given, "split"))
    if sizes is None:
        part = -(-size // outputs)
        sizes = [min(part, max(size - k * part, 0)) for k in range(outputs)]
    if len(sizes) != outputs or any(one < 0 for one in sizes) or sum(sizes) != size:
        raise ValueError(f"its parts {list(sizes)[:40]} do not add up to {size}, or are not {outputs}.")
    return [sum(sizes[:k]) for k in range(outputs + 1)]


def split(call: Call) -> Sequence[Host]:
    """Split along an axis; ``outputs`` is among the attributes, since the node's outputs say the number of parts."""
    x = call.require(0)
    axis = shapes.axis_of(call.attributes.get("axis", 0), x.ndim)
    limits = split_limits(call.get(1), call.attributes, x.shape[axis], call.outputs)
    return np.split(x, limits[1:-1], axis)


def pad_borders(call_inputs: Sequence[Host | None], attributes: dict[str, Any], rank: int) -> list[tuple[int, int]]:
    """Return how many elements a Pad adds before and after each axis.

    Raises
    ------
    ValueError
        For an unknown mode, and for another number of borders than two an axis.
    """
    pads = call_inputs[1] if len(call_inputs) > 1 else None
    numbers = attributes.get("pads") if pads is None else shapes.integers(pads, "pads")
    axes = list(range(rank))
    if len(call_inputs) > 3 and call_inputs[3] is not None:
        axes = [shapes.axis_of(axis, rank) for axis in shapes.integers(call_inputs[3], "axes")]
    if attributes.get("mode", "constant") not in MODES:
        raise ValueError(f"its mode must be one of {', '.join(MODES)}, got {attributes['mode']!r}.")
    if numbers is None or len(numbers) != 2 * len(axes):
        raise ValueError(f"it needs {2 * len(axes)} pads, two an axis.")
    borders = [(0, 0)] * rank
    for k, axis in enumerate(axes):
        borders[axis] = (numbers[k], numbers[k + len(axes)])
    return borders


def pad(call: Call) -> Sequence[Host]:
    """Pad: a constant, a reflection or the border. Negative numbers cut off."""
    x = call.require(0)
    borders = pad_borders(call.inputs, call.attributes, x.ndim)
    call.check_size([max(n + before + after, 0) for n, (before, after) in zip(x.shape, borders, strict=True)])
    cut = tuple(slice(max(-b, 0), max(n - max(-a, 0), 0)) for n, (b, a) in zip(x.shape, borders, strict=True))
    added = [(max(before, 0), max(after, 0)) for before, after in borders]
    mode = call.attributes.get("mode", "constant")
    if mode != "constant":
        return [np.pad(x[cut], added, mode)]
    value = call.get(2)
    return [np.pad(x[cut], added, constant_values=0 if value is None else value.item())]


def scatter(call: Call) -> Sequence[Host]:
    """Write updates into a copy of an array, at places that the last axis of the indices tells (ScatterND)."""
    x, indices, updates = call.require(0), call.require(1), call.require(2)
    depth = indices.shape[-1] if indices.ndim else 0
    sizes = np.array(x.shape[:depth])
    if not 1 <= depth <= x.ndim or indices.dtype.kind not in "iu" or np.any(indices < -sizes) or np.any(indices >= sizes):
        raise ValueError(f"indices of shape {indices.shape} do not lie in an array of shape {x.shape}.")
    if updates.shape != (*indices.shape[:-1], *x.shape[depth:]):
        raise ValueError(f"updates of shape {updates.shape} do not fit indices of shape {indices.shape}.")
    if call.attributes.get("reduction", "none") != "none":
        raise ValueError(f"its reduction must be 'none', got {call.attributes['reduction']!r}.")
    y = np.array(x, copy=True)
    y[tuple(np.moveaxis(indices, -1, 0))] = updates
    return [y]
