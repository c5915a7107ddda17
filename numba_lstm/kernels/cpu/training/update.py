"""CPU twin of the optimizers: one elementwise pass a weight, cut for threads where the weight is large."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ....forks import free_after_fork
from ...contract import UpdateProgram, Weight
from ...specs import UpdateSpec
from ..arrays.copy_tasks import copied
from ..gemm.layout import dtype_name
from ..runtime import thread_pool
from ..runtime.graph import TaskGraph, parallel_if_worthwhile, run_eagerly
from ..runtime.task import KernelCall, partition
from .update_rules import update_kernel

Array = npt.NDArray[Any]

#: What an element costs, in multiplications: several streams to memory, a root and a quotient.
COST = 32

#: The smallest number of a dtype that is not denormal.
SMALLEST = {"float32": 2.0**-126, "float64": 2.0**-1022}

#: Numbers that a kernel reads and that change from step to step, see :func:`_constants`.
CONSTANTS = 8

_growing = free_after_fork(threading.Lock())


@lru_cache(maxsize=4)
def _nadam_products(beta_1: float) -> list[float]:
    """``prod_{k <= t} u_k`` at index t, grown as far as it was asked for."""
    return [1.0]


def _nadam_product(beta_1: float, t: int) -> float:
    """``prod_{k <= t} u_k``; where it is nothing beside 1 it is not followed further."""
    products = _nadam_products(beta_1)
    with _growing:
        while len(products) <= t and products[-1] > 1e-20:
            products.append(products[-1] * beta_1 * (1 - 0.5 * 0.96 ** len(products)))
    return products[min(t, len(products) - 1)]


def _nadam(spec: UpdateSpec, t: int) -> tuple[float, float]:
    """What multiplies m and g in Nadam's mean at step t."""
    now = spec.beta_1 * (1 - 0.5 * 0.96**t)
    following = spec.beta_1 * (1 - 0.5 * 0.96 ** (t + 1))
    return following / (1 - _nadam_product(spec.beta_1, t + 1)), (1 - now) / (1 - _nadam_product(spec.beta_1, t))


def _constants(spec: UpdateSpec, t: int, rate: float) -> list[float]:
    """Decay, rate, epsilon, two of a rule's own (momentum, rho), and Nadam's three."""
    decay = spec.weight_decay * rate
    if spec.name == "sgd":
        return [decay, rate, 0.0, spec.momentum, 0.0, 0.0, 0.0, 0.0]
    if spec.name == "rmsprop":
        return [decay, rate, spec.epsilon, spec.rho, spec.momentum, 0.0, 0.0, 0.0]
    if spec.name == "adagrad":
        return [decay, rate, spec.epsilon, 0.0, 0.0, 0.0, 0.0, 0.0]
    if spec.name == "adam":
        rate *= math.sqrt(1 - spec.beta_2**t) / (1 - spec.beta_1**t)
        return [decay, rate, spec.epsilon, 0.0, 0.0, 0.0, 0.0, 0.0]
    if spec.name == "nadam":
        of_m, of_g = _nadam(spec, t)
        return [decay, rate, spec.epsilon, 0.0, 0.0, of_m, of_g, 1 / (1 - spec.beta_2**t)]
    return [decay, *_further_constants(spec, t, rate)]


def _numbers(spec: UpdateSpec, dtype: np.dtype[Any]) -> Array:
    """Room for :func:`_constants`, and behind them what stays: how fast moments decay.

    That is ``1 - beta`` of both, in float64 at first since ``1 - 0.999`` in float32 is off by 1e-5, and the distances whose
    share of it would be denormal.
    """
    rests = (1 - spec.rho, 0.0) if spec.name == "rmsprop" else (1 - spec.beta_1, 1 - spec.beta_2)
    least = (SMALLEST[dtype_name(dtype)] / rest if rest else 0.0 for rest in rests)
    return np.array([*(0.0,) * CONSTANTS, *rests, *least], dtype)


