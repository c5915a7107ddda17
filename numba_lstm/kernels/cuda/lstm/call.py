"""The arrays of one LSTM call on the device. A training call's are its tape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ....gates import COUNT
from ...specs import LSTMSpec
from ...values import LSTMNoise, LSTMWeights
from ..arrays.arrays import on_device, zero_masked
from ..arrays.elementwise import flat
from ..runtime import driver
from ..runtime.compiler import jit
from ..runtime.launch import element, launch_elements
from .traits import Traits, traits

Array = Any

WEIGHT_AXES = (2, 2, 1, 2, 2, 1, 1, 2)  #: of each of LSTMWeights


@dataclass
class Call:
    """What kernels read and write. Where an option is not asked for, its array is :func:`nothing`.

    ``z`` is ``b + x W`` before a step, what the tape keeps of the gates after it, and dz after the way back. ``h`` and ``c``
    are rings of time, in training of all T + 1 states; ``made`` is c before its zoneout and ``m`` h before its projection.
    ``hu`` and ``nc`` are norms of h U and c, ``xw`` of x W, each with ``1 / sqrt(var + epsilon)`` of its rows in ``_scales``.
    """

    how: Traits
    x: Array
    weights: LSTMWeights  #: device arrays
    mask: Array
    noise: LSTMNoise
    z: Array
    h: Array
    c: Array
    made: Array
    m: Array
    hu: Array
    hu_scales: Array
    nc: Array
    nc_scales: Array
    xw: Array
    xw_scales: Array

    @property
    def sizes(self) -> tuple[int, int, int, int, int]:
        """T, N, D, H and P."""
        (T, N, D), H, P = self.x.shape, self.c.shape[2], self.h.shape[2]
        return T, N, D, H, P


def nothing(dtype: Any, ndim: int) -> Array:
    """An array that no kernel looks at."""
    return driver.current().empty((1,) * ndim, dtype)


def rows(x: Array) -> Array:
    """x (T, N, D) as (T * N, D)."""
    return x.reshape(x.shape[0] * x.shape[1], x.shape[2])


def at(x: Array, t: int) -> Array:
    """x[t], (N, D)."""
    return x[t : t + 1].reshape(x.shape[1], x.shape[2])


def given(array: Array | None, otherwise: Array) -> Array:
    """``array``, or where there is none the other."""
    return otherwise if array is None else array


@cache
def _copy(dtype: str) -> Any:
    @jit("f1 f1", dtype, f"lstm_copy_{dtype}")
    def copy(out, values):
        i = element()
        if i < out.size:
            out[i] = values[i]

    return copy


@cache
def _clear(dtype: str) -> Any:
    zero = np.dtype(dtype).type(0)

    @jit("f1", dtype, f"lstm_clear_{dtype}")
    def clear(out):
        i = element()
        if i < out.size:
            out[i] = zero

    return clear


def fill(out: Array, values: Array | None) -> None:
    """Overwrite an array with as many values; None is zero."""
    if values is None:
        launch_elements(_clear(out.dtype.name), out.size, flat(out))
    else:
        launch_elements(_copy(out.dtype.name), out.size, flat(out), flat(values))


def prepare(
    x: Array,
    weights: LSTMWeights,
    spec: LSTMSpec,
    mask: Array | None,
    noise: LSTMNoise | None,
    *,
    sequences: bool,
    training: bool,
) -> Call:
    """The arrays of a call, the states before its first step and the products with its inputs not yet in them."""
    noise = noise or LSTMNoise()
    how = traits(spec, weights, noise, x.dtype, masked=mask is not None, training=training)
    empty, dtype = driver.current().empty, x.dtype
    arrays = [None if w is None else on_device(w) for w in weights]
    (T, N, _), (P, columns) = x.shape, arrays[1].shape
    H = columns // COUNT
    if training and mask is not None:
        x = zero_masked(x, mask)  # else NaN in a step that is not taken came into dW
    steps = T if training else 1
    states = T + 1 if training or sequences else 2
    drawn = how.zoneout_c == "mask"
    none, kept = {n: nothing(dtype, n) for n in (1, 2, 3)}, nothing(np.bool_, 3)
    c = empty((states, N, H), dtype)
    normed = how.normed
    return Call(
        how=how,
        x=x,
        weights=LSTMWeights(*(given(w, none[k]) for w, k in zip(arrays, WEIGHT_AXES, strict=True))),
        mask=given(mask, nothing(np.bool_, 2)),
        noise=LSTMNoise(
            given(noise.inputs, none[3]),
            given(noise.recurrent, none[3]),
            given(noise.zoneout_h, kept),
            given(noise.zoneout_c, kept),
        ),
        z=none[3],
        h=empty((states, N, P), dtype),
        c=c,
        made=empty((steps, N, H), dtype) if normed or (drawn and training) else c[1:],
        m=empty((steps, N, H), dtype) if normed or how.projected else none[3],
        hu=empty((steps, N, columns), dtype) if normed else none[3],
        hu_scales=empty((steps, N), dtype) if normed else none[2],
        nc=empty((steps, N, H), dtype) if normed else none[3],
        nc_scales=empty((steps, N), dtype) if normed else none[2],
        xw=none[3],
        xw_scales=none[2],
    )
