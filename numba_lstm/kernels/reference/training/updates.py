"""Gradient clipping, and the update rules of optimizers: ``rule(w, g, slots, spec, t, r)``, in place on w and its slots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...op_types import UpdateProgram

Array = npt.NDArray[Any]


def norm(*arrays: Array) -> float:
    """Return the Euclidean norm of all elements of all arrays, in float64."""
    return math.sqrt(sum(float(np.sum(np.square(a, dtype=np.float64))) for a in arrays))


def shrinkage(size: float, limit: float) -> float:
    """Return the factor that reduces a norm of ``size`` to ``limit``: 1 if it is small enough, NaN if it is not finite."""
    return limit / max(size, limit) if math.isfinite(size) else math.nan


def clip_gradients(
    gradients: Sequence[Array],
    *,
    clipnorm: float | None = None,
    global_clipnorm: float | None = None,
    clipvalue: float | None = None,
) -> list[Array]:
    """Returns new arrays, or the gradients themselves without a bound."""
    if clipnorm is not None:
        return [g * shrinkage(norm(g), clipnorm) for g in gradients]
    if global_clipnorm is not None:
        factor = shrinkage(norm(*gradients), global_clipnorm)
        return [g * factor for g in gradients]
    if clipvalue is not None:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    return list(gradients)


def sgd(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """Gradient descent, with momentum (Polyak 1964; Nesterov 1983)."""
    if not spec.momentum:
        w -= r * g
        return
    (v,) = slots
    v[...] = spec.momentum * v - r * g
    w += spec.momentum * v - r * g if spec.nesterov else v


def rmsprop(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """The gradient over its recent root mean square (Hinton 2012); centered: over its recent deviation (Graves 2013)."""
    v, *rest = slots
    v[...] = spec.rho * v + (1 - spec.rho) * g**2
    q = v + spec.epsilon
    if spec.centered:
        a = rest[-1]
        a[...] = spec.rho * a + (1 - spec.rho) * g
        q = v - a**2 + spec.epsilon
    u = r * g / np.sqrt(q)
    if spec.momentum:
        n = rest[0]
        n[...] = spec.momentum * n + u
        u = n
    w -= u


def adagrad(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """The gradient over the root of the sum of its squares (Duchi et al. 2011)."""
    (s,) = slots
    s += g**2
    w -= r * g / np.sqrt(s + spec.epsilon)


def adadelta(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """The gradient times the ratio of the root mean squares of updates and gradients (Zeiler 2012)."""
    s, d = slots
    s[...] = spec.rho * s + (1 - spec.rho) * g**2
    u = g * np.sqrt(d + spec.epsilon) / np.sqrt(s + spec.epsilon)
    d[...] = spec.rho * d + (1 - spec.rho) * u**2
    w -= r * u


def moments(m: Array, v: Array, g: Array, spec: Any) -> None:
    """Running means of ``g`` and of its square."""
    m += (g - m) * (1 - spec.beta_1)
    v += (g**2 - v) * (1 - spec.beta_2)


def adam(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """Adam (Kingma & Ba 2015), amsgrad (Reddi et al. 2018)."""
    m, v, *rest = slots
    moments(m, v, g, spec)
    if spec.amsgrad:
        (largest,) = rest
        largest[...] = np.maximum(largest, v)
        v = largest
    rate = r * math.sqrt(1 - spec.beta_2**t) / (1 - spec.beta_1**t)
    w -= m * rate / (np.sqrt(v) + spec.epsilon)


def nadam(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """Adam with Nesterov's momentum and its schedule u (Dozat 2016)."""
    m, v = slots
    moments(m, v, g, spec)
    u = [spec.beta_1 * (1 - 0.5 * 0.96**k) for k in range(1, t + 2)]  # u[-1] belongs to step t + 1
    m_hat = u[-1] * m / (1 - math.prod(u)) + (1 - u[-2]) * g / (1 - math.prod(u[:-1]))
    w -= r * m_hat / (np.sqrt(v / (1 - spec.beta_2**t)) + spec.epsilon)


def adamax(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """Adam with the largest gradient in place of the root mean square (Kingma & Ba 2015, section 7)."""
    m, n = slots
    m += (g - m) * (1 - spec.beta_1)
    n[...] = np.maximum(spec.beta_2 * n, np.abs(g))
    w -= r * m / ((1 - spec.beta_1**t) * (n + spec.epsilon))


def lion(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """The sign of a mean gradient (Chen et al. 2023)."""
    (m,) = slots
    w -= r * np.sign(spec.beta_1 * m + (1 - spec.beta_1) * g)
    m[...] = spec.beta_2 * m + (1 - spec.beta_2) * g


def ftrl(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """Follow the regularized leader (McMahan et al. 2013)."""
    s, z = slots
    total = s + g**2
    z += g + 2 * spec.l2_shrinkage * w - (total**-spec.power - s**-spec.power) / r * w
    w[...] = (np.clip(z, -spec.l1, spec.l1) - z) / (total**-spec.power / r + 2 * spec.l2 + spec.beta / r)
    s[...] = total


def average(w: Array, g: Array, slots: list[Array], spec: Any, t: int, r: float) -> None:
    """A running mean of another weight, or a copy of it."""
    (a,) = slots
    w[...] = spec.momentum * w + (1 - spec.momentum) * a if spec.momentum else a


RULES: dict[str, Callable[..., None]] = {
    f.__name__: f for f in (sgd, rmsprop, adagrad, adadelta, adam, nadam, adamax, lion, ftrl, average)
}


def update(
    weights: Sequence[Any], gradients: Sequence[Array], slots: Sequence[Sequence[Any]], spec: Any, *, step: int, rate: float
) -> None:
    """Updates one weight after another."""
    for weight, g, slot_weights in zip(weights, gradients, slots, strict=True):
        w = weight.writable()
        if spec.weight_decay:
            w -= w * spec.weight_decay * rate
        g = g.reshape(w.shape)  # a number has a gradient of one axis
        RULES[spec.name](w, g, [slot.writable() for slot in slot_weights], spec, step, rate)
        for variable in (weight, *slot_weights):
            variable.written()


def update_program(
    weights: Sequence[Any], gradients: Sequence[Array], slots: Sequence[Sequence[Any]], spec: Any
) -> UpdateProgram:
    """Prepares nothing."""
    return lambda step, rate: update(weights, gradients, slots, spec, step=step, rate=rate)
