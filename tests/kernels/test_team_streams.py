"""A team runs a step of a large row: the bits of one thread, however many threads are free."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from numba_lstm import Sequential, set_num_threads
from numba_lstm.kernels import cpu
from numba_lstm.kernels.contract import DenseLayerSpec, LSTMLayerSpec, LSTMWeights
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.variables import Variable

D, H, C = 5, 19, 3


@pytest.fixture(autouse=True)
def _three_threads():
    set_num_threads(3)


def stream_layers(dtype, D=D, H=H):
    rng = np.random.default_rng(0)
    W, U, b, V, c = (rng.normal(size=s).astype(dtype) / 4 for s in ((D, 4 * H), (H, 4 * H), 4 * H, (H, C), C))
    lstm = LSTMLayerSpec(LSTMWeights(Variable(W), Variable(U), Variable(b), None), LSTMSpec(), True)
    return [lstm, DenseLayerSpec(Variable(V), Variable(c), Activation("tanh"))]


@pytest.mark.parametrize("layers", [[420], [300, 310]], ids=["one layer", "two"])
def test_threads_share_the_panels_of_a_large_row(layers):
    """Steps that come fast, so that workers are there, and one after a pause, when they sleep."""
    model = Sequential([Input((None, D)), *[LSTM(H, return_sequences=H == 300) for H in layers], Dense(C)])
    xs = np.random.default_rng(0).normal(size=(60, D)).astype(np.float32)
    answers, states = [], []
    for n in (1, 2, 3):
        set_num_threads(n)
        stream = model.stream(threads=n)
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
    stream = cpu.stream(stream_layers("float32", D, 420), D, 1, "float32", threads=2)
    for _ in range(300):
        stream(np.ones(D, np.float32))
    members = {int(block[-1]) for graph in stream._shared.task_graphs for block in graph._references[1]}
    assert 2 in members


def test_a_stream_has_one_thread_unless_more_are_asked_for():
    """More can lose on a busy machine, and a default does not lose to one thread."""
    set_num_threads(2)
    stream = cpu.stream(stream_layers("float32", D, 420), D, 1, "float32")
    for _ in range(3):
        stream(np.ones(D, np.float32))
    assert stream._shared is None
