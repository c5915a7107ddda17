"""Programs: functions of tensors that run on a device, forward and backward."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..kernels.contract import Array, Ops
from ..kernels.op_types import IDENTITY
from ..kernels.specs import Key
from ..philox import SampleKey, branch, next_key, sample_normal, sample_words
from .derivatives import gradients
from .schedule import Step, scheduled
from .tensor import Tensor, constant

Values = dict[int, Array]  #: arrays by the identities of their tensors

_REDUCTIONS = frozenset({"sum", "max", "min", "argmax", "argmin"})
_LEAVES = frozenset({"input", "constant", "array"})

#: Operations that draw random numbers.
DRAWS = frozenset({"keep", "noise", "normal"})


class ProgramTape(NamedTuple):
    """What a backward pass needs of a forward pass."""

    values: Values
    key: Key | None


class Program:
    """A function as steps on a device, for inputs of one shape each.

    Parameters
    ----------
    inputs : sequence of Tensor
        ``input`` tensors, in the order of the arrays that :meth:`forward` takes.
    outputs : sequence of Tensor
        What it computes.
    differentiable : sequence of bool
        Which of the inputs have a gradient.
    dtype : str
        The dtype of numbers.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], differentiable: Sequence[bool], dtype: str) -> None:
        self.inputs, self.outputs, self._dtype = tuple(inputs), tuple(outputs), dtype
        self._differentiable = tuple(differentiable)
        given = {id(x) for x in inputs}
        self._forward = scheduled(self.outputs, lambda x: id(x) in given)
        drawn = [step.result for step in self._forward if step.result.operation in DRAWS]
        self._draws = {id(x): number for number, x in enumerate(drawn)}
        self._backward: dict[tuple[bool, ...], tuple[list[Tensor], list[Tensor | None], list[Step]]] = {}
        self._constants: dict[int, Any] = {}

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers, and needs a key."""
        return bool(self._draws)

    def forward(self, ops: Ops, arrays: Sequence[Array], *, training: bool = False, key: Key | None = None) -> Any:
        """Return the outputs, in the axes of the tensors, and with ``training`` a tape."""
        values = {id(x): array for x, array in zip(self.inputs, arrays, strict=True)}
        self._run(ops, self._forward, values, key)
        return [values[id(y)] for y in self.outputs], ProgramTape(values, key) if training else None

    def backward(self, ops: Ops, tape: ProgramTape, dys: Sequence[Array | None], wanted: Sequence[bool]) -> list[Array | None]:
        """Return the gradients of the inputs that are ``wanted`` for those of the outputs, None for no gradient."""
        present = tuple(dy is not None for dy in dys)
        which = (*present, *(a and b for a, b in zip(wanted, self._differentiable, strict=True)))
        if which not in self._backward:
            self._backward[which] = self._derived(present, which[len(present) :], frozenset(tape.values))
        dy_tensors, found, steps = self._backward[which]
        values = dict(tape.values)
        values |= {id(x): dy for x, dy in zip(dy_tensors, (dy for dy in dys if dy is not None), strict=True)}
        self._run(ops, steps, values, tape.key)
        return [None if dx is None else values[id(dx)] for dx in found]

    def _derived(self, present: Sequence[bool], wanted: Sequence[bool], known: frozenset[int]) -> Any:
        """Return the tensors of the gradients that come in, of those that go out, and the steps between."""
        outputs = [y for y, given in zip(self.outputs, present, strict=True) if given]
        dys = [Tensor("input", (), None, y.shape) for y in outputs]
        inputs = [x for x, needed in zip(self.inputs, wanted, strict=True) if needed]
        derived = iter(gradients(outputs, dys, inputs))
        found: list[Tensor | None] = []
        for x, needed in zip(self.inputs, wanted, strict=True):
            dx = next(derived) if needed else None
            dx = constant(0.0, x.shape) if needed and dx is None else dx
            found.append(dx if dx is None or dx.shape == x.shape else constant(dx.detail, x.shape))
        given = known | {id(dy) for dy in dys}
        return dys, found, scheduled([dx for dx in found if dx is not None], lambda x: id(x) in given)

    def _run(self, ops: Ops, steps: Sequence[Step], values: Values, key: Key | None) -> None:
        for result, formula, operands in steps:
            if formula is not None:
                arrays = [self._value(ops, x, values) for x in operands]
                values[id(result)] = ops.elementwise(formula, arrays, self._dtype)
            elif result.operation in _LEAVES:
                self._value(ops, result, values)
            elif result.operation in DRAWS:
                values[id(result)] = self._drawn(ops, result, key or next_key())
            else:
                arrays = [self._floating(ops, x, self._value(ops, x, values)) for x in operands]
                values[id(result)] = _computed(ops, result, arrays)

    def _value(self, ops: Ops, x: Tensor, values: Values) -> Array:
        """Return the array of a tensor; that of a constant is made at its first use."""
        if id(x) not in values:
            dtype = self._dtype if x.kind == "f" or x.is_constant else {"b": np.bool_, "i": np.int64}[x.kind]
            if x.is_constant:
                one = ops.asarray(np.full((1,), x.detail, dtype), dtype)
                values[id(x)] = ops.broadcast_to(ops.reshape_elements(one, (1,) * x.ndim), x.shape)
            else:
                values[id(x)] = ops.asarray(np.ascontiguousarray(x.detail, dtype), dtype)
        return values[id(x)]

    def _floating(self, ops: Ops, x: Tensor, array: Array) -> Array:
        """Return truth values and whole numbers as numbers, which all operations take."""
        return array if np.dtype(array.dtype).kind == "f" else ops.elementwise(IDENTITY, [array], self._dtype)

    def _drawn(self, ops: Ops, x: Tensor, key: Key) -> Array:
        """Return random factors, 0 or ``1 / (1 - rate)`` or normal ones around 1, or normal numbers around 0."""
        amount, seed = x.detail
        key = key if seed is None else replace(key, seed=seed)
        number = self._draws[id(x)]
        key = branch(key, number) if number else key
        if isinstance(key, SampleKey) and x.shape[0] == len(key.samples):
            return ops.asarray(_of_samples(x, key).astype(self._dtype), self._dtype)
        start = float(x.operation != "normal")
        rows = (x.shape[0], math.prod(x.shape[1:])) if x.shape else (1, 1)
        flat = ops.broadcast_to(ops.asarray(np.full((1, 1), start, self._dtype), self._dtype), rows)
        flat = ops.dense(flat)
        drawn = ops.dropout_forward(flat, amount, key)[0] if x.operation == "keep" else ops.noise_forward(flat, amount, key)
        return ops.reshape_elements(drawn, x.shape)


def _of_samples(x: Tensor, key: SampleKey) -> Any:
    """Return what a draw is for samples by their numbers, computed on the host."""
    amount, _ = x.detail
    if x.operation == "keep":
        kept = sample_words(key, math.prod(x.shape[1:])) >= math.ceil(amount * 2**32)
        return (kept / (1 - amount)).reshape(x.shape)
    return float(x.operation == "noise") + amount * sample_normal(key, x.shape)


def _computed(ops: Ops, x: Tensor, arrays: Sequence[Array]) -> Array:
    """Compute an operation that is no formula."""
    first = arrays[0]
    if x.operation in _REDUCTIONS:
        return ops.reduce_axes(first, x.operation, x.detail)
    if x.operation == "join":
        return ops.join(arrays, [[_as_slice(*one) for one in place] for place in x.detail], x.shape)
    simple: dict[str, Callable[[], Array]] = {
        "stop": lambda: first,
        "broadcast": lambda: ops.broadcast_to(first, x.shape),
        "reshape": lambda: ops.reshape_elements(first, x.shape),
        "permute": lambda: ops.permute(first, x.detail),
        "slice": lambda: ops.take_slices(first, [_as_slice(*limits) for limits in x.detail]),
        "matmul": lambda: ops.matrix_product(*arrays),
        "softmax": lambda: ops.softmax_rows(first),
        "row_order": lambda: ops.row_order(first),
        "take_elements": lambda: ops.take_elements(*arrays),
        "add_elements": lambda: ops.add_elements(first, arrays[1], x.detail),
        "softmax_gradient": lambda: ops.softmax_rows_backward(*arrays),
    }
    return simple[x.operation]()


def _as_slice(start: int, stop: int, step: int) -> slice:
    return slice(start, None if stop < 0 else stop, step)


def keep(shape: Sequence[int], rate: float, seed: int | None = None) -> Tensor:
    """Return random factors of dropout: 0 with probability ``rate``, else ``1 / (1 - rate)``.

    A ``seed`` takes the place of that of the key with which the program runs, here and in the functions below.
    """
    return Tensor("keep", (), (float(rate), seed), tuple(shape))


def noise(shape: Sequence[int], stddev: float) -> Tensor:
    """Return normal random factors of mean 1."""
    return Tensor("noise", (), (float(stddev), None), tuple(shape))


def normal(shape: Sequence[int], seed: int | None = None) -> Tensor:
    """Return standard normal random numbers."""
    return Tensor("normal", (), (1.0, seed), tuple(shape))


def is_index(x: Array) -> bool:
    """Return whether a device array holds whole numbers, as those that Embedding takes: (T, N) for a user's (N, T)."""
    return bool(np.dtype(x.dtype).kind == "i")


def user_axes(ops: Ops, x: Array) -> Array:
    """Return a device array, whose first two axes are swapped if it has three or more or holds indices, batch axis first."""
    n = len(x.shape)
    return ops.permute(x, (1, 0, *range(2, n))) if n >= 3 or (n == 2 and is_index(x)) else x


def stored_axes(ops: Ops, x: Array) -> Array:
    """Return the inverse of :func:`user_axes`, as an array that all ops take."""
    return ops.dense(user_axes(ops, x))
