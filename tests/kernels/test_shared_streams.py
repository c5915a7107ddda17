"""Streams whose rows threads share: the bits of one stream, in every state that a stream can be in."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from numba_lstm import Sequential, set_num_threads
from numba_lstm.kernels import cpu
from numba_lstm.kernels.contract import DensePart, LSTMPart, LSTMWeights
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.layers import LSTM, Dense, Input
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


def test_shares_end_together():
    """Of three rows the single one has its product ahead, in a stage before: the steps of both shares are one stage."""
    D, H, T, dtype = 60, 66, 40, "float32"
    one, shared = (cpu.stream(parts(dtype, D, H), D, 3, dtype, n) for n in (1, 2))
    x = steps(T, 3, dtype, D)
    np.testing.assert_array_equal(shared.through(x), one.through(x))
    *_, score = shared._bound[T]
    assert [len(work.calls) for work in score._kept[0]] == [1, 2]


def test_an_answer_is_a_fresh_array(every_ops):
    shared = every_ops.stream(parts("float32"), D, 12, "float32", 2)
    first = shared.through(steps(2, 12, "float32"))
    before = first.copy()
    shared.through(steps(2, 12, "float32"))
    np.testing.assert_array_equal(first, before)


@pytest.mark.parametrize("layers", [[420], [300, 310]], ids=["one layer", "two"])
def test_threads_share_the_panels_of_a_large_row(layers):
    """Steps that come fast, so that workers are there, and one after a pause, when they sleep."""
    model = Sequential([Input((None, D)), *[LSTM(H, return_sequences=H == 300) for H in layers], Dense(C)])
    xs = np.random.default_rng(0).normal(size=(60, D)).astype(np.float32)
    answers, states = [], []
    for n in (1, 2, 3):
        set_num_threads(n)
        stream = model.stream()
        steps = [stream.step(x) for x in xs]
        time.sleep(0.01)
        answers.append([*steps, stream.step(xs[0])])
        states.append(stream.state)
    for other, state in zip(answers[1:], states[1:], strict=True):
        np.testing.assert_array_equal(other, answers[0])
        for found, expected in zip(state, states[0], strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: threads take turns")
def test_a_large_row_takes_whoever_is_there():
    """Two members in time, without anybody being waited for at the first step."""
    set_num_threads(2)
    stream = cpu.stream(parts("float32", D, 420), D, 1, "float32")
    for _ in range(300):
        stream(np.ones(D, np.float32))
    members = {int(block[-1]) for score in stream._shared.scores for block in score._kept[1]}
    assert 2 in members
