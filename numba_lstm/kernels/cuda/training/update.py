"""Update rules of optimizers, with one thread per element of a weight in device memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ...op_types import UpdateProgram, Weight
from ...specs import UpdateSpec
from ..arrays.arrays import device_value
from ..arrays.elementwise import flat
from ..recording import FORM, HeldWeights, Recording, fetch
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements
from .further_rules import adadelta, adamax, average, ftrl, lion

Array = Any

#: Arguments of every rule: w, g and three slots, (size,) each, then decay (weight_decay times rate), rate, epsilon, and five
#: for the rule. It updates w and its slots in place and only reads g. A slot that it does not have is w, a number is 0: most of
#: these parameters begin with an underscore. No other arrays overlap.
_ARGUMENTS = "f1 f1 f1 f1 f1 r r r r r r r r"
FIRST_NUMBER = 5  #: of them


def update(
    weights: Sequence[Weight],
    gradients: Sequence[Array],
    slots: Sequence[Sequence[Weight]],
    spec: UpdateSpec,
    *,
    step: int,
    rate: float,
) -> None:
    """Launches one kernel for each weight."""
    _launch_rules(weights, gradients, slots, spec, _numbers(spec, step, rate))
    for weight, slot_weights in zip(weights, slots, strict=True):
        for v in (weight, *slot_weights):
            v.written_as(FORM, device_value(v), fetch)


def _launch_rules(
    weights: Sequence[Weight],
    gradients: Sequence[Array],
    slots: Sequence[Sequence[Weight]],
    spec: UpdateSpec,
    numbers: Sequence[float],
) -> None:
    """Launch the rule for each weight that has elements."""
    for weight, g, slot_weights in zip(weights, gradients, slots, strict=True):
        variant = spec.nesterov or spec.centered or spec.amsgrad or spec.power != -0.5
        kernel = _kernel(spec.name, bool(spec.momentum), variant, g.dtype.name)
        w, *states = (flat(device_value(v)) for v in (weight, *slot_weights))
        launch_elements(kernel, w.size, w, flat(g), *states, *[w] * (3 - len(states)), *numbers)


class _UpdateProgram:
    """The launches of a rule, of which each step replaces the numbers."""

    def __init__(
        self, weights: Sequence[Weight], gradients: Sequence[Array], slots: Sequence[Sequence[Weight]], spec: UpdateSpec
    ) -> None:
        recording = Recording(driver.device())
        with driver.recording_to(recording):
            _launch_rules(weights, gradients, slots, spec, _numbers(spec, 1, 1.0))
        self._spec, self._count, self._weights = spec, len(recording.work), HeldWeights(recording.weights.values())
        self._references = recording, gradients  # the owners of the memory
        self._launches = driver.device().program(recording.work)

    def __call__(self, step: int, rate: float) -> None:
        self._weights.hold()
        numbers = _numbers(self._spec, step, rate)
        for index in range(self._count):
            self._launches.replace(index, FIRST_NUMBER, numbers)
        self._launches()
        self._weights.written()


def update_program(
    weights: Sequence[Weight], gradients: Sequence[Array], slots: Sequence[Sequence[Weight]], spec: UpdateSpec
) -> UpdateProgram:
    """Prepares the launches."""
    return _UpdateProgram(weights, gradients, slots, spec)


def _numbers(spec: UpdateSpec, step: int, rate: float) -> tuple[float, ...]:
    """Return the scalar arguments in the order of ``_ARGUMENTS``, computed in float64."""
    decay, b1, b2 = spec.weight_decay * rate, spec.beta_1, spec.beta_2
    if spec.name == "adam":
        rate *= math.sqrt(1 - b2**step) / (1 - b1**step)
        return decay, rate, spec.epsilon, 1 - b1, 1 - b2, 0.0, 0.0, 0.0
    if spec.name == "nadam":
        u = [b1 * (1 - 0.5 * 0.96**k) for k in range(1, step + 2)]  # u[-1] belongs to the step after
        m_scale, g_scale = u[-1] / (1 - math.prod(u)), (1 - u[-2]) / (1 - math.prod(u[:-1]))
        return decay, rate, spec.epsilon, 1 - b1, 1 - b2, m_scale, g_scale, 1 / (1 - b2**step)
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


def _sgd(has_momentum: bool, nesterov: bool) -> Callable[..., None]:
    def sgd(w, g, v, _1, _2, decay, rate, epsilon, momentum, rho, one_minus_rho, _3, _4):
        i = element()
        if i < w.size:
            x = w[i] - w[i] * decay
            if has_momentum:
                v[i] = momentum * v[i] - rate * g[i]
                x += momentum * v[i] - rate * g[i] if nesterov else v[i]
            else:
                x -= rate * g[i]
            w[i] = x

    return sgd


def _rmsprop(has_momentum: bool, centered: bool) -> Callable[..., None]:
    def rmsprop(w, g, v, s1, s2, decay, rate, epsilon, momentum, rho, one_minus_rho, _1, _2):
        i = element()
        if i < w.size:
            v[i] = rho * v[i] + one_minus_rho * g[i] * g[i]
            q = v[i] + epsilon
            if centered:
                a = s2 if has_momentum else s1
                a[i] = rho * a[i] + one_minus_rho * g[i]
                q = v[i] - a[i] * a[i] + epsilon
            u = rate * g[i] / math.sqrt(q)
            if has_momentum:
                s1[i] = momentum * s1[i] + u
                u = s1[i]
            w[i] = w[i] - w[i] * decay - u

    return rmsprop


def _adagrad(has_momentum: bool, _: bool) -> Callable[..., None]:
    def adagrad(w, g, s, _1, _2, decay, rate, epsilon, _3, _4, _5, _6, _7):
        i = element()
        if i < w.size:
            s[i] += g[i] * g[i]
            w[i] = w[i] - w[i] * decay - rate * g[i] / math.sqrt(s[i] + epsilon)

    return adagrad


def _adam(has_momentum: bool, amsgrad: bool) -> Callable[..., None]:
    def adam(w, g, m, v, largest, decay, rate, epsilon, one_minus_b1, one_minus_b2, _1, _2, _3):
        i = element()
        if i < w.size:
            m[i] += (g[i] - m[i]) * one_minus_b1
            v[i] += (g[i] * g[i] - v[i]) * one_minus_b2
            root = v[i]
            if amsgrad:
                root = largest[i] if root <= largest[i] else root  # NaN is larger than all
                largest[i] = root
            w[i] = w[i] - w[i] * decay - m[i] * rate / (math.sqrt(root) + epsilon)

    return adam


def _nadam(has_momentum: bool, _: bool) -> Callable[..., None]:
    def nadam(w, g, m, v, _1, decay, rate, epsilon, one_minus_b1, one_minus_b2, m_scale, g_scale, v_scale):
        i = element()
        if i < w.size:
            m[i] += (g[i] - m[i]) * one_minus_b1
            v[i] += (g[i] * g[i] - v[i]) * one_minus_b2
            mean = m[i] * m_scale + g[i] * g_scale
            w[i] = w[i] - w[i] * decay - rate * mean / (math.sqrt(v[i] * v_scale) + epsilon)

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
def _kernel(rule: str, has_momentum: bool, variant: bool, dtype: str) -> Kernel:
    """Return the kernel of a rule. ``variant`` is nesterov, centered, amsgrad, or a power other than the square root."""
    name = f"update_{rule}_{dtype}" + "_momentum" * has_momentum + "_variant" * variant
    return jit(_ARGUMENTS, dtype, name)(RULES[rule](has_momentum, variant))
