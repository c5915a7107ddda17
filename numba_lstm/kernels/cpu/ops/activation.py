"""CPU: the activation ops, a loop over the vectors of padded rows; softmax row by row."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy.typing as npt
from numba import types

from ...specs import ROWWISE, Activation
from ..arrays.arrays import buffer, shaped
from ..arrays.softmax import row_stride, softmax_row, softmax_slope_task, softmax_task
from ..compiler.jit import compile_cfunc, kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import KernelCall, Task
from ..simd.custom_activation import canonical
from ..simd.elementwise import activate, code, keeps_z, label, slope
from ..simd.vector import data, load, store

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


def value_tasks(activation: Activation, z: Array, y: Array, C: int) -> list[Task]:
    """Return the tasks that compute a canonical activation of padded rows z, of C columns, in y, which may be z.

    There are none for linear.
    """
    if activation.name == "linear":
        return []
    if activation.name in ROWWISE:
        return [softmax_task(z, z.shape[1], y, C)]
    return [KernelCall(_value(activation, dtype_name(z.dtype)), z, y)]


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
    run_eagerly(value_tasks(activation, z, y, shape[-1]))
    kept = None if activation.name == "linear" else z
    return shaped(y, shape), ActivationTape(activation, kept, shape) if training else None


def gradient(tape: ActivationTape, dy: Array, padded: int) -> Array:
    """Return the gradient of the activation's argument in a new buffer with rows of ``padded`` columns."""
    activation, kept, shape = tape
    C = shape[-1]
    if kept is not None and activation.name in ROWWISE:
        step = row_stride(dy)
        rows = aligned((dy.size // C, padded), dy.dtype) if step is not None else buffer(dy, padded)
        source = (dy, step) if step is not None else (rows, padded)
        run_eagerly([softmax_slope_task(kept, kept.shape[1], *source, rows, C)])
        return rows
    rows = buffer(dy, padded)
    if kept is not None:
        run_eagerly([KernelCall(_slope(activation, dtype_name(dy.dtype)), kept, rows, rows)])
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
