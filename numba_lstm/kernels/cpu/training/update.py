"""CPU: the optimizers, one elementwise pass per weight, which threads split if the weight is large."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ....system.forks import free_after_fork
from ...contract import UpdateProgram, Weight
from ...specs import UpdateSpec
from ..arrays.copy_tasks import copied
from ..compiler.jit import prepare
from ..gemm.layout import dtype_name
from ..runtime import thread_pool
from ..runtime.graph import TaskGraph, parallel_if_worthwhile, run_eagerly
from ..runtime.recording import begin_writing, end_writing
from ..runtime.task import KernelCall, partition
from .update_rules import update_kernel

Array = npt.NDArray[Any]

#: Cost of an element, in multiplications: several memory streams, a square root and a quotient.
COST = 32

#: The smallest number of a dtype that is not denormal.
SMALLEST = {"float32": 2.0**-126, "float64": 2.0**-1022}

#: Number of the scalars of a kernel that change from step to step, see :func:`_step_scalars`.
STEP_SCALARS = 8

_growing = free_after_fork(threading.Lock())


@lru_cache(maxsize=4)
def _nadam_products(beta_1: float) -> list[float]:
    """``prod_{k <= t} u_k`` at index t, for the t that were needed so far."""
    return [1.0]


def _nadam_product(beta_1: float, t: int) -> float:
    """Return ``prod_{k <= t} u_k``; products that are negligible beside 1 are not computed further."""
    products = _nadam_products(beta_1)
    with _growing:
        while len(products) <= t and products[-1] > 1e-20:
            products.append(products[-1] * beta_1 * (1 - 0.5 * 0.96 ** len(products)))
    return products[min(t, len(products) - 1)]


def _nadam(spec: UpdateSpec, t: int) -> tuple[float, float]:
    """Return the factors of m and g in Nadam's mean at step t."""
    now = spec.beta_1 * (1 - 0.5 * 0.96**t)
    following = spec.beta_1 * (1 - 0.5 * 0.96 ** (t + 1))
    return following / (1 - _nadam_product(spec.beta_1, t + 1)), (1 - now) / (1 - _nadam_product(spec.beta_1, t))


def _step_scalars(spec: UpdateSpec, t: int, rate: float) -> list[float]:
    """Return decay, rate, epsilon, two parameters of the rule (momentum, rho), and Nadam's three factors."""
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
    return [decay, *_further_scalars(spec, t, rate)]


def _kernel_scalars(spec: UpdateSpec, dtype: np.dtype[Any]) -> Array:
    """Return the array of a kernel's scalars: space for :func:`_step_scalars`, then the constant ones, the decay of moments.

    These are ``1 - beta`` of both, computed in float64 since ``1 - 0.999`` in float32 is off by 1e-5, and the distances for
    which a moment's step would be denormal.
    """
    rests = (1 - spec.rho, 0.0) if spec.name == "rmsprop" else (1 - spec.beta_1, 1 - spec.beta_2)
    least = (SMALLEST[dtype_name(dtype)] / rest if rest else 0.0 for rest in rests)
    return np.array([*(0.0,) * STEP_SCALARS, *rests, *least], dtype)


def _further_scalars(spec: UpdateSpec, t: int, rate: float) -> list[float]:
    """Return seven scalars for the rules of :mod:`.further_rules`, the rate first."""
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
    """Whether the rule is the variant: nesterov, centered, amsgrad, or with another power than the square root."""
    return spec.nesterov or spec.centered or spec.amsgrad or spec.power != -0.5


class _UpdateProgram:
    """An update with bound arrays, which runs ``once``, or many times as a graph that reads the gradients each time."""

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
        pairs = zip(weights, slots, strict=True)
        self._written = [written for weight, weight_slots in pairs for written in (weight, *weight_slots)]
        copies: list[KernelCall] = []
        calls: list[KernelCall] = []
        self._scalars: dict[np.dtype[Any], Array] = {}  # of each dtype
        for weight, gradient, weight_slots in zip(weights, gradients, slots, strict=True):
            w = weight.writable().reshape(-1)
            state = _ordered_slots(spec, [slot.writable().reshape(-1) for slot in weight_slots], w[:0])
            slope = np.ascontiguousarray(gradient)
            if not once and not np.may_share_memory(slope, gradient):
                copies.append(copied(gradient, slope))
            run = update_kernel(spec.name, bool(spec.momentum), variant(spec), dtype_name(w.dtype))
            if w.dtype not in self._scalars:
                self._scalars[w.dtype] = _kernel_scalars(spec, w.dtype)
            scalars = self._scalars[w.dtype]
            arrays = (w, slope.reshape(-1), *state, scalars)
            splits = thread_pool.num_splits(w.size * COST, w.size)
            calls += [KernelCall(run, *arrays, *partition(w.size, index, splits)) for index in range(splits)]
        prepare(call.kernel for call in calls)
        elements = sum(weight.value.size for weight in weights)
        tasks = [*copies, *parallel_if_worthwhile(calls, elements * COST)]
        self._run: Callable[[], None] = partial(run_eagerly, tasks) if once else TaskGraph(tasks)

    def __call__(self, step: int, rate: float) -> None:
        step_scalars = _step_scalars(self._spec, step, rate)
        for scalars in self._scalars.values():
            scalars[:STEP_SCALARS] = step_scalars
        begin_writing(self._written)
        self._run()
        end_writing(self._written)


def update_program(
    weights: Sequence[Weight], gradients: Sequence[Array], slots: Sequence[Sequence[Weight]], spec: UpdateSpec
) -> UpdateProgram:
    """CPU: one kernel call per weight and thread."""
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
    """CPU: an update program that runs once."""
    _UpdateProgram(weights, gradients, slots, spec, once=True)(step, rate)


def _ordered_slots(spec: UpdateSpec, weight_slots: list[Array], empty: Array) -> list[Array]:
    """Return the slots in the kernel's order: rmsprop's momentum second and its mean third, amsgrad's maximum third."""
    if spec.name == "rmsprop" and spec.centered and not spec.momentum:
        weight_slots = [weight_slots[0], empty, weight_slots[1]]
    return weight_slots + [empty] * (3 - len(weight_slots))
