"""The rules of optimizers: a thread a number of a weight, which stays on the device."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any

from ...specs import UpdateSpec
from ...values import UpdateProgram, Weight
from ..arrays.elementwise import flat
from ..arrays.variables import moved
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements
from .further_rules import adadelta, adamax, average, ftrl, lion

Array = Any

#: Arguments of every rule: w, g, three slots, decay (weight_decay times rate), rate, epsilon, and five of its own.
_ARGUMENTS = "f1 f1 f1 f1 f1 r r r r r r r r"


def update(
    weights: Sequence[Weight],
    gradients: Sequence[Array],
    slots: Sequence[Sequence[Weight]],
    spec: UpdateSpec,
    *,
    step: int,
    rate: float,
) -> None:
    """One launch a weight."""
    numbers = _numbers(spec, step, rate)
    for weight, g, own in zip(weights, gradients, slots, strict=True):
        variant = spec.nesterov or spec.centered or spec.amsgrad or spec.power != -0.5
        kernel = _kernel(spec.name, bool(spec.momentum), variant, g.dtype.name)
        with ExitStack() as stack:
            w, *states = (flat(stack.enter_context(moved(v))) for v in (weight, *own))
            states += [w] * (3 - len(states))
            launch_elements(kernel, w.size, w, flat(g), *states, *numbers)


def update_program(
    weights: Sequence[Weight], gradients: Sequence[Array], slots: Sequence[Sequence[Weight]], spec: UpdateSpec
) -> UpdateProgram:
    """Nothing is prepared: launches are asynchronous."""
    return lambda step, rate: update(weights, gradients, slots, spec, step=step, rate=rate)


def _numbers(spec: UpdateSpec, step: int, rate: float) -> tuple[float, ...]:
    """In the order of ``_ARGUMENTS``, computed in float64."""
    decay, b1, b2 = spec.weight_decay * rate, spec.beta_1, spec.beta_2
    if spec.name == "adam":
        rate *= math.sqrt(1 - b2**step) / (1 - b1**step)
        return decay, rate, spec.epsilon, 1 - b1, 1 - b2, 0.0, 0.0, 0.0
    if spec.name == "nadam":
        u = [b1 * (1 - 0.5 * 0.96**k) for k in range(1, step + 2)]  # u[-1] belongs to the step after
        of_m, of_g = u[-1] / (1 - math.prod(u)), (1 - u[-2]) / (1 - math.prod(u[:-1]))
        return decay, rate, spec.epsilon, 1 - b1, 1 - b2, of_m, of_g, 1 / (1 - b2**step)
    if spec.name == "adamax":
        return decay, rate / (1 - b1**step), spec.epsilon, 1 - b1, b2, 0.0, 0.0, 0.0
    if spec.name == "lion":
        return decay, rate, 0.0, b1, 1 - b1, b2, 1 - b2, 0.0
    if spec.name == "average":
        return decay, rate, 0.0, spec.momentum, 1 - spec.momentum, 0.0, 0.0, 0.0
    if spec.name == "ftrl":
        l2 = 2 * spec.l2 + (spec.beta / rate if spec.beta else 0.0)
        return decay, rate, l2, 2 * spec.l2_shrinkage, spec.l1, -spec.power, 0.0, 0.0
    return decay, rate, spec.epsilon, spec.momentum, spec.rho, 1 - spec.rho, 0.0, 0.0


def _sgd(moves: bool, nesterov: bool) -> Callable[..., None]:
    def sgd(w, g, v, _1, _2, decay, rate, epsilon, momentum, rho, rest, _3, _4):
        i = element()
        if i < w.size:
            x = w[i] - w[i] * decay
            if moves:
                v[i] = momentum * v[i] - rate * g[i]
                x += momentum * v[i] - rate * g[i] if nesterov else v[i]
            else:
                x -= rate * g[i]
            w[i] = x

    return sgd


def _rmsprop(moves: bool, centered: bool) -> Callable[..., None]:
    def rmsprop(w, g, v, s1, s2, decay, rate, epsilon, momentum, rho, rest, _1, _2):
        i = element()
        if i < w.size:
            v[i] = rho * v[i] + rest * g[i] * g[i]
            q = v[i] + epsilon
            if centered:
                a = s2 if moves else s1
                a[i] = rho * a[i] + rest * g[i]
                q = v[i] - a[i] * a[i] + epsilon
            u = rate * g[i] / math.sqrt(q)
            if moves:
                s1[i] = momentum * s1[i] + u
                u = s1[i]
            w[i] = w[i] - w[i] * decay - u

    return rmsprop


def _adagrad(moves: bool, _: bool) -> Callable[..., None]:
    def adagrad(w, g, s, _1, _2, decay, rate, epsilon, _3, _4, _5, _6, _7):
        i = element()
        if i < w.size:
            s[i] += g[i] * g[i]
            w[i] = w[i] - w[i] * decay - rate * g[i] / math.sqrt(s[i] + epsilon)

    return adagrad


def _adam(moves: bool, amsgrad: bool) -> Callable[..., None]:
    def adam(w, g, m, v, largest, decay, rate, epsilon, rest1, rest2, _1, _2, _3):
        i = element()
        if i < w.size:
            m[i] += (g[i] - m[i]) * rest1
            v[i] += (g[i] * g[i] - v[i]) * rest2
            root = v[i]
            if amsgrad:
                root = largest[i] if root <= largest[i] else root  # NaN is larger than all
                largest[i] = root
            w[i] = w[i] - w[i] * decay - m[i] * rate / (math.sqrt(root) + epsilon)

    return adam


def _nadam(moves: bool, _: bool) -> Callable[..., None]:
    def nadam(w, g, m, v, _1, decay, rate, epsilon, rest1, rest2, of_m, of_g, of_v):
        i = element()
        if i < w.size:
            m[i] += (g[i] - m[i]) * rest1
            v[i] += (g[i] * g[i] - v[i]) * rest2
            mean = m[i] * of_m + g[i] * of_g
            w[i] = w[i] - w[i] * decay - rate * mean / (math.sqrt(v[i] * of_v) + epsilon)

    return nadam


RULES: dict[str, Callable[[bool, bool], Callable[..., None]]] = {
    "sgd": _sgd,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adam": _adam,
    "nadam": _nadam,
    "adadelta": adadelta,
    "adamax": adamax,
    "lion": lion,
    "ftrl": ftrl,
    "average": average,
}


@cache
def _kernel(rule: str, moves: bool, variant: bool, dtype: str) -> Kernel:
    """``variant`` is nesterov, centered, amsgrad, or another power than the root."""
    name = f"update_{rule}_{dtype}" + "_momentum" * moves + "_variant" * variant
    return jit(_ARGUMENTS, dtype, name)(RULES[rule](moves, variant))