def _further_constants(spec: UpdateSpec, t: int, rate: float) -> list[float]:
    """Seven numbers for the rules of :mod:`.further_rules`, the rate first."""
    if spec.name == "adadelta":
        return [rate, spec.epsilon, spec.rho, 1 - spec.rho, 0.0, 0.0, 0.0]
    if spec.name == "adamax":
        return [rate / (1 - spec.beta_1**t), spec.epsilon, 1 - spec.beta_1, spec.beta_2, 0.0, 0.0, 0.0]
    if spec.name == "lion":
        return [rate, 0.0, spec.beta_1, 1 - spec.beta_1, spec.beta_2, 1 - spec.beta_2, 0.0]
    if spec.name == "average":
        return [rate, 0.0, spec.momentum, 1 - spec.momentum, 0.0, 0.0, 0.0]
    l2 = 2 * spec.l2 + (spec.beta / rate if spec.beta else 0.0)
    return [rate, l2, 2 * spec.l2_shrinkage, spec.l1, -spec.power, 0.0, 0.0]


def variant(spec: UpdateSpec) -> bool:
    """Whether a rule is the other one of its two: nesterov, centered, amsgrad, or with another power than the root."""
    return spec.nesterov or spec.centered or spec.amsgrad or spec.power != -0.5


class _UpdateProgram:
    """An update with bound arrays, to run ``once``, or as a graph many times; gradients are read where they are each time."""

    def __init__(
        self,
        weights: Sequence[Weight],
        gradients: Sequence[Array],
        slots: Sequence[Sequence[Weight]],
        spec: UpdateSpec,
        *,
        once: bool,
    ) -> None:
        self._spec = spec
        self._written = [written for weight, own in zip(weights, slots, strict=True) for written in (weight, *own)]
        copies: list[KernelCall] = []
        calls: list[KernelCall] = []
        self._numbers: dict[np.dtype[Any], Array] = {}  # of each dtype
        for weight, gradient, own in zip(weights, gradients, slots, strict=True):
            w = weight.writable().reshape(-1)
            state = _positions(spec, [slot.writable().reshape(-1) for slot in own], w[:0])
            slope = np.ascontiguousarray(gradient)
            if not once and not np.may_share_memory(slope, gradient):
                copies.append(copied(gradient, slope))
            run = update_kernel(spec.name, bool(spec.momentum), variant(spec), dtype_name(w.dtype))
            if w.dtype not in self._numbers:
                self._numbers[w.dtype] = _numbers(spec, w.dtype)
            numbers = self._numbers[w.dtype]
            arrays = (w, slope.reshape(-1), *state, numbers)
            splits = thread_pool.num_splits(w.size * COST, w.size)
            calls += [KernelCall(run, *arrays, *partition(w.size, index, splits)) for index in range(splits)]
        elements = sum(weight.value.size for weight in weights)
        tasks = [*copies, *parallel_if_worthwhile(calls, elements * COST)]
        self._run: Callable[[], None] = partial(run_eagerly, tasks) if once else TaskGraph(tasks)

    def __call__(self, step: int, rate: float) -> None:
        constants = _constants(self._spec, step, rate)
        for numbers in self._numbers.values():
            numbers[:CONSTANTS] = constants
        for written in self._written:
            written.writable()
        self._run()
        for written in self._written:
            written.written()


def update_program(
    weights: Sequence[Weight], gradients: Sequence[Array], slots: Sequence[Sequence[Weight]], spec: UpdateSpec
) -> UpdateProgram:
    """CPU twin: one kernel call a weight and thread."""
    return _UpdateProgram(weights, gradients, slots, spec, once=False)


def update(
    weights: Sequence[Weight],
    gradients: Sequence[Array],
    slots: Sequence[Sequence[Weight]],
    spec: UpdateSpec,
    *,
    step: int,
    rate: float,
) -> None:
    """CPU twin: a program that serves once."""
    _UpdateProgram(weights, gradients, slots, spec, once=True)(step, rate)


def _positions(spec: UpdateSpec, own: list[Array], none: Array) -> list[Array]:
    """Slots where the kernel looks for them: rmsprop's momentum second and its mean third, amsgrad's largest third."""
    if spec.name == "rmsprop" and spec.centered and not spec.momentum:
        own = [own[0], none, own[1]]
    return own + [none] * (3 - len(own))
