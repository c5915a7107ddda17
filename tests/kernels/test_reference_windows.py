"""The reference's convolutions and pooling: gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import assert_gradient
from window_cases import (
    CONVOLUTIONS,
    GROUPED,
    POOLING,
    TANH,
    TRANSPOSED,
    conv_case,
    pool_case,
    run_conv,
    run_pool,
    run_transposed,
    transposed_case,
)

from numba_lstm.device import get_ops
from numba_lstm.variables import Variable

OPS = get_ops("reference")


@pytest.mark.parametrize(
    ("shape", "F", "groups", "spec"),
    [*((shape, F, 1, spec) for shape, F, spec in (CONVOLUTIONS[k] for k in (1, 4, 5, 9, 10))), *GROUPED],
    ids=str,
)
def test_convolution_gradient(shape, F, groups, spec):
    x, W, b, dy = conv_case(shape, F, spec, groups=groups)
    _, dx, dW, db = run_conv(OPS, spec, x, W, b, dy)

    def loss(x, W, b):
        return np.sum(OPS.conv_forward(x, Variable(W), Variable(b), TANH, spec)[0] * dy)

    assert_gradient(dx, lambda x: loss(x, W, b), x)
    assert_gradient(dW, lambda W: loss(x, W, b), W)
    assert_gradient(db, lambda b: loss(x, W, b), b)


@pytest.mark.parametrize(("shape", "F", "spec", "lengths"), [TRANSPOSED[k] for k in (1, 3, 4, 5)], ids=str)
def test_transposed_convolution_gradient(shape, F, spec, lengths):
    x, W, b, dy = transposed_case(shape, F, spec, lengths)
    _, dx, dW, db = run_transposed(OPS, spec, x, W, b, dy)

    def loss(x, W, b):
        return np.sum(OPS.conv_transpose_forward(x, Variable(W), Variable(b), TANH, spec, lengths)[0] * dy)

    assert_gradient(dx, lambda x: loss(x, W, b), x)
    assert_gradient(dW, lambda W: loss(x, W, b), W)
    assert_gradient(db, lambda b: loss(x, W, b), b)


@pytest.mark.parametrize(("shape", "kind", "spec"), POOLING, ids=str)
def test_pooling_gradient(shape, kind, spec):
    x, dy = pool_case(shape, spec)
    x += np.random.default_rng(1).random(shape)  # at ties a maximum has no slope
    dx = run_pool(OPS, kind, spec, x, dy)[1]
    assert_gradient(dx, lambda x: np.sum(OPS.pool_forward(x, kind, spec)[0] * dy), x)


def test_masked_average_gradient():
    shape, _, spec = POOLING[2]
    x, dy = pool_case(shape, spec)
    mask = np.random.default_rng(2).random(shape[:2]) < 0.7
    mask[::2] = True  # each window has something that counts
    dx = run_pool(OPS, "average", spec, x, dy, mask)[1]
    assert_gradient(dx, lambda x: np.sum(OPS.pool_forward(x, "average", spec, mask=mask)[0] * dy), x)
    assert not dx[~mask].any()
