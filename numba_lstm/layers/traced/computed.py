"""ComputedLayer: a layer that is a function of tensors, which is traced once for each shape of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...ops.derivatives import ordered
from ...ops.program import Program, stored_axes, user_axes
from ...ops.tensor import Tensor
from ...ops.tracing import input_like
from ..base import Backward, Forward, Layer
from ..base.results import StepValue
from .stepwise import stepwise_values

#: Programs of a layer that are kept: of a batch, of the smaller one at the end of an epoch, of sequences of other lengths.
MAX_PROGRAMS = 16


class _Traced(NamedTuple):
    """A program of a layer, and what it takes and returns beside the inputs and the output."""

    program: Program
    outputs: int  #: how many outputs it has, before the mask
    draws: bool  #: whether it needs a key of random numbers
    mask_index: int | None  #: which of the masks that come in goes on
    has_mask: bool  #: whether it computes the mask that goes on


class _Tape(NamedTuple):
    traced: _Traced
    tape: Any
    inputs: int
    masks: int


_programs: WeakKeyDictionary[Layer, dict[Any, _Traced]] = WeakKeyDictionary()


class ComputedLayer(Layer):
    """Base class of layers whose output is computed by functions of :mod:`numba_lstm.ops`, which have derivatives.

    A subclass defines :meth:`compute`, and :meth:`compute_mask_of` where its mask is another one than that of its input.
    """

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor | tuple[Tensor, ...]:
        """Return the output, or a tuple of several, for the inputs, batch axis first, their masks (N, T), and the weights.

        ``weights`` are the layer's variables in their order.
        """
        raise NotImplementedError

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> Tensor | None:
        """Return the mask that goes on."""
        return masks[0]

    def trace_state(self) -> Any:
        """Return what :meth:`compute` depends on and may change."""
        return self._changes

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        xs = x if isinstance(x, tuple) else (x,)
        masks = mask if isinstance(mask, tuple) else (mask, *[None] * (len(xs) - 1))
        arrays = [user_axes(ops, one) for one in xs]
        present = [ops.permute(one, (1, 0)) for one in masks if one is not None]
        weights = [ops.reshape_elements(ops.weight_array(v), v.shape) for v in self.variables]
        traced = self._traced(arrays, [one is not None for one in masks], training)
        key = self.key(rng) if traced.draws else None
        outputs, tape = traced.program.forward(ops, [*arrays, *present, *weights], training=training, key=key)
        if traced.has_mask:
            going = ops.not_equal(ops.dense(ops.permute(outputs[-1], (1, 0))), 0)
        else:
            going = None if traced.mask_index is None else [one for one in masks if one is not None][traced.mask_index]
        kept = _Tape(traced, tape, len(xs), len(present)) if training else None
        ys = tuple(stored_axes(ops, y) for y in outputs[: traced.outputs])
        return Forward(ys if len(ys) > 1 else ys[0], mask=going, tape=kept)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        traced, kept, inputs, masks = tape
        wanted = [need_dx] * inputs + [False] * masks + [True] * len(self.variables)
        slopes = dy if isinstance(dy, tuple) else (dy,)
        dys: list[Any] = [None if slope is None else user_axes(ops, slope) for slope in slopes]
        dys += [None] * (len(traced.program.outputs) - len(dys))
        found = traced.program.backward(ops, kept, dys, wanted)
        dxs = tuple(None if dx is None else stored_axes(ops, dx) for dx in found[:inputs])
        pairs = zip(self.variables, found[inputs + masks :], strict=True)
        gradients = tuple(ops.dense(ops.reshape_elements(dw, v.shape or (1,))) for v, dw in pairs)
        return Backward((dxs if self.takes_several else dxs[0]) if need_dx else None, gradients=gradients)

    def check_causal(self) -> None:
        """Do nothing: :meth:`traced_values` finds out what depends on other steps."""

    def traced_values(self, values: Sequence[StepValue]) -> list[StepValue]:
        """Return what the outputs are in a stream; raise NotImplementedError where they need several steps at a time."""
        return stepwise_values(self, values)

    def _traced(self, arrays: Sequence[Array], masked: Sequence[bool], training: bool) -> _Traced:
        """Return the program for inputs of these shapes."""
        shapes = tuple(tuple(x.shape) for x in arrays)
        key = shapes, tuple(masked), training, self.dtype, self.trace_state()
        programs = _programs.setdefault(self, {})
        if key not in programs:
            if len(programs) >= MAX_PROGRAMS:
                del programs[next(iter(programs))]
            programs[key] = self._trace(shapes, masked, training)
        return programs[key]

    def _trace(self, shapes: Sequence[tuple[int, ...]], masked: Sequence[bool], training: bool) -> _Traced:
        inputs = tuple(input_like(shape) for shape in shapes)
        masks = tuple(input_like(shape[:2], "b") if has else None for shape, has in zip(shapes, masked, strict=True))
        weights = [input_like(variable.shape) for variable in self.variables]
        y = self.compute(inputs, masks, weights, training)
        ys = y if isinstance(y, tuple) else (y,)
        mask = self.compute_mask_of(inputs, masks)
        present = [one for one in masks if one is not None]
        index = next((k for k, one in enumerate(present) if one is mask), None)
        computed = mask is not None and index is None
        outputs = [*ys, mask] if mask is not None and computed else [*ys]
        flags = [True] * len(inputs) + [False] * len(present) + [True] * len(weights)
        program = Program([*inputs, *present, *weights], outputs, flags, self.dtype)
        draws = any(x.operation in ("keep", "noise") for x in ordered(outputs))
        return _Traced(program, len(ys), draws, index, computed)
