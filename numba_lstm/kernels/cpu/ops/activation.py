"""CPU: the activation ops, a loop over the vectors of padded rows; softmax row by row."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy.typing as npt
from numba import types

from ...specs import ROWWISE, Activation
from ..arrays.arrays import buffer, shaped
from ..compiler.jit import compile_cfunc, inlined, kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import KernelCall
from ..simd.custom_activation import canonical
from ..simd.elementwise import activate, code, keeps_z, label, slope
from ..simd.vector import data, load, splat, store
from ..simd.vmath import exp

Array = npt.NDArray[Any]


@cache
def _value(activation: Activation, dtype: str) -> Any:
    V = vector_geometry(dtype).V
    code_, parameter = code(activation)

    def activation_value(z, y):
        z_, y_ = data(z), data(y)
        for i in range(0, z.size, V):
            store(y_, i, activate(code_, parameter, load(z_, i, V)))

    return kernel(activation_value, f"activation_value_{dtype}_{label(activation)}", NUMBA[dtype], "f2 f2")


@cache
def _slope(activation: Activation, dtype: str) -> Any:
    V = vector_geometry(dtype).V
    code_, parameter = code(activation)

    def activation_slope(kept, dy, dz):
        k_, y_, z_ = data(kept), data(dy), data(dz)
        for i in range(0, dy.size, V):
            store(z_, i, load(y_, i, V) * slope(code_, parameter, load(k_, i, V)))

    return kernel(activation_slope, f"activation_slope_{dtype}_{label(activation)}", NUMBA[dtype], "f2 f2 f2")


@inlined
def softmax_row(z, y, at, C, padded, V):
    """Compute the softmax of C elements from ``at`` on, padded to whole vectors."""
    largest = z[at]
    for c in range(1, C):
        if not z[at + c] <= largest:  # NaN is the largest of all
            largest = z[at + c]
    for c in range(0, padded, V):
        store(y, at + c, exp(load(z, at + c, V) - splat(z, largest, V)))
    total = y[at]
    for c in range(1, C):
        total += y[at + c]
    for c in range(0, padded, V):
        store(y, at + c, load(y, at + c, V) / splat(z, total, V))


@cache
def _softmax(dtype: str) -> Any:
    V = vector_geometry(dtype).V

    def softmax_value(z, y, C):
        z_, y_ = data(z), data(y)
        for m in range(z.shape[0]):
            softmax_row(z_, y_, m * z.shape[1], C, z.shape[1], V)

    return kernel(softmax_value, f"softmax_value_{dtype}", NUMBA[dtype], "f2 f2 i")


@cache
def row_kernel(activation: Activation, dtype: str) -> Any:
    """Return the kernel of an activation of one row in place, a C function ``(z, C, padded)``."""
    V = vector_geometry(dtype).V
    code_, parameter = (0, 0.0) if activation.name in ROWWISE else code(activation)
    rowwise = activation.name in ROWWISE

    def activation_row(z, C, padded):
        if rowwise:
            softmax_row(z, z, 0, C, padded, V)
        else:
            for c in range(0, padded, V):
                store(z, c, activate(code_, parameter, load(z, c, V)))

    name = f"activation_row_{dtype}_{label(activation)}"
    return compile_cfunc(activation_row, name, types.void(types.CPointer(NUMBA[dtype]), types.intp, types.intp))


@cache
def _softmax_slope(dtype: str) -> Any:
    V = vector_geometry(dtype).V

    def softmax_slope(y, dy, dz, C):
        y_, d_, z_ = data(y), data(dy), data(dz)
        for m in range(y.shape[0]):
            row = m * y.shape[1]
            total = y[m, 0] * dy[m, 0]
            for c in range(1, C):
                total += y[m, c] * dy[m, c]
            for c in range(0, y.shape[1], V):
                store(z_, row + c, load(y_, row + c, V) * (load(d_, row + c, V) - splat(y_, total, V)))

    return kernel(softmax_slope, f"softmax_slope_{dtype}", NUMBA[dtype], "f2 f2 f2 i")


def value_calls(activation: Activation, z: Array, y: Array, C: int) -> list[KernelCall]:
    """Return the calls that compute a canonical activation of padded rows z, of C columns, in y, which may be z.

    There are none for linear.
    """
    if activation.name == "linear":
        return []
    dtype = dtype_name(z.dtype)
    return [KernelCall(_softmax(dtype), z, y, C) if activation.name in ROWWISE else KernelCall(_value(activation, dtype), z, y)]


def slope_calls(activation: Activation, kept: Array | None, dz: Array, C: int) -> list[KernelCall]:
    """Return the calls that turn the gradient of a canonical activation, in rows dz, into that of its argument.

    There are none for linear.
    """
    if kept is None:
        return []
    dtype = dtype_name(dz.dtype)
    if activation.name in ROWWISE:
        return [KernelCall(_softmax_slope(dtype), kept, dz, dz, C)]
    return [KernelCall(_slope(activation, dtype), kept, dz, dz)]


def output_buffer(activation: Activation, z: Array, training: bool) -> Array:
    """Return the array for the canonical activation of z: z, or another array if the derivative is computed from z."""
    return aligned(z.shape, z.dtype) if training and activation.name not in ROWWISE and keeps_z(activation) else z


class ActivationTape(NamedTuple):
    """The tape of an activation: its value or its argument, in padded rows, and the shape of y."""

    activation: Activation
    kept: Array | None  #: None for linear
    shape: tuple[int, ...]


def apply(activation: Activation, z: Array, shape: tuple[int, ...], training: bool) -> tuple[Array, ActivationTape | None]:
    """Return the activation of padded rows z, which it may overwrite, as an array of ``shape``, and its tape."""
    activation = canonical(activation)
    y = output_buffer(activation, z, training)
    run_eagerly(value_calls(activation, z, y, shape[-1]))
    kept = None if activation.name == "linear" else z
    return shaped(y, shape), ActivationTape(activation, kept, shape) if training else None


def gradient(tape: ActivationTape, dy: Array, padded: int) -> Array:
    """Return the gradient of the activation's argument in a new buffer with rows of ``padded`` columns."""
    activation, kept, shape = tape
    rows = buffer(dy, padded)
    run_eagerly(slope_calls(activation, kept, rows, shape[-1]))
    return rows


def _padded(C: int, dtype: Any) -> int:
    V = vector_geometry(dtype).V
    return -(-C // V) * V


def activation_forward(x: Array, activation: Activation, *, training: bool = False) -> tuple[Array, ActivationTape | None]:
    """CPU: one pass over a padded copy of x."""
    return apply(activation, buffer(x, _padded(x.shape[-1], x.dtype)), x.shape, training)


def activation_backward(tape: ActivationTape, dy: Array) -> Array:
    """CPU: one pass over a padded copy of dy."""
    return shaped(gradient(tape, dy, _padded(dy.shape[-1], dy.dtype)), dy.shape)
