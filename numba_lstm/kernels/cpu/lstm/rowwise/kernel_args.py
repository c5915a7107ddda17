"""Jobs: all that a loop over rows needs, as one record of addresses and sizes: streams and batches call the same code."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from ...compiler.jit import kernel
from ...gemm.layout import NUMBA
from ...runtime.indirect_call import call
from ...runtime.memory import address

#: What stands where in a job. Fields that a call has no use for are 0.
FIELDS = (
    # sizes, in elements; ``gates`` and ``units`` are rows of z and of c with padding
    *("N", "D", "H", "P", "full", "tail", "lanes", "gates", "units", "apart"),
    # what goes in and what cells need
    *("x_steps", "x_rows", "x_gates", "W", "U", "bias", "zero", "peephole", "peepholes", "settings", "mask", "masked"),
    *("kept_h", "kept_h_rows", "kept_c", "kept_c_rows", "mean_h", "factored", "factors", "factor_rows"),
    # states and tape
    *("h", "h_rows", "h_steps", "c", "c_rows", "c_steps", "tape"),
    # scratch
    *("z", "zx", "zh", "lanes_scratch"),
    # norms
    *("norms", "kernel_norm", "recurrent_norm", "cell_norm", "real_gates", "real_units", "numbers_gates", "numbers_units"),
    *("nx", "nh", "nc", "scales"),
    # whole numbers
    *("whole_x", "whole_x_rows", "whole_h", "whole_h_rows", "row_scales", "levels", "W_scales", "U_scales"),
    # projection
    *("projected", "R", "R_full", "m", "m_rows"),
    # cells
    *("x_product", "h_product", "projection_product", "gate_cell", "last_gate_cell", "output_cell", "last_output_cell"),
    # the way back
    *("dy", "dy_steps", "dy_rows", "has_dy", "dh", "dh_rows", "dc", "carry", "cell_carry", "dm", "dm_rows", "dhs", "shares"),
    *("U_full", "u", "zx_norm", "zh_norm", "dkernel_norm", "drecurrent_norm", "dcell_norm"),
)
JOB = np.dtype([(name, np.int64) for name in FIELDS])
POINTER = types.CPointer(from_dtype(JOB))


def job(held: list[Any], **fields: Any) -> npt.NDArray[Any]:
    """A job. An array stands for its address and is kept alive by ``held``, a cell for its own; None is 0."""
    made = np.zeros(1, JOB)
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            held.append(value)
            made[name] = address(value)
        elif hasattr(value, "address"):
            held.append(value)
            made[name] = value.address
        else:
            made[name] = 0 if value is None else value
    return made


def signature(dtype: str) -> Any:
    """That of a loop: job, any pointers to floats and booleans (for their types), x, steps t0 .. t1, rows r0 .. r1."""
    return types.void(POINTER, types.CPointer(NUMBA[dtype]), types.CPointer(types.uint8), *(types.intp,) * 5)


@cache
def caller(dtype: str) -> Any:
    """A kernel that calls a loop by its address, without the interpreter's lock."""

    def call_loop(loop, job_, floats, booleans, x, t0, t1, r0, r1):
        call(loop, (job_, floats, booleans, x, t0, t1, r0, r1))

    return kernel(call_loop, f"call_loop_{dtype}", NUMBA[dtype], " ".join("i" * 9))
