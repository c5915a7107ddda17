"""Formulas of several arrays of any strides, as tasks: one kernel for each text of a formula.

A kernel is written as source, with one loop over the rows of the last axis. Constants are arguments, so that formulas that
differ in them alone share a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from ...axes import contiguous_strides, merged_axes
from ...op_types import IDENTITY, ElementwiseFormula
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..runtime import thread_pool
from ..runtime.memory import empty
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, parallel_for
from ..simd.custom_activation import VECTORS
from ..simd.partial import store_first
from ..simd.strided import load_numbers, load_strided, load_truths
from ..simd.vector import data, splat
from ..simd.vmath import sigmoid

Array = npt.NDArray[Any]

#: Kind of a dtype -> the code of a kernel's argument, and the function that loads a vector.
_LOADS = {"f": ("x1", "load_strided"), "b": ("b1", "load_truths"), "i": ("l1", "load_numbers")}

_NAMES = {
    **VECTORS, "sigmoid": sigmoid, "data": data, "splat": splat, "store_first": store_first, "load_strided": load_strided,
    "load_truths": load_truths, "load_numbers": load_numbers,
}  # fmt: skip

_SOURCE = """
def elementwise({arrays}, out, constants, table, scratch, row0, row1, first, last):
    {pointers}
    o_, s_ = data(out), data(scratch)
    outer = table.shape[1] - 1
    columns = table[0, outer]
    for row in range(row0, row1):
        rest = row
        {starts}
        for axis in range(outer - 1, -1, -1):
            k = rest % table[0, axis]
            rest = rest // table[0, axis]
            {moves}
        for i in range(first, last, {V}):
            count = min({V}, last - i)
            {loads}
            {formula}
            store_first(o_, row * columns + i, {result}, count)
"""


@cache
def _kernel(text: str, kinds: str, constants: int, dtype: str) -> Any:
    """Return the kernel of a formula for operands of these kinds of dtypes."""
    V, numbers = vector_geometry(dtype).V, range(len(kinds))
    *lines, result = text.split("\n")
    lines = [*(f"c{k} = splat(o_, constants[{k}], {V})" for k in range(constants)), *lines]
    loads = [
        f"x{k} = {_LOADS[kind][1]}(p{k}, at{k} + i * table[{k + 1}, outer], table[{k + 1}, outer], count, s_, {V})"
        for k, kind in enumerate(kinds)
    ]
    source = _SOURCE.format(
        arrays=", ".join(f"a{k}" for k in numbers),
        pointers="; ".join(f"p{k} = data(a{k})" for k in numbers),
        starts="; ".join(f"at{k} = 0" for k in numbers),
        moves="; ".join(f"at{k} += k * table[{k + 1}, axis]" for k in numbers),
        loads="\n            ".join(loads),
        formula="\n            ".join(lines),
        result=result,
        V=V,
    )
    names: dict[str, Any] = {**_NAMES, "__name__": __name__}
    exec(source, names)
    arguments = " ".join(_LOADS[kind][0] for kind in kinds)
    label = sha256(f"{text} {kinds} {constants}".encode()).hexdigest()[:15]
    name = f"elementwise_{dtype}x{V}_{label}"
    return kernel(names["elementwise"], name, NUMBA[dtype], f"{arguments} f1 f1 n2 f1 i i i i")


def first_element(x: Array) -> Array:
    """Return x as an array of its first element, which stands for its address."""
    return x.reshape(1) if x.ndim == 0 else x[(0,) * (x.ndim - 1)][:1]


def loop_table(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """Return the sizes of the fewest loops, and below them the steps of each array, as a table (1 + arrays, loops)."""
    return np.array(merged_axes(shape, strides), np.int64).T.copy()


def computed(formula: ElementwiseFormula, xs: Sequence[Array], out: Array) -> KernelCall | ParallelFor | None:
    """Return the task that computes a formula of arrays of one shape in the C-ordered ``out``; None if it has no elements."""
    if out.size == 0:
        return None
    dtype = dtype_name(out.dtype)
    table = loop_table(out.shape, [*(element_strides(x) for x in xs), contiguous_strides(out.shape)])[:-1].copy()
    kinds = "".join(x.dtype.kind for x in xs)
    run = _kernel(formula.text, kinds, len(formula.constants), dtype)
    constants, V = np.array(formula.constants, out.dtype), vector_geometry(dtype).V
    columns = int(table[0, -1])
    rows = out.size // columns
    arrays = [first_element(x) for x in xs]

    def call(_: int, part: tuple[int, int]) -> KernelCall:
        ranges = (0, 1, part[0] * V, min(part[1] * V, columns)) if rows == 1 else (*part, 0, columns)
        return KernelCall(run, *arrays, out.reshape(-1), constants, table, empty(V, out.dtype), *ranges)

    along = -(-columns // V) if rows == 1 else rows
    return parallel_for(along, thread_pool.num_splits(out.size * (1 + formula.text.count("\n")), along), call)


def copied_elements(x: Array, out: Array) -> KernelCall | ParallelFor | None:
    """Return the task that copies an array of any strides to a C-ordered one."""
    return computed(IDENTITY, [x], out)
