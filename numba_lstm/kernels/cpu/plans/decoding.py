"""Plans of decoding: the step of a model from tokens and states to scores and states, recorded once for a number of rows.

The states after a step are copied to the buffers from which the next step reads them, each row from the row that it continues.
So a step of a beam search is one call of compiled code, which moves states, runs the model, and finds the best sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays.copy_tasks import copied
from ..compiler.entry_point import entry_point
from ..compiler.jit import prepare
from ..gemm.layout import dtype_name
from ..runtime import recording, thread_pool
from ..runtime.graph import run_eagerly, task_graphs
from ..runtime.memory import address, aligned, stride
from ..runtime.recording import Recording
from ..runtime.strides import element_strides, has_kernel_strides
from ..runtime.task import HostCall, KernelCall, parallel_for
from . import decoding_kernels as kernels

Array = npt.NDArray[Any]

#: Costs of copying an element and of ranking the score of a token, in multiplications: 0.1 and 10 ns where 128 rows of 60
#: tokens are searched (`beam` 16 30 64 256).
COPY_COST = 8
SCORE_COST = 800

#: Bytes up to which the products of all rows of a table are computed once, of which a step copies those of its tokens.
MAX_TABLE_BYTES = 16 * 1024 * 1024


class DecodingPlan:
    """The recorded step of the sequences of all samples, and their states; see :meth:`.contract.Ops.decoding_plan`."""

    def __init__(
        self, function: Callable[..., Any], width: int, tokens: Array, states: Sequence[Array], constants: Sequence[Array]
    ) -> None:
        one_hot = tokens.dtype.kind == "f"
        rows = tokens.shape[1] if tokens.ndim > 1 else len(tokens)
        self.width, self._rows = width, rows
        self._tokens, self._parents = np.zeros(rows, np.int64), np.arange(rows)
        self._all_rows = np.arange(rows)
        self._x = _padded(tokens) if one_hot else self._tokens.reshape(tokens.shape)
        self._states = [np.empty(state.shape, state.dtype) for state in states]
        self._constants = [np.empty(constant.shape, constant.dtype) for constant in constants]
        for hoists in (True, False):
            recorded, scores, after = self._record(function, one_hot, hoists)
            tables = _tables(recorded, self._x if one_hot else None) if hoists else recorded.lookups
            if tables is not None:
                break
        self.scores, dtype = scores, dtype_name(scores.dtype)
        self._control = np.zeros(kernels.WORDS, np.int64)
        samples = rows // width
        self._sums, self._found = np.empty((samples, width)), np.empty((samples, 2, width))
        self._lengths, self._ended = np.empty((2, samples, width), np.int64)
        self._places = np.empty((samples, 2, width), np.int64)
        moves = [_state_move(*pair) for pair in zip(after, self._states, strict=True)]
        moves += [_lookup_move(*pair) for pair in tables]
        if one_hot:
            moves.append(_lookup_move(self._x, self._x, kernels.ONE_HOT))
        self._references = recorded, scores, after, tables
        self._table, like = np.array(moves, np.int64).reshape(-1, kernels.COLUMNS), np.empty(1, scores.dtype)
        step = self._advance(dtype, like), *recorded.tasks
        extend = self._extend(dtype)
        prepare([kernels.advance(dtype), kernels.extend(dtype), kernels.backtrack()])
        self._step, self._search_step = task_graphs(step), task_graphs([*step, extend])
        self._backtrack = entry_point(kernels.backtrack())

    def _record(self, function: Callable[..., Any], one_hot: bool, hoists: bool) -> tuple[Recording, Array, list[Array]]:
        """Return the recorded tasks, and the buffers of the scores (rows, V) and of the states after the step."""
        recorded = Recording(False)
        recorded.hoists = hoists
        recorded.input, recorded.tokens = (self._x, None) if one_hot else (None, self._x)
        with recording.recording_to(recorded):
            scores, after = function(self._x, self._states, self._constants)
        dtype = self._states[0].dtype if self._states else scores.dtype
        scores = _in_rows(scores, (self._rows, scores.size // self._rows), dtype, recorded, [])
        moved = [*self._states, self._x, *(rows for _, rows in recorded.lookups)]  # where the states move, or beside them
        after = [_in_rows(new, old.shape, dtype, recorded, moved) for new, old in zip(after, self._states, strict=True)]
        recorded.compile()
        return recorded, scores, after

    def _advance(self, dtype: str, like: Array) -> Any:
        """Return the task that moves states, and the inputs for the tokens."""
        size = int(np.prod(self._table[:, [kernels.BLOCKS, kernels.SIZE]], axis=1).sum())
        call = KernelCall, kernels.advance(dtype), self._control, self._table, self._parents, self._tokens, like
        splits = thread_pool.num_splits(self._rows * size * COPY_COST, self._rows)
        return parallel_for(self._rows, splits, lambda _, rows: call[0](*call[1:], *rows))

    def _extend(self, dtype: str) -> Any:
        """Return the task that finds the best sequences of a step."""
        arrays = self._sums, self._lengths, self._ended, self._parents, self._tokens, self._found, self._places
        splits = thread_pool.num_splits(self.scores.size * SCORE_COST, len(self._sums))

        def call(_: int, samples: tuple[int, int]) -> KernelCall:
            return KernelCall(kernels.extend(dtype), self._control, self.scores, *arrays, *samples)

        return parallel_for(len(self._sums), splits, call)

    def begin(self, tokens: Array, states: Sequence[Array] | None, constants: Sequence[Array]) -> None:
        """Begin sequences with first tokens (rows,), states and constants; without states with zero."""
        self._tokens[:] = tokens
        states = [0] * len(self._states) if states is None else states
        for buffer, value in zip([*self._states, *self._constants], [*states, *constants], strict=True):
            buffer[...] = value
        self._control[kernels.FIRST] = 1

    def step(self, tokens: Array, parents: Array | None) -> Array:
        """Return the scores (rows, V) after ``tokens``, which continue ``parents``; the next call overwrites them."""
        self._tokens[:] = tokens
        self._parents[:] = self._all_rows if parents is None else parents
        self._run(self._step)
        return self.scores

    def _run(self, graphs: Sequence[Any]) -> None:
        for graph in graphs:
            graph()
        self._control[kernels.FIRST] = 0

    def search(self, steps: int, end: int | None, penalties: Array, logits: bool) -> tuple[Array, Array, Array]:
        """Return the tokens (rows, L), the sums of log probabilities and the lengths (samples, width) of the best sequences."""
        parents, tokens = np.empty((2, steps, self._rows), np.int64)
        control, ended = self._control, self._ended
        control[kernels.END], control[kernels.LOGITS] = -1 if end is None else end, logits
        control[kernels.PENALTIES], control[kernels.PARENTS] = address(penalties), address(parents)
        control[kernels.TOKENS] = address(tokens)
        self._sums[...], self._sums[:, 0] = -np.inf, 0  # all beams begin alike, so one is enough
        self._lengths[...], ended[...] = 0, 0
        for step in range(steps):
            control[kernels.STEP] = step
            self._run(self._search_step)
            if end is not None and ended.all():
                break
        sequences = np.empty((self._rows, step + 1), np.int64)
        self._backtrack(parents, tokens, sequences, step + 1)
        return sequences, self._sums.copy(), self._lengths.copy()


def _padded(like: Array) -> Array:
    """Return zeros like an array, with the padding of rows that streams have."""
    zeros = aligned((*like.shape[:-1], stride(like.shape[-1], like.dtype)), like.dtype)
    zeros[...] = 0
    return zeros[..., : like.shape[-1]]


def _in_rows(array: Array, shape: tuple[int, ...], dtype: np.dtype[Any], recorded: Recording, others: Sequence[Array]) -> Array:
    """Return an output in a shape, as a view with contiguous rows, or else a buffer to which a task copies it."""
    view = array.reshape(shape)
    is_apart = np.may_share_memory(view, array) and not any(np.may_share_memory(array, other) for other in others)
    if len(shape) == 2 and array.dtype == dtype and has_kernel_strides(view) and is_apart:
        return view
    buffer = np.empty(array.shape, dtype)
    task = copied(array, buffer) if array.dtype == dtype else HostCall(np.copyto, buffer, array, casting="unsafe")
    recorded.tasks.append(task)
    return buffer.reshape(shape)


def _state_move(source: Array, target: Array) -> list[int]:
    """Return the move of a state (rows,), (rows, size) or (blocks, rows, ...)."""
    if source.ndim > 2:
        source, target = (array.reshape(*array.shape[:2], -1) for array in (source, target))
    else:
        source, target = (array.reshape(1, len(array), -1) if array.ndim < 2 else array[None] for array in (source, target))
    blocks, _, size = source.shape
    (block, row, _), (target_block, target_row, _) = element_strides(source), element_strides(target)
    return [kernels.STATE, address(source), row, block, address(target), target_row, target_block, blocks, size]


def _lookup_move(table: Array, target: Array, kind: int = kernels.LOOKUP) -> list[int]:
    """Return the move of rows of a table, or of one-hot rows."""
    row, target_row = element_strides(table)[-2], element_strides(target)[-2]
    return [kind, address(table), row, 0, address(target), target_row, 0, 1, table.shape[-1]]


def _tables(recorded: Recording, one_hot: Array | None) -> list[tuple[Array, Array]] | None:
    """Return tables, and the rows of theirs for the tokens: of embeddings, and of the products that are computed here.

    None if the products of all tokens are too large, or the one-hot rows that are multiplied.
    """
    hoisted = recorded.hoisted
    if hoisted is None:
        return recorded.lookups
    columns = hoisted.rows.shape[1]
    if one_hot is None:
        ((inputs, _),) = [pair for pair in recorded.lookups if pair[1] is recorded.input]
        size = len(inputs) * columns
    else:
        size = one_hot.shape[-1] * max(one_hot.shape[-1], columns)
    if size * hoisted.rows.itemsize > MAX_TABLE_BYTES:
        return None
    if one_hot is not None:
        inputs = np.eye(one_hot.shape[-1], dtype=one_hot.dtype)
    products, x = aligned((len(inputs), columns), inputs.dtype), np.ascontiguousarray(inputs)[None]
    run_eagerly([hoisted.product(x, products)(x)])
    return [*recorded.lookups, (products, hoisted.rows)]


def decoding_plan(
    function: Callable[..., Any], width: int, tokens: Array, states: Sequence[Array], constants: Sequence[Array]
) -> DecodingPlan | None:
    """CPU: a task graph of a step; None where states have different dtypes."""
    floats = {array.dtype for array in [*states, *([tokens] if tokens.dtype.kind == "f" else [])]}
    if len(floats) > 1 or any(dtype.kind != "f" for dtype in floats):
        return None
    return DecodingPlan(function, width, tokens, states, constants)
