"""A step of an LSTM from its preactivations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..functions.activations import gradient, saved_of, value

Array = npt.NDArray[Any]


class PointwiseTape(NamedTuple):
    """What :func:`lstm_pointwise_backward` needs."""

    spec: Any
    z: tuple[Array, ...]
    c_before: Array
    c: Array
    valid: Array | None


def _zeros(x: Array | None, like: Array) -> Array:
    return np.zeros_like(like) if x is None else x


def lstm_pointwise_forward(
    zx: Array,
    zh: Array | None,
    h: Array | None,
    c: Array | None,
    spec: Any,
    *,
    mask: Array | None = None,
    training: bool = False,
) -> tuple[Array, Array, PointwiseTape | None]:
    """The equations, and a selection where there is a mask."""
    zi, zf, zg, zo = np.split(zx if zh is None else zx + zh, 4, axis=-1)
    before = _zeros(c, zi)
    gate, inner, outer = spec.recurrent_activation, spec.activation, spec.output_activation
    new = value(gate, zf) * before + value(gate, zi) * value(inner, zg)
    y = value(gate, zo) * value(outer, new)
    valid = None
    if mask is not None:
        valid = mask.reshape(-1, *(1,) * max(1, zx.ndim - 2))
        y, new = np.where(valid, y, _zeros(h, y)), np.where(valid, new, before)
    return y, new, PointwiseTape(spec, (zi, zf, zg, zo), before, new, valid) if training else None


def lstm_pointwise_backward(tape: PointwiseTape, dh: Array | None, dc: Array | None) -> tuple[Array, Array | None, Array]:
    """The chain rule, from the last equation to the first."""
    spec, (zi, zf, zg, zo), before, c, valid = tape
    dh, dc = _zeros(dh, c), _zeros(dc, c)
    i, f, o = (value(spec.recurrent_activation, z) for z in (zi, zf, zo))
    g, p = value(spec.activation, zg), value(spec.output_activation, c)

    def back(activation: Any, z: Array, y: Array, dy: Array) -> Array:
        return gradient(activation, saved_of(activation, z, y), dy)

    total = dc + back(spec.output_activation, c, p, dh * o)
    dz = np.concatenate(
        [
            back(spec.recurrent_activation, zi, i, total * g),
            back(spec.recurrent_activation, zf, f, total * before),
            back(spec.activation, zg, g, total * i),
            back(spec.recurrent_activation, zo, o, dh * p),
        ],
        axis=-1,
    )
    if valid is None:
        return dz, None, total * f
    return np.where(valid, dz, 0), np.where(valid, 0, dh), np.where(valid, total * f, dc)
