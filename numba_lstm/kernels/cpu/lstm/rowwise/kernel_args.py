"""The arguments of a rowwise or an int8 time loop, a record of addresses and sizes: streams and batches call the same code."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from ...compiler.jit import CFunction, kernel
from ...gemm.layout import NUMBA
from ...runtime import recording
from ...runtime.indirect_call import call
from ...runtime.memory import address
from ...runtime.task import KernelCall, Task, parallel_for

Array = npt.NDArray[Any]

#: The fields of the record. Those that a call does not use are 0.
FIELDS = (
    # sizes, in elements; ``gates`` and ``units`` are rows of z and of c with padding
    *("N", "D", "H", "P", "full", "tail", "lanes", "gates", "units", "panel_stride"),
    # inputs, and what pointwise kernels read
    *("x_steps", "x_rows", "x_gates", "W", "U", "bias", "zero", "peephole", "peepholes", "scalars", "mask", "masked"),
    *("zoneout_h", "zoneout_h_rows", "zoneout_c", "zoneout_c_rows", "mean_h", "per_gate", "dropout_factors", "factor_rows"),
    # states and tape
    *("h", "h_rows", "h_steps", "c", "c_rows", "c_steps", "tape"),
    # scratch
    *("z", "zx", "zh", "lanes_scratch"),
    # norms
    *("norms", "kernel_norm", "recurrent_norm", "cell_norm", "real_gates", "real_units"),
    *("norm_constants_gates", "norm_constants_units", "nx", "nh", "nc", "scales"),
    # int8
    *("int_x", "int_x_rows", "int_h", "int_h_rows", "row_scales", "levels", "W_scales", "U_scales"),
    # projection
    *("projected", "R", "R_full", "m", "m_rows"),
    # addresses of kernels
    *("x_product", "h_product", "projection_product", "gate_kernel", "last_gate_kernel", "output_kernel", "last_output_kernel"),
    # backward pass
    *("dy", "dy_steps", "dy_rows", "has_dy", "dh", "dh_rows", "dc", "carry", "cell_carry", "dm", "dm_rows", "dhs"),
    *("peephole_grads", "U_full", "u", "zx_norm", "zh_norm", "dkernel_norm", "drecurrent_norm", "dcell_norm"),
)
KERNEL_ARGS = np.dtype([(name, np.int64) for name in FIELDS])
POINTER = types.CPointer(from_dtype(KERNEL_ARGS))


def make_kernel_args(held: list[Any], **fields: Any) -> Array:
    """Return the record of these fields: the addresses of arrays and of kernels, which ``held`` keeps alive, or 0 for None."""
    kernel_args, late = np.zeros(1, KERNEL_ARGS), []
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            held.append(value)
            kernel_args[name] = address(value)
        elif isinstance(value, CFunction):
            held.append(value)
            late.append((name, value))
        else:
            kernel_args[name] = 0 if value is None else value
    active = recording.active()
    if active is None:
        _fill_in(kernel_args, late)
    else:
        active.functions += [function for _, function in late]
        active.late.append(partial(_fill_in, kernel_args, late))
    return kernel_args


def _fill_in(kernel_args: Array, functions: list[tuple[str, CFunction]]) -> None:
    """Write the addresses of functions, which compiles them, to their fields."""
    for name, function in functions:
        kernel_args[name] = function.address


def signature(dtype: str) -> Any:
    """Return the signature of a time loop: ``(kernel_args, floats, booleans, x, t0, t1, r0, r1)``.

    ``floats`` and ``booleans`` are any pointers of these types, to which the loop casts addresses. It computes steps t0 .. t1
    of rows r0 .. r1.
    """
    return types.void(POINTER, types.CPointer(NUMBA[dtype]), types.CPointer(types.uint8), *(types.intp,) * 5)


@cache
def loop_caller(dtype: str) -> Any:
    """Return a kernel that calls a time loop by address, without the interpreter's lock."""

    def call_loop(loop, args, floats, booleans, x, t0, t1, r0, r1):
        call(loop, (args, floats, booleans, x, t0, t1, r0, r1))

    return kernel(call_loop, f"call_loop_{dtype}", NUMBA[dtype], " ".join("i" * 9))


def loop_task(
    loop: CFunction, dtype: str, records: list[Array], held: list[Any], x: Array | None, steps: tuple[int, int], N: int
) -> Task:
    """Return the task of ``steps`` of a time loop, its N rows split among as many calls as there are records of arguments.

    ``held`` keeps alive what the records point to.
    """
    run, x_address = loop_caller(dtype), 0 if x is None else address(x)
    held += [*records, x]

    def call(index: int, rows: tuple[int, int]) -> KernelCall:
        return KernelCall(run, loop, address(records[index]), 0, 0, x_address, *steps, *rows, references=held)

    return parallel_for(N, len(records), call)
