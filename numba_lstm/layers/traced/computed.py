"""ComputedLayer: a layer that is a function of tensors, which is traced once for each shape of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...ops.derivatives import ordered
from ...ops.elementwise import add
from ...ops.program import DRAWS, Program, is_index, stored_axes, user_axes
from ...ops.reducing import sum as sum_
from ...ops.shaping import reshape
from ...ops.tensor import Tensor
from ...ops.tracing import input_like
from ...philox import next_key
from ..base import Backward, Forward, Layer
from ..base.results import StepValue
from .stepwise import stepwise_values

#: Programs of a layer that are kept: of a batch, of the smaller one at the end of an epoch, of sequences of other lengths.
MAX_PROGRAMS = 16

#: In place of unknown sizes in a trial run.
_SIZE = 11


class _Traced(NamedTuple):
    """A program of a layer, and what it takes and returns beside the inputs and the output."""

    program: Program
    outputs: int  #: how many outputs it has, before the mask
    adds_loss: bool  #: whether it computes a loss, between the outputs and the mask
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

    may_draw: ClassVar[bool] = False  #: whether it calls a function of a user, which may draw random numbers and add losses
    _found: tuple[Any, tuple[bool, bool]] | None = None  #: the state of a trial run, and what was found

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Any:
        """Return the output for the inputs, batch axis first, their masks (N, T), and the layer's variables in their order.

        A layer with :attr:`call_defaults` or :attr:`mask_arguments` takes those by name. It may return a tuple of outputs. The
        mask is that of the first one.
        """
        raise NotImplementedError

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> Tensor | None:
        """Return the mask that goes on."""
        return masks[0]

    @property
    def draws_in_inference(self) -> bool:
        """Whether the function of a user draws random numbers outside of training, too."""
        return self._tried[0]

    @property
    def adds_losses(self) -> bool:
        return self._tried[1]

    @property
    def _tried(self) -> tuple[bool, bool]:
        """Whether a trial run of the function of a user draws random numbers, and whether it adds losses."""
        if not (self.built and self.may_draw):
            return False, False
        state = self.trace_state()
        if self._found is None or self._found[0] != state:
            draws, _ = self._try(False)
            vars(self)["_found"] = state, (draws, self._try(True)[1])
        return self._found[1]  # type: ignore[index]

    def _try(self, training: bool) -> tuple[bool, bool]:
        shapes: Any = self.built_shape if self.takes_several else (self.built_shape,)
        inputs = tuple(input_like(tuple(_SIZE if n is None else n for n in shape)) for shape in shapes)
        weights = [input_like(variable.shape) for variable in self.variables]
        try:
            y = self.compute(inputs, (None,) * len(inputs), weights, training, **self.trial_arguments())
        except Exception:  # a user's function may raise anything for sizes that it does not take
            return False, False
        losses = self.take_losses()
        roots = [*(y if isinstance(y, tuple) else (y,)), *losses]
        return any(x.operation in DRAWS for x in ordered(roots)), bool(losses)

    def take_losses(self) -> list[Tensor]:
        """Return the losses that the last call of :meth:`compute` has added, and forget them."""
        return []

    def trial_arguments(self) -> Mapping[str, Any]:
        """Return further arguments of :meth:`compute` for a trial run."""
        return {}

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
        **arguments: Any,
    ) -> Forward:
        xs = x if isinstance(x, tuple) else (x,)
        masks = mask if isinstance(mask, tuple) else (mask, *[None] * (len(xs) - 1))
        arrays = [user_axes(ops, one) for one in xs]
        named = {name: arguments.pop(name) for name in self.mask_arguments if arguments.get(name) is not None}
        given = [*masks, *named.values()]
        present = [ops.permute(one, (1, 0, *range(2, len(one.shape)))) for one in given if one is not None]
        weights = [ops.reshape_elements(ops.weight_array(v), v.shape) for v in self.variables]
        traced = self._traced(arrays, masks, named, training, arguments)
        key = self.key(rng if training else rng or next_key()) if traced.program.draws else None
        outputs, tape = traced.program.forward(ops, [*arrays, *present, *weights], training=training, key=key)
        if traced.has_mask:
            going = ops.not_equal(ops.dense(ops.permute(outputs[-1], (1, 0))), 0)
        else:
            going = None if traced.mask_index is None else [one for one in masks if one is not None][traced.mask_index]
        kept = _Tape(traced, tape, len(xs), len(present)) if training else None
        ys = tuple(stored_axes(ops, y) for y in outputs[: traced.outputs])
        losses = (outputs[traced.outputs],) if traced.adds_loss else ()
        if len(ys) == 1:
            return Forward(ys[0], mask=going, tape=kept, losses=losses)
        return Forward(ys, mask=(going, *[None] * (len(ys) - 1)), tape=kept, losses=losses)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        traced, kept, inputs, masks = tape
        wanted = [need_dx] * inputs + [False] * masks + [True] * len(self.variables)
        slopes = dy if isinstance(dy, tuple) else (dy,)
        dys: list[Any] = [None if slope is None else user_axes(ops, slope) for slope in slopes]
        if traced.adds_loss:
            dys.append(ops.asarray(np.ones((1,), self.dtype), self.dtype))
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

    def _traced(
        self, arrays: Sequence[Array], masks: Sequence[Any], named: Mapping[str, Array], training: bool, arguments: Any
    ) -> _Traced:
        """Return the program for inputs of these shapes."""
        shapes = tuple((tuple(x.shape), "i" if is_index(x) else "f") for x in arrays)
        masked = tuple(one is not None for one in masks)
        key = shapes, masked, (*named,), training, self.dtype, self.trace_state(), tuple(sorted(arguments.items()))
        programs = _programs.setdefault(self, {})
        if key not in programs:
            if len(programs) >= MAX_PROGRAMS:
                del programs[next(iter(programs))]
            extra = {name: input_like((one.shape[1], one.shape[0], *one.shape[2:]), "b") for name, one in named.items()}
            programs[key] = self._trace(shapes, masked, extra, training, arguments)
        return programs[key]

    def _trace(
        self, shapes: Sequence[Any], masked: Sequence[bool], named: Mapping[str, Tensor], training: bool, arguments: Any
    ) -> _Traced:
        inputs = tuple(input_like(shape, kind) for shape, kind in shapes)
        masks = tuple(input_like(x.shape[:2], "b") if has else None for x, has in zip(inputs, masked, strict=True))
        weights = [input_like(variable.shape) for variable in self.variables]
        compute: Any = self.compute  # subclasses take further arguments
        y = compute(inputs, masks, weights, training, **named, **arguments)
        ys = y if isinstance(y, tuple) else (y,)
        losses = self.take_losses()
        total = [reshape(reduce(add, map(sum_, losses)), (1,))] if losses else []
        mask = self.compute_mask_of(inputs, masks)
        present = [one for one in masks if one is not None]
        index = next((k for k, one in enumerate(present) if one is mask), None)
        computed = mask is not None and index is None
        present += named.values()
        outputs = [*ys, *total, mask] if mask is not None and computed else [*ys, *total]
        flags = [x.kind == "f" for x in inputs] + [False] * len(present) + [True] * len(weights)
        program = Program([*inputs, *present, *weights], outputs, flags, self.dtype)
        return _Traced(program, len(ys), bool(losses), index, computed)
