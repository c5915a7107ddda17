"""CachedSteps: causal attention step by step, with the keys and values of the steps before as its states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ... import ops as ops_
from ...kernels.contract import Array, Ops
from ...objects.subclassing import is_of_package
from ...ops.program import Program, stored_axes, user_axes
from ...ops.tensor import Tensor
from ...ops.tracing import input_like
from ..base import Forward
from ..base.results import StepValue
from ..traced import SeveralInputs

Tensors = tuple[Tensor, ...]
Masks = tuple[Tensor | None, ...]


_programs: WeakKeyDictionary[Any, dict[Any, Program]] = WeakKeyDictionary()


class CachedSteps(SeveralInputs):
    """Base class of attention that a stream computes with ``use_causal_mask=True``.

    The states of a call are rings of S steps, (S, N, F) for what :meth:`cached` returns, whether a step may be seen (N, S), and
    the number of steps so far (N, 1). A step writes its entries, and compares its query with all S, of which those after it
    have no weight.
    """

    def cached(self, inputs: Tensors, weights: Sequence[Tensor]) -> list[Tensor]:
        """Return what the steps of the inputs add to the rings, (N, T, F) each."""
        raise NotImplementedError

    def attend(self, inputs: Tensors, rings: Sequence[Tensor], masks: Masks, weights: Sequence[Tensor]) -> Tensor:
        """Return the output for the query of ``inputs``, and the entries of all steps; ``masks`` are of query and entries."""
        raise NotImplementedError

    def cache_sizes(self, features: Sequence[int]) -> tuple[int, ...]:
        """Return the features F of the rings of a call on inputs of these features."""
        raise NotImplementedError

    def check_cached(self, values: Sequence[StepValue]) -> None:
        """Raise NotImplementedError unless a stream can compute a causal call on these inputs."""
        if not all(value.has_steps for value in values):
            raise NotImplementedError(self._refusal("use_causal_mask=True, and not all of its inputs have steps"))
        if not is_of_package(type(self).__module__):
            raise NotImplementedError(self._refusal("its class is not of this package, and may need later steps"))

    def _refusal(self, reason: str) -> str:
        return f"{self.name} ({type(self).__name__}) cannot be streamed: {reason}."

    def check_causal(self) -> None:
        raise NotImplementedError(self._refusal("attention needs all steps, without use_causal_mask=True"))

    def check_windows(self) -> None:
        raise NotImplementedError(self._refusal("attention needs the steps of all windows"))

    def cache_states(self, N: int, features: Sequence[int], steps: int) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of the states of a causal call on inputs of these features, for a number of steps."""
        return (*((steps, N, size) for size in self.cache_sizes(features)), (N, steps), (N, 1))

    def forward_step(self, ops: Ops, x: Any, states: tuple[Array, ...] | None = None, mask: Any = None) -> Forward:
        """Compute a step of a causal call: its states are those of :meth:`cache_states`."""
        if not states:
            return self.forward(ops, x, None, mask)
        present = [None if one is None else ops.permute(one, (1, 0)) for one in mask]
        arrays = [user_axes(ops, one) for one in (*x, *states)]
        weights = [ops.reshape_elements(ops.weight_array(v), v.shape) for v in self.variables]
        program = self._step_program(arrays, len(x), [one is not None for one in present])
        outputs, _ = program.forward(ops, [*arrays, *(one for one in present if one is not None), *weights])
        y, *after = (stored_axes(ops, one) for one in outputs)
        return Forward(y, tuple(after), mask=mask[0])

    def _step_program(self, arrays: Sequence[Array], inputs: int, masked: Sequence[bool]) -> Program:
        shapes = tuple(tuple(array.shape) for array in arrays)
        key = shapes, inputs, tuple(masked), self.dtype, self.trace_state()
        programs = _programs.setdefault(self, {})
        if key not in programs:
            programs[key] = self._traced_step(shapes, inputs, masked)
        return programs[key]

    def _traced_step(self, shapes: Sequence[tuple[int, ...]], inputs: int, masked: Sequence[bool]) -> Program:
        tensors = [input_like(shape) for shape in shapes]
        masks = [input_like(shapes[0][:2], "b") if has else None for has in masked]
        weights = [input_like(variable.shape) for variable in self.variables]
        given, (*rings, seen, count) = tuple(tensors[:inputs]), tensors[inputs:]
        steps = seen.shape[1]
        here = ops_.equal(np.arange(steps, dtype=self.dtype)[None], count)  # (N, S)
        column = ops_.reshape(here, (*here.shape, 1))
        entries = [ops_.where(column, new, ring) for new, ring in zip(self.cached(given, weights), rings, strict=True)]
        allowed: Any = 1.0
        for mask in masks[1:]:
            allowed = allowed if mask is None else ops_.where(mask, allowed, 0.0)
        after = ops_.where(here, allowed, seen)
        y = self.attend(given, entries, (masks[0], ops_.greater(after, 0.0)), weights)
        present = [mask for mask in masks if mask is not None]
        takes = [*tensors, *present, *weights]
        outputs = [y, *entries, after, ops_.add(count, 1.0)]
        return Program(takes, outputs, [False] * len(takes), self.dtype)


def summed_in_order(shares: Tensor, value: Tensor, product: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Return the product of weights and values (..., F), summed step by step, so that steps without weight change no bit.

    A product with a single column may be summed in the order of vectors, which depends on the number of steps.
    """
    if value.shape[-1] > 1:
        return product(shares, value)
    y: Tensor = product(shares, ops_.concatenate([value, value], axis=-1))[..., :1]
    return y
