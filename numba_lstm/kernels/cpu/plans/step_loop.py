"""The loop of a stream: one thread runs the calls of many steps without the interpreter.

A *step table* has a row of words for even steps and one for odd steps, since a step reads one entry of the rings of states and
writes the other: where the step finds its input and leaves its output, and its calls. Each step copies an input to the buffer
that the calls read, runs them in order, and copies the output.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..compiler.jit import entry, inlined, kernel
from ..gemm.layout import NUMBA
from ..runtime.atomics import words as word_at
from ..runtime.graph import argument_block
from ..runtime.indirect_call import call
from ..runtime.memory import address
from ..runtime.task import KernelCall, ParallelFor, Team, kernel_calls
from ..simd.vector import data, pointer

Array = npt.NDArray[Any]

#: What stands where in a row of a table: the address of the input, its rows, their stride and size, the same of the output,
#: the number of calls and of those up to the last one that writes a state; then the calls, each a C function and its block.
#: Large inputs are not copied: where there is a PLACE, it is the word of a block that holds their address.
X, ROWS, X_STRIDE, D, Y, Y_STRIDE, C, CALLS, RECURRENT_CALLS, PLACE, FIRST_CALL = range(11)


class RecordedStep(NamedTuple):
    """The tasks of a step, kernel calls alone, with the buffers x (N, D) and y (N, C) of its input and output."""

    tasks: Sequence[KernelCall | ParallelFor | Team]
    recurrent_tasks: int  #: number of tasks up to the last one that writes a state
    x: Array
    y: Array
    in_place: bool  #: whether the tasks can read inputs where they are: contiguous, and one array for all rows


def step_table(steps: Sequence[RecordedStep]) -> tuple[Array, list[array[int]]]:
    """Return the table of steps, and the blocks of arguments to which it holds addresses."""
    blocks: list[array[int]] = []
    rows = [_row(step, blocks) for step in steps]
    table = np.zeros((len(rows), max(map(len, rows))), np.int64)  # an odd step of masked rows has a call more
    for words, row in zip(table, rows, strict=True):
        words[: len(row)] = row
    return table, blocks


def _row(step: RecordedStep, blocks: list[array[int]]) -> list[int]:
    x, y, known, words, recurrent = step.x, step.y, {}, list[int](), 0  # type: ignore[var-annotated]
    place = 0
    for count, task in enumerate(step.tasks, 1):
        for call_ in kernel_calls(task)[: 1 if isinstance(task, Team) else None]:  # a team of one computes all
            target = entry(call_.kernel)
            block = argument_block(target, call_, known)
            if isinstance(task, Team):
                block[-1] = 1
            if step.in_place and address(x) in block:
                place = block.buffer_info()[0] + block.itemsize * block.index(address(x))
            blocks.append(block)
            words += [target.caller, block.buffer_info()[0]]
        if count <= step.recurrent_tasks:
            recurrent = len(words) // 2
    x_size, y_size = x.itemsize, y.itemsize
    sizes = [address(x), len(x), x.strides[0] // x_size, x.shape[1], address(y), y.strides[0] // y_size, y.shape[1]]
    return [*sizes, len(words) // 2, recurrent, place, *words]


@inlined
def run_step(row, x, x_address, x_bytes, x_stride, t, y, out_row, final):
    """Compute step ``t`` of x, (steps, N, D) flat, by a row of a table; the ``final`` one writes its output to rows of y.

    x and y are pointers, since compiled functions count the references to arrays that they take.
    """
    rows, size, stride, into = row[ROWS], row[D], row[X_STRIDE], pointer(row[X], y)
    if row[PLACE] != 0:
        place = word_at(row[PLACE])
        place[0] = x_address + t * rows * size * x_bytes
    else:
        for n in range(rows):
            for k in range(size):
                into[n * stride + k] = x[((t * rows + n) * size + k) * x_stride]
    for k in range(row[CALLS] if final else row[RECURRENT_CALLS]):
        call(row[FIRST_CALL + 2 * k], (row[FIRST_CALL + 2 * k + 1],))
    if final:
        size, stride, out = row[C], row[Y_STRIDE], pointer(row[Y], y)
        for n in range(rows):
            for k in range(size):
                y[(out_row + n) * size + k] = out[n * stride + k]


@cache
def step_loop(dtype: str) -> Any:
    """Return the kernel of ``steps`` steps from row ``step`` of a table on, with all inputs x, (steps, N, D) flat.

    y has the output of the last step, before which nothing behind the last state is computed, or of ``every`` step.
    """

    def stream_steps(table, x, y, step, steps, every):
        first, length, x_, y_ = table.ctypes.data, table.strides[0], data(x), data(y)
        x_address, x_bytes = x.ctypes.data, x.itemsize
        for t in range(steps):
            row = word_at(first + step * length)
            run_step(row, x_, x_address, x_bytes, 1, t, y_, t * every * row[ROWS], every != 0 or t == steps - 1)
            step = 1 - step

    return kernel(stream_steps, f"stream_steps_{dtype}", NUMBA[dtype], "n2 f1 f1 i i i")


@cache
def single_step(dtype: str) -> Any:
    """Return the kernel of the next step, from a flat x to a flat y.

    The words at the address ``control`` are the number of the step, 0 or 1, which it changes, and the addresses of both rows of
    a table. An array that a caller need not pass saves a tenth of a microsecond.
    """
    itemsize = np.dtype(dtype).itemsize

    def stream_step(control, x, y):
        words = word_at(control)
        run_step(word_at(words[1 + words[0]]), data(x), 0, 0, x.strides[0] // itemsize, 0, data(y), 0, True)
        words[0] = 1 - words[0]

    return kernel(stream_step, f"stream_step_{dtype}", NUMBA[dtype], "i x1 f1")
