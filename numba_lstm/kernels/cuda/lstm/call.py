"""The device arrays of one LSTM call. Those of a training call are its tape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ....gates import COUNT
from ...op_types import LSTMNoise, LSTMWeights
from ...specs import LSTMSpec
from ..arrays.arrays import device_value, zero_masked
from ..arrays.elementwise import flat
from ..runtime import driver
from ..runtime.compiler import jit
from ..runtime.launch import element, launch_elements
from .traits import Traits, kernel_traits

Array = Any

WEIGHT_AXES = (2, 2, 1, 2, 2, 1, 1, 2)  #: number of axes of each of LSTMWeights


@dataclass
class Call:
    """The arrays that kernels read and write. The array of an unused option is a :func:`placeholder`.

    ``z`` holds ``b + x W`` before a step, the saved gates after it, and dz after the backward pass. ``h`` and ``c`` are ring
    buffers of states, in training with all T + 1 of them. ``c_new`` is c before its zoneout, and ``m`` is h before its
    projection. ``hu``, ``nc`` and ``xw`` are the normalized h U, c and x W, with ``1 / sqrt(var + epsilon)`` of their rows in
    ``_scales``.
    """

    traits: Traits
    x: Array
    weights: LSTMWeights  #: device arrays
    mask: Array
    noise: LSTMNoise
    z: Array
    h: Array
    c: Array
    c_new: Array
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


def placeholder(dtype: Any, ndim: int) -> Array:
    """Return an array for an argument that the kernel does not read."""
    return driver.current().empty((1,) * ndim, dtype)


def rows(x: Array) -> Array:
    """Return x (T, N, D) as (T * N, D)."""
    return x.reshape(x.shape[0] * x.shape[1], x.shape[2])


def time_step(x: Array, t: int) -> Array:
    """Return x[t], (N, D)."""
    return x[t : t + 1].reshape(x.shape[1], x.shape[2])


def array_or(array: Array | None, default: Array) -> Array:
    """Return ``array``, or the default for None."""
    return default if array is None else array


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

    @jit("x1", dtype, f"lstm_clear_{dtype}")
    def clear(out):
        i = element()
        if i < out.size:
            out[i] = zero

    return clear


def fill(out: Array, values: Array | None) -> None:
    """Overwrite an array with values of the same size. None means zero."""
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
    rings: tuple[Array | None, Array | None],
    sequences: bool,
    training: bool,
) -> Call:
    """Allocate the arrays of a call, but for ``rings`` of h and c. The input products are not yet in them."""
    noise = noise or LSTMNoise()
    traits = kernel_traits(spec, weights, noise, x.dtype, masked=mask is not None, training=training)
    empty, dtype = driver.current().empty, x.dtype
    arrays = [None if w is None else device_value(w) for w in weights]
    (T, N, _), (P, columns) = x.shape, arrays[1].shape
    H = columns // COUNT
    if training and mask is not None:
        x = zero_masked(x, mask)  # otherwise NaN in a masked step would reach dW
    steps = T if training else 1
    states = T + 1 if training or sequences else 2
    has_zoneout_mask = traits.zoneout_c == "mask"
    placeholders, no_mask = {n: placeholder(dtype, n) for n in (1, 2, 3)}, placeholder(np.bool_, 3)
    h, c = (empty((states, N, size), dtype) if ring is None else ring for ring, size in zip(rings, (P, H), strict=True))
    normed = traits.normed
    return Call(
        traits=traits,
        x=x,
        weights=LSTMWeights(*(array_or(w, placeholders[k]) for w, k in zip(arrays, WEIGHT_AXES, strict=True))),
        mask=array_or(mask, placeholder(np.bool_, 2)),
        noise=LSTMNoise(
            array_or(noise.inputs, placeholders[3]),
            array_or(noise.recurrent, placeholders[3]),
            array_or(noise.zoneout_h, no_mask),
            array_or(noise.zoneout_c, no_mask),
        ),
        z=placeholders[3],
        h=h,
        c=c,
        c_new=empty((steps, N, H), dtype) if normed or (has_zoneout_mask and training) else c[1:],
        m=empty((steps, N, H), dtype) if normed or traits.projected else placeholders[3],
        hu=empty((steps, N, columns), dtype) if normed else placeholders[3],
        hu_scales=empty((steps, N), dtype) if normed else placeholders[2],
        nc=empty((steps, N, H), dtype) if normed else placeholders[3],
        nc_scales=empty((steps, N), dtype) if normed else placeholders[2],
        xw=placeholders[3],
        xw_scales=placeholders[2],
    )
