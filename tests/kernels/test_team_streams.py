"""A team runs a step of a large row: the bits of one thread, however many threads are free."""

from __future__ import annotations

import time

import numpy as np
import pytest

from numba_lstm import Sequential, set_num_threads
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.layers import LSTM, Dense, Input

D, C = 5, 3


@pytest.fixture(autouse=True)
def _three_threads():
    set_num_threads(3)


def large_model():
    return Sequential([Input((None, D)), LSTM(420), Dense(C, "tanh")], device="cpu")


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


@pytest.fixture
def graph_options(monkeypatch):
    """The options of each graph that is run."""
    options, run_graph = [], thread_pool.run_graph

    def run(graph, width, **more):
        options.append({"width": width, **more})
        run_graph(graph, width, **more)

    monkeypatch.setattr(thread_pool, "run_graph", run)
    return options


def test_each_step_of_a_large_row_is_offered_to_two_threads_and_waits_for_none(graph_options):
    set_num_threads(2)
    stream = large_model().stream(threads=2)
    graph_options.clear()  # those that packed the weights
    for _ in range(3):
        stream.step(np.ones(D, np.float32))
    assert [(options["width"], options["wait_for_team"]) for options in graph_options] == [(2, False)] * 3


def test_a_stream_has_one_thread_unless_more_are_asked_for(graph_options):
    """More can lose on a busy machine, and a default does not lose to one thread."""
    set_num_threads(2)
    stream = large_model().stream()
    graph_options.clear()  # those that packed the weights
    for _ in range(3):
        stream.step(np.ones(D, np.float32))
    assert graph_options == []
