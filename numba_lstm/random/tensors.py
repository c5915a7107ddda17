"""Random tensors: draws of functions that are traced.

Each function takes a tensor first, whose sizes stand for those that are None in the shape, or None. All numbers come from
normal ones and from factors of dropout, which are those that devices draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops, philox
from ..kernels.specs import Key
from ..ops import program
from ..ops.tensor import FUNCTIONS, Tensor, UntraceableError, as_tensor
from .seed_generator import TracedSeed

#: Coefficients of the inverse error function over its argument, by powers of w - 2.5 with w = -log(1 - x**2) < 5, the
#: highest first (Giles 2012, "Approximating the erfinv function").
_ERFINV = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164),
    *(0.246640727, 1.50140941),
)

#: The probability within two standard deviations.
_INSIDE = 0.9544997361036416

#: The largest number below 1 in float32.
_BELOW_ONE = 1 - 2.0**-24


def _sizes(like: Tensor | None, shape: Sequence[int | None]) -> tuple[int, ...]:
    """Return a shape with the sizes of ``like`` where it has None."""
    sizes = []
    for axis, size in enumerate(shape):
        if size is None and (like is None or axis >= like.ndim or (axis and like.ndim != len(shape))):
            raise UntraceableError(f"the shape {tuple(shape)} of a random draw is not known. Give its sizes as numbers.")
        sizes.append(like.shape[axis] if size is None and like is not None else size)
    return tuple(sizes)  # type: ignore[arg-type]


def _standard(shape: tuple[int, ...], seed: TracedSeed, number: int = 0) -> Tensor:
    """Return standard normal numbers: the same ones at each call for a number as the seed."""
    if isinstance(seed, int):
        return as_tensor(philox.normal(Key(seed, tag=number), shape))
    return program.normal(shape, None if seed is None else seed[0])


def normal(like: Any, shape: Sequence[Any], mean: Any = 0.0, stddev: Any = 1.0, seed: TracedSeed = None) -> Any:
    """Return normal numbers."""
    return ops.add(ops.multiply(_standard(_sizes(like, shape), seed), stddev), mean)


def _unit(shape: tuple[int, ...], seed: TracedSeed) -> Any:
    """Return uniform numbers in [0, 1): half the sum of the squares of two normal numbers has an exponential distribution."""
    a, b = _standard(shape, seed), _standard(shape, seed, 1)
    exponential = ops.multiply(ops.add(ops.square(a), ops.square(b)), 0.5)
    return ops.minimum(ops.negative(ops.expm1(ops.negative(exponential))), _BELOW_ONE)


def uniform(like: Any, shape: Sequence[Any], minval: Any = 0.0, maxval: Any = 1.0, seed: TracedSeed = None) -> Any:
    """Return uniform numbers."""
    return ops.add(ops.multiply(_unit(_sizes(like, shape), seed), ops.subtract(maxval, minval)), minval)


def truncated_normal(like: Any, shape: Sequence[Any], mean: Any = 0.0, stddev: Any = 1.0, seed: TracedSeed = None) -> Any:
    """Return normal numbers within two standard deviations, by the inverse of the distribution function."""
    x = ops.multiply(ops.subtract(ops.multiply(_unit(_sizes(like, shape), seed), 2.0), 1.0), _INSIDE)
    w = ops.subtract(ops.negative(ops.log1p(ops.negative(ops.square(x)))), 2.5)
    value: Any = _ERFINV[0]
    for coefficient in _ERFINV[1:]:
        value = ops.add(ops.multiply(value, w), coefficient)
    z = ops.multiply(ops.multiply(value, x), np.sqrt(2.0))
    return ops.add(ops.multiply(z, stddev), mean)


def dropout(x: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: TracedSeed = None) -> Any:
    """Return x with random elements zeroed, and the others scaled up."""
    shape = x.shape if noise_shape is None else _sizes(x, noise_shape)
    if isinstance(seed, int):
        size = int(np.prod(shape))
        kept = philox.words(Key(seed), size) >= np.ceil(rate * 2**32)
        return ops.multiply(x, (kept / (1 - rate)).reshape(shape))
    return ops.multiply(x, program.keep(shape, rate, None if seed is None else seed[0]))


def categorical(logits: Any, num_samples: int, seed: TracedSeed = None) -> Any:
    """Return classes (N, num_samples) for logits (N, C): the largest sums of logits and Gumbel numbers."""
    N, C = logits.shape
    unit = _unit((N, num_samples, C), seed)
    gumbel = ops.negative(ops.log(ops.maximum(ops.negative(ops.log1p(ops.negative(unit))), 1e-30)))
    return ops.argmax(ops.add(ops.expand_dims(logits, 1), gumbel), axis=-1)


#: The prefix of the names of these functions among those of layers of graphs.
PREFIX = "random_"

NAMES = {"normal": normal, "uniform": uniform, "truncated_normal": truncated_normal}
FUNCTIONS.update({PREFIX + name: function for name, function in NAMES.items()})
FUNCTIONS.update({f"{PREFIX}dropout": dropout, f"{PREFIX}categorical": categorical})
