"""UserCell: a cell of a user, whose method ``call(inputs, states)`` is traced once and run for each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...ops.elementwise import where
from ...ops.program import Program, ProgramTape
from ...ops.shaping import reshape
from ...ops.tensor import Tensor, as_tensor
from ...ops.tracing import input_like, traced
from ...philox import branch
from ...variables import standing_for
from ..base import Backward
from ..base.arguments import Shape
from ..cells.cell import Cell, SequenceResult
from ..traced.call_arguments import parameters
from ..traced.inner_graph import holds_layers


class _Tape(NamedTuple):
    program: Program
    steps: list[ProgramTape]


class UserCell(Cell):
    """A cell of a user over time: the program of a step, T times.

    A step costs the calls of the ops of its program, some microseconds each unless a plan has recorded them.

    Parameters
    ----------
    cell : CallLayer
        With ``state_size``, one size or several, and ``call(inputs, states)``, which returns the output and the next states. It
        may have an ``output_size``; else the output has the size of the first state.

    Raises
    ------
    TypeError
        Without a ``state_size``, and for a cell that calls other layers.
    """

    output_is_state = False

    def __init__(self, cell: Any) -> None:
        sizes = getattr(cell, "state_size", None)
        if sizes is None:
            raise TypeError(f"{cell.name} is no cell: it has no state_size. Set self.state_size in its constructor.")
        if holds_layers(cell):
            raise TypeError(
                f"{cell.name} calls layers, but a cell over time computes with weights and functions of numba_lstm.ops alone. "
                "Make its weights with add_weight in build."
            )
        self.user, self._sizes = cell, (sizes,) if isinstance(sizes, int) else tuple(sizes)
        self.state_names = tuple(f"state {number}" for number in range(len(self._sizes)))  # type: ignore[misc]
        self._programs: dict[Any, Program] = {}
        super().__init__(name=cell.name, dtype=cell.requested_dtype)

    @property
    def state_size(self) -> int | tuple[int, ...]:
        return self._sizes if len(self._sizes) > 1 else self._sizes[0]

    @property
    def output_size(self) -> int:
        return int(getattr(self.user, "output_size", self._sizes[0]))

    def build_for(self, input_shape: Shape, dtype: str | None = None) -> None:
        cell = self.user
        if not cell.built:
            cell._dtype = cell._dtype or dtype or cell.dtype
            cell.take_variables()
            cell.build(tuple(input_shape))
            cell.take_variables()
            cell.built_shape = tuple(input_shape)
        if dtype is not None and cell.dtype != dtype:
            raise ValueError(f"{cell.name} has dtype {cell.dtype}, and its layer {dtype}. Give RNN dtype={cell.dtype!r}.")
        self._dtype = cell.dtype

    def _program(self, N: int, features: int, masked: bool, training: bool) -> Program:
        """Return the program of a step: of x, the states and the weights, and with a mask of that and the last output."""
        key = N, features, masked, training, self.user.trace_state()
        if key not in self._programs:
            if len(self._programs) >= 16:
                self._programs.clear()
            x, states = input_like((N, features)), [input_like((N, size)) for size in self._sizes]
            weights = [input_like(variable.shape) for variable in self.user.variables]
            options = {"training": training} if "training" in parameters(self.user.call) else {}
            changes = self.user._changes
            with standing_for(self.user.variables, weights):
                made = traced(self.user.call, [x, list(states)], f"{self.user.name}'s", **options)
            vars(self.user)["_changes"] = changes
            outputs = self._checked(made, N)
            inputs = [x, *states]
            if masked:
                mask, before = input_like((N,), "b"), input_like((N, self.output_size))
                shown = reshape(mask, (N, 1))
                outputs = [where(shown, new, old) for new, old in zip(outputs, [before, *states], strict=True)]
                inputs += [before, mask]
            flags = [one.kind == "f" for one in inputs] + [True] * len(weights)
            self._programs[key] = Program([*inputs, *weights], outputs, flags, self.dtype)
        return self._programs[key]

    def _checked(self, made: Any, N: int) -> list[Tensor]:
        """Return the output and the states that a step returns; ValueError for other shapes than those of the cell."""
        y, after = made if isinstance(made, (tuple, list)) and len(made) == 2 else (made, None)
        outputs = [as_tensor(one) for one in (y, *(after if isinstance(after, (list, tuple)) else [after]))]
        expected = [(N, size) for size in (self.output_size, *self._sizes)]
        if after is None or [one.shape for one in outputs] != expected:
            shapes = [one.shape for one in outputs]
            raise ValueError(f"{self.user.name}.call must return (output, states) of shapes {expected}, got {shapes}.")
        return outputs

    def forward_sequence(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...],
        mask: Array | None,
        training: bool,
        rng: Key | None,
        *,
        sequences: bool,
    ) -> SequenceResult:
        T, N, features = x.shape
        program = self._program(N, features, mask is not None, training)
        weights = [ops.reshape_elements(ops.weight_array(v), v.shape) for v in self.user.variables]
        now = [_zeros(ops, N, n, self.dtype) if one is None else one for one, n in zip(states, self._sizes, strict=True)]
        y, ys, tapes = _zeros(ops, N, self.output_size, self.dtype), [], []
        for t in range(T):
            masked = [] if mask is None else [y, _step(ops, mask, t)]
            key = branch(rng, t) if program.draws and rng is not None else None
            (y, *now), tape = program.forward(ops, [_step(ops, x, t), *now, *masked, *weights], training=training, key=key)
            ys.append(y)
            tapes.append(tape)
        whole = _joined(ops, ys) if sequences and ys else None
        kept = _Tape(program, tapes) if training else None
        return SequenceResult(whole, tuple(map(ops.dense, now)), kept, ops.dense(y))

    def backward_sequence(
        self, ops: Ops, tape: Tape, dy: Array | None, dstates: tuple[Array | None, ...], *, need_dx: bool
    ) -> Backward:
        """Compute the gradients; ``dy`` (N, P) is that of the last output."""
        program, steps = tape
        after: list[Array | None] = list(dstates)
        last = dy if dy is not None and len(dy.shape) == 2 else None
        count, variables = len(self._sizes), self.user.variables
        masked = len(program.inputs) - len(variables) - count - 1
        wanted = [need_dx] + [True] * count + [True, False][:masked] + [True] * len(variables)
        slopes: list[Any] = [None] * len(variables)
        dxs = []
        for t in reversed(range(len(steps))):
            now = _step(ops, dy, t) if dy is not None and len(dy.shape) == 3 else None
            present = [one for one in (now, last) if one is not None]
            given = None if not present else present[0] if len(present) == 1 else ops.add(*present)
            found = program.backward(ops, steps[t], [given, *after], wanted)
            dxs.append(found[0])
            after = list(found[1 : 1 + count])
            last = found[1 + count] if masked else None
            for k, slope in enumerate(found[1 + count + masked :]):
                slope = ops.dense(slope)
                slopes[k] = slope if slopes[k] is None else ops.add(slopes[k], slope)
        gradients = tuple(
            ops.asarray(np.zeros(v.shape or (1,), self.dtype), self.dtype)
            if slope is None
            else ops.dense(ops.reshape_elements(slope, v.shape or (1,)))
            for v, slope in zip(variables, slopes, strict=True)
        )
        dx = _joined(ops, dxs[::-1]) if need_dx else None
        return Backward(dx, tuple(None if one is None else ops.dense(one) for one in after), gradients)


def _zeros(ops: Ops, N: int, size: int, dtype: str) -> Array:
    return ops.asarray(np.zeros((N, size), dtype), dtype)


def _step(ops: Ops, x: Array, t: int) -> Array:
    """Return step t of an array (T, N, ...)."""
    whole = [slice(0, n) for n in x.shape[1:]]
    return ops.reshape_elements(ops.take_slices(x, [slice(t, t + 1), *whole]), x.shape[1:])


def _joined(ops: Ops, steps: Sequence[Array]) -> Array:
    """Return the arrays (N, P) of all steps as (T, N, P)."""
    N, size = steps[0].shape
    places = [[slice(t, t + 1), slice(0, N), slice(0, size)] for t in range(len(steps))]
    return ops.dense(ops.join([ops.reshape_elements(one, (1, N, size)) for one in steps], places, (len(steps), N, size)))
