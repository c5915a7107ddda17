"""Weights and gradients for tests of optimizers."""

from __future__ import annotations

import numpy as np

from numba_lstm.variables import Variable

DRAW = np.random.default_rng(31)
SHAPES = {"lstm/kernel": (7, 44), "lstm/bias": (44,), "dense/kernel": (11, 1)}


def weights():
    return [Variable(DRAW.normal(size=shape).astype(np.float32), path) for path, shape in SHAPES.items()]


def gradients(ops):
    return [ops.asarray(DRAW.normal(size=shape), np.float32) for shape in SHAPES.values()]
