"""Any number of threads and processes: the same bits, and nobody waits for ever."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import numba_lstm
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential

N, T, D, H = 24, 20, 9, 66  # large enough that the pool takes its part, see the first test
SECONDS = 600  #: until a process that hangs fails a test


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = numba_lstm.get_num_threads()
    yield
    numba_lstm.set_num_threads(before)


@pytest.fixture
def model() -> Sequential:
    numba_lstm.set_random_seed(0)
    return Sequential([Input((None, D)), LSTM(H, return_sequences=True), LSTM(H), Dense(3)])


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, T, D)).astype(np.float32)


def test_these_sizes_are_worth_threads():
    numba_lstm.set_num_threads(3)
    assert thread_pool.num_splits(N * T * 4 * H * (D + H), N) > 1


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_predict_has_the_bits_of_one_thread(threads, model, x):
    numba_lstm.set_num_threads(1)
    expected = model(x)
    numba_lstm.set_num_threads(threads)
    np.testing.assert_array_equal(model(x), expected)


@pytest.mark.on_the_cpu(reason="NumPy's products depend on the number of rows")
@pytest.mark.parametrize("rows", [1, 2, 5, 6, 7, 13])
def test_a_row_has_the_same_bits_in_every_batch(rows, model, x):
    np.testing.assert_array_equal(model(x[:rows]), model(x)[:rows])


def test_training_has_the_bits_of_one_thread(x):
    y = np.random.default_rng(1).normal(size=(N, 3)).astype(np.float32)
    results = []
    for threads in (1, 2, 4):
        numba_lstm.set_num_threads(threads)
        numba_lstm.set_random_seed(0)
        model = Sequential([Input((None, D)), LSTM(H, return_sequences=True), LSTM(H), Dense(3)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, batch_size=17, verbose=0)
        results.append(model.get_weights())
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_predict_from_eight_threads(model, x):
    numba_lstm.set_num_threads(2)
    expected = model.predict(x, verbose=0)
    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        outputs = list(executor.map(lambda _: model.predict(x, verbose=0), range(32)))
    for output in outputs:
        np.testing.assert_array_equal(output, expected)


def _sum_in_child(model: Sequential, x: np.ndarray, worthwhile: int) -> bytes:
    numba_lstm.set_num_threads(2)
    thread_pool.MIN_WORK_PER_THREAD = worthwhile
    return model.predict(x, verbose=0).tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_computes_after_the_parent_used_its_pool(model, x):
    numba_lstm.set_num_threads(2)
    expected = model.predict(x, verbose=0).tobytes()
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        outputs = [executor.submit(_sum_in_child, model, x, thread_pool.MIN_WORK_PER_THREAD) for _ in range(4)]
        assert [output.result(timeout=SECONDS) for output in outputs] == [expected] * 4


def test_a_spawned_process_answers_the_same_bits(model, x):
    numba_lstm.set_num_threads(2)
    expected = model.predict(x, verbose=0).tobytes()
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        assert executor.submit(_sum_in_child, model, x, thread_pool.MIN_WORK_PER_THREAD).result(timeout=SECONDS) == expected


def test_an_error_in_a_part_reaches_the_caller_and_leaves_the_pool_in_order():
    def work(part: int) -> None:
        if part == 1:
            raise ZeroDivisionError("part 1")

    with pytest.raises(ZeroDivisionError, match="part 1"):
        thread_pool.run_indexed(3, work)
    done = []
    thread_pool.run_indexed(3, done.append)
    assert sorted(done) == [0, 1, 2]


def test_the_caller_does_all_parts_where_no_worker_comes(monkeypatch):
    monkeypatch.setattr(thread_pool, "_workers", thread_pool.Workers())
    monkeypatch.setattr(thread_pool.Workers, "start", lambda self, wanted: None)
    done: list[int] = []
    thread = threading.Thread(target=thread_pool.run_indexed, args=(4, done.append))
    thread.start()
    thread.join(timeout=SECONDS)
    assert not thread.is_alive()
    assert sorted(done) == [0, 1, 2, 3]


def test_the_caller_does_all_parts_where_the_system_has_no_thread_to_give(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(thread_pool, "_workers", thread_pool.Workers())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    thread_pool.run_indexed(3, done.append)
    assert sorted(done) == [0, 1, 2]


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_a_wrong_number_of_threads_is_refused(n):
    before = numba_lstm.get_num_threads()
    with pytest.raises(ValueError, match="at least 1"):
        numba_lstm.set_num_threads(n)
    assert numba_lstm.get_num_threads() == before


ENDING = """
import numpy as np, numba_lstm
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential
numba_lstm.set_num_threads(3)
model = Sequential([Input((24, 8)), LSTM(64), Dense(1)])
for _ in range(3):
    model.predict_on_batch(np.zeros((256, 24, 8), np.float32))
"""


def test_the_interpreter_ends_well_while_workers_look_out_for_more():
    for _ in range(3):
        ended = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=SECONDS)
        lines = [line for line in ended.stderr.splitlines() if not line.startswith("numba_lstm: compiling kernels")]
        assert (ended.returncode, lines) == (0, [])
