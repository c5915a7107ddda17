"""Streams whose rows threads share: the bits of one stream, in every state that a stream can be in."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import set_num_threads
from numba_lstm.kernels.contract import DensePart, LSTMPart, LSTMWeights
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.variables import Variable

D, H, C = 5, 19, 3


@pytest.fixture(autouse=True)
def _three_threads():
    set_num_threads(3)


def parts(dtype, D=D, H=H):
    rng = np.random.default_rng(0)
    W, U, b, V, c = (rng.normal(size=s).astype(dtype) / 4 for s in ((D, 4 * H), (H, 4 * H), 4 * H, (H, C), C))
    lstm = LSTMPart(LSTMWeights(Variable(W), Variable(U), Variable(b), None), LSTMSpec(), True)
    return [lstm, DensePart(Variable(V), Variable(c), Activation("tanh"))]


def steps(T, N, dtype, D=D):
    return np.random.default_rng(T).normal(size=(T, N, D)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("N", "shares"), [(13, 2), (18, 3), (3, 3)])
def test_any_lengths_one_after_another(every_ops, dtype, N, shares):
    one, shared = (every_ops.stream(parts(dtype), D, N, dtype, n) for n in (1, shares))
    for T in (4, 3, 3, 1, 4):
        x = steps(T, N, dtype)
        np.testing.assert_array_equal(shared.through(x), one.through(x))
        for found, expected in zip(shared.states, one.states, strict=True):
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1], expected[1])
    x = steps(1, N, dtype)[0]
    np.testing.assert_array_equal(shared(x), one(x))


def test_states_are_set_and_begin_anew(every_ops):
    N, dtype = 13, "float32"
    one, shared = (every_ops.stream(parts(dtype), D, N, dtype, n) for n in (1, 2))
    x = steps(3, N, dtype)
    begun = one.through(x)
    one.through(x)
    shared.set_states(one.states)
    np.testing.assert_array_equal(shared.through(x), one.through(x))
    shared.set_states(None)
    np.testing.assert_array_equal(shared.through(x), begun)


def test_products_ahead_keep_their_chunks(every_ops):
    """More features than a step's cache holds: x W goes ahead, in chunks whose last one is shorter."""
    N, T, dtype, many = 12, 70, "float32", 600
    one, shared = (every_ops.stream(parts(dtype, many, 40), many, N, dtype, n) for n in (1, 2))
    for _ in range(2):
        x = steps(T, N, dtype, many)
        np.testing.assert_array_equal(shared.through(x), one.through(x))


def test_an_answer_is_a_fresh_array(every_ops):
    shared = every_ops.stream(parts("float32"), D, 12, "float32", 2)
    first = shared.through(steps(2, 12, "float32"))
    before = first.copy()
    shared.through(steps(2, 12, "float32"))
    np.testing.assert_array_equal(first, before)
