"""Threads that share the few rows of a large LSTM: the bits of one thread, and nobody waits for somebody who does not come."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import numba_lstm
from numba_lstm.kernels import cpu
from numba_lstm.kernels.contract import LSTMWeights
from numba_lstm.kernels.cpu.gemm.layout import panel_layout, vector_geometry
from numba_lstm.kernels.cpu.lstm import kernel_selection
from numba_lstm.kernels.cpu.lstm.pointwise import CallOptions
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.kernels.specs import LSTMSpec
from numba_lstm.variables import Variable

T, D, H = 30, 7, 250  # a tail, and panels that threads cannot share evenly
MORE = 301  #: units from which several rows are shared so
SECONDS = 600


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = numba_lstm.get_num_threads()
    yield
    numba_lstm.set_num_threads(before)


@pytest.fixture(scope="module")
def case():
    return made(1, H)


def made(N, H, T=T):
    rng = np.random.default_rng(0)
    x, *weights = (rng.normal(size=s).astype("f4") * 0.1 for s in ((T, N, D), (D, 4 * H), (H, 4 * H), 4 * H, (3, H)))
    return x, LSTMWeights(*map(Variable, weights)), rng.normal(size=(T, N, H)).astype("f4")


def passed(case):
    """All that a forward and a backward call return, in one list."""
    x, weights, dy = case
    mask = None if x.shape[1] == 1 else np.random.default_rng(1).random(x.shape[:2]) < 0.8
    out = cpu.lstm_forward(x, weights, None, None, LSTMSpec(), mask=mask, sequences=True, training=True)
    back = cpu.lstm_backward(out.tape, dy, None, None, need_dx=True)
    return [*map(np.array, (out.y, out.h, out.c, back.dx, back.dh0, back.dc0)), *map(np.array, back.weights[:4])]


def test_these_sizes_are_worth_a_team(case):
    numba_lstm.set_num_threads(3)
    _, weights, _ = case
    layout = panel_layout(H, vector_geometry("float32").V)
    options = CallOptions(masked=False, peephole=False, zoneout_h=False, zoneout_c=False, training=True)
    assert [kernel_selection.team_size(T, N, layout, options) for N in (1, 2, 5, 6)] == [3, 3, 3, 1]
    assert [
        kernel_selection.team_size(T, N, layout, options, kernel_selection.GRADIENT_TEAM_THRESHOLDS) for N in (1, 2, 5)
    ] == [
        3,
        1,
        1,
    ]
    more = panel_layout(MORE, vector_geometry("float32").V)
    assert [kernel_selection.team_size(T, N, more, options) for N in (2, 9, 32, 33)] == [3, 3, 3, 1]


@pytest.mark.parametrize(("N", "H"), [(3, H), (5, H), *[(N, MORE) for N in (2, 9, 17, 19, 32)]])  # whole panels as many, too
def test_several_rows_have_the_bits_of_one_thread(N, H):
    case = made(N, H)
    numba_lstm.set_num_threads(1)
    expected = passed(case)
    numba_lstm.set_num_threads(3)
    for actual, one in zip(passed(case), expected, strict=True):
        np.testing.assert_array_equal(actual, one)


def test_a_team_stays_together_for_more_steps_than_one_thread_would_take_x_w_ahead():
    T = 150
    layout = panel_layout(H, vector_geometry("float32").V)
    assert kernel_selection.hoisted_steps(1, T, D, layout, np.dtype("float32")) < T < kernel_selection.TEAM_STEPS
    case = made(1, H, T)
    numba_lstm.set_num_threads(1)
    expected = passed(case)
    numba_lstm.set_num_threads(2)
    for actual, one in zip(passed(case), expected, strict=True):
        np.testing.assert_array_equal(actual, one)


def test_helpers_come_once_for_all_chunks_of_rows(monkeypatch):
    x, weights, _ = made(4, 100, 150)
    numba_lstm.set_num_threads(1)
    expected = np.array(cpu.lstm_forward(x, weights, None, None, LSTMSpec()).h)  # and weights are packed
    performed, run_graph = [], thread_pool.run_graph
    monkeypatch.setattr(
        thread_pool, "run_graph", lambda graph, most, **options: performed.append(most) or run_graph(graph, most, **options)
    )
    monkeypatch.setattr(thread_pool, "MIN_WORK_PER_THREAD", 1000)
    numba_lstm.set_num_threads(2)
    assert kernel_selection.hoisted_steps(4, len(x), D, panel_layout(100, vector_geometry("float32").V), x.dtype) < len(x)
    np.testing.assert_array_equal(cpu.lstm_forward(x, weights, None, None, LSTMSpec()).h, expected)
    assert performed == [2]


def test_each_chunk_of_steps_calls_for_a_team(monkeypatch):
    x, weights, _ = made(4, H, 150)
    numba_lstm.set_num_threads(2)
    expected = np.array(cpu.lstm_forward(x, weights, None, None, LSTMSpec()).h)  # and weights are packed
    performed, run_graph = [], thread_pool.run_graph
    monkeypatch.setattr(
        thread_pool, "run_graph", lambda graph, most, **options: performed.append(most) or run_graph(graph, most, **options)
    )
    assert len(x) * 4 > kernel_selection.TEAM_STEPS
    np.testing.assert_array_equal(cpu.lstm_forward(x, weights, None, None, LSTMSpec()).h, expected)
    assert performed.count(2) >= 2  # a team for each chunk of steps


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_a_row_has_the_bits_of_one_thread(case, threads):
    numba_lstm.set_num_threads(1)
    expected = passed(case)
    numba_lstm.set_num_threads(threads)
    for actual, one in zip(passed(case), expected, strict=True):
        np.testing.assert_array_equal(actual, one)


def test_a_row_has_the_bits_of_a_batch(case):
    x, weights, _ = case
    numba_lstm.set_num_threads(2)
    batch = cpu.lstm_forward(np.repeat(x, 7, axis=1), weights, None, None, LSTMSpec()).h
    np.testing.assert_array_equal(cpu.lstm_forward(x, weights, None, None, LSTMSpec()).h, batch[3:4])


def test_eight_concurrent_callers(case):
    numba_lstm.set_num_threads(1)
    expected = passed(case)
    numba_lstm.set_num_threads(3)
    outputs = []
    callers = [threading.Thread(target=lambda: outputs.append(passed(case)), daemon=True) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(SECONDS)
    assert len(outputs) == 8
    for output in outputs:
        for actual, one in zip(output, expected, strict=True):
            np.testing.assert_array_equal(actual, one)
