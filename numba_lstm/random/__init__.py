"""Random numbers, as ``keras.random``: arrays, and tensors of functions that are traced.

A draw of a layer's method ``call`` is drawn anew at each step of training and at each call of ``predict``. In an inference the
numbers of a sample depend on its place among all samples alone, and not on the batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .distributions import beta, binomial, categorical, dropout, gamma, normal, randint, shuffle, truncated_normal, uniform
from .seed_generator import SeedGenerator

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
