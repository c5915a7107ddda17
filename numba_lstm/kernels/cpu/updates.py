"""CPU twin of the optimizers: one elementwise pass a weight, plain loops that LLVM turns into vectors, bound by memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import Weight
from ..specs import UpdateSpec
from .jit import inlined, kernel
from .panels import NUMBA, dtype_name

Array = npt.NDArray[Any]

RULES = ("sgd", "rmsprop", "adagrad", "adam", "nadam")
SGD, RMSPROP, ADAGRAD, ADAM, NADAM = range(5)


@cache
def _update(rule: int, momentum: bool, variant: bool, dtype: str) -> Any:
    """One rule; ``variant`` is nesterov, centered or amsgrad. Constants come in an array of the weights' dtype, by position."""
    one = np.float32(1) if dtype == "float32" else np.float64(1)
    tiny = np.float32(2.0**-62) if dtype == "float32" else np.float64(2.0**-510)

    def update_weights(w, g, s0, s1, s2, constants):
        decay, rate, epsilon, a, b, c, d = (
            constants[0], constants[1], constants[2], constants[3], constants[4], constants[5], constants[6]
        )  # fmt: skip
        for k in range(w.size):
            x, slope = w[k] - w[k] * decay, g[k]
            if rule == SGD:
                if momentum:
                    v = a * s0[k] - rate * slope
                    s0[k] = flush(v, tiny)
                    x += a * v - rate * slope if variant else v
                else:
                    x -= rate * slope
            elif rule == RMSPROP:
                v = flush(a * s0[k] + (one - a) * slope * slope, tiny)
                s0[k] = v
                q = v + epsilon
                if variant:
                    mean = flush(a * s2[k] + (one - a) * slope, tiny)
                    s2[k] = mean
                    q = v - mean * mean + epsilon
                u = rate * slope / np.sqrt(q)
                if momentum:
                    u = flush(b * s1[k] + u, tiny)
                    s1[k] = u
                x -= u
            elif rule == ADAGRAD:
                v = s0[k] + slope * slope
                s0[k] = v
                x -= rate * slope / np.sqrt(v + epsilon)
            else:
                m = flush(s0[k] + (slope - s0[k]) * (one - a), tiny)
                v = flush(s1[k] + (slope * slope - s1[k]) * (one - b), tiny)
                s0[k], s1[k] = m, v
                if rule == ADAM:
                    if variant:
                        v = v if v > s2[k] or v != v else s2[k]
                        s2[k] = v
                    x -= m * rate / (np.sqrt(v) + epsilon)
                else:
                    x -= rate * (m * c + slope * d) / (np.sqrt(v * constants[7]) + epsilon)
            w[k] = x

    name = f"update_{RULES[rule]}_{int(momentum)}{int(variant)}_{dtype}"
    return kernel(update_weights, name, NUMBA[dtype], "f1 x1 f1 f1 f1 f1")


@inlined
def flush(x, tiny):
    """x, or zero where it is too small to matter and slow to compute with."""
    return x * 0 if abs(x) < tiny else x


@cache
def _square_sum(dtype: str) -> Any:
    def square_sum(g, total):
        s = 0.0
        for k in range(g.size):
            s += np.float64(g[k]) * np.float64(g[k])
        total[0] = s

    return kernel(square_sum, f"square_sum_{dtype}", NUMBA[dtype], "x1 e1")


def _squares(g: Array) -> float:
    total = np.empty(1)
    _square_sum(dtype_name(g.dtype))(g.reshape(-1), total)
    return float(total[0])


def _shrinkage(squares: float, limit: float) -> float:
    """The factor that brings a norm down to ``limit``: NaN where it is not finite, so that what is wrong stays seen."""
    size = math.sqrt(squares)
    return limit / max(size, limit) if math.isfinite(size) else math.nan


def clip_gradients(
    gradients: Sequence[Array],
    *,
    clipnorm: float | None = None,
    global_clipnorm: float | None = None,
    clipvalue: float | None = None,
) -> list[Array]:
    """CPU twin: norms in float64, one gradient after another."""
    if clipnorm is not None:
        return [_scaled(g, _shrinkage(_squares(g), clipnorm)) for g in gradients]
    if global_clipnorm is not None:
        factor = _shrinkage(sum(_squares(g) for g in gradients), global_clipnorm)
        return [_scaled(g, factor) for g in gradients]
    if clipvalue is not None:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    return list(gradients)


def _scaled(g: Array, factor: float) -> Array:
    return g if factor == 1 else g * g.dtype.type(factor)


_growing = threading.Lock()


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
    """Decay, rate, epsilon and what a rule calls a, b, c, d and its last one."""
    decay = spec.weight_decay * rate
    if spec.name == "sgd":
        return [decay, rate, 0.0, spec.momentum, 0.0, 0.0, 0.0, 0.0]
    if spec.name == "rmsprop":
        return [decay, rate, spec.epsilon, spec.rho, spec.momentum, 0.0, 0.0, 0.0]
    if spec.name == "adagrad":
        return [decay, rate, spec.epsilon, 0.0, 0.0, 0.0, 0.0, 0.0]
    if spec.name == "adam":
        rate *= math.sqrt(1 - spec.beta_2**t) / (1 - spec.beta_1**t)
        return [decay, rate, spec.epsilon, spec.beta_1, spec.beta_2, 0.0, 0.0, 0.0]
    of_m, of_g = _nadam(spec, t)
    return [decay, rate, spec.epsilon, spec.beta_1, spec.beta_2, of_m, of_g, 1 / (1 - spec.beta_2**t)]


def update(
    weights: Sequence[Weight],
    gradients: Sequence[Array],
    slots: Sequence[Sequence[Weight]],
    spec: UpdateSpec,
    *,
    step: int,
    rate: float,
) -> None:
    """CPU twin: one kernel call a weight."""
    variant = spec.nesterov if spec.name == "sgd" else spec.centered if spec.name == "rmsprop" else spec.amsgrad
    constants = _constants(spec, step, rate)
    for weight, gradient, own in zip(weights, gradients, slots, strict=True):
        w = weight.writable().reshape(-1)
        state = _positions(spec, [slot.writable().reshape(-1) for slot in own], w[:0])
        run = _update(RULES.index(spec.name), bool(spec.momentum), bool(variant), dtype_name(w.dtype))
        run(w, gradient.reshape(-1), *state, np.array(constants, w.dtype))
        for written in (weight, *own):
            written.written()


def _positions(spec: UpdateSpec, own: list[Array], none: Array) -> list[Array]:
    """Slots where the kernel looks for them: rmsprop's momentum second and its mean third, amsgrad's largest third."""
    if spec.name == "rmsprop" and spec.centered and not spec.momentum:
        own = [own[0], none, own[1]]
    return own + [none] * (3 - len(own))
