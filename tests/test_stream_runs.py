"""``stream.run``: many steps in one call, the bits of as many calls of ``step``, and other threads run meanwhile."""

import threading

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Activation, Dense, Dropout, Input

DEVICES = ["cpu", "reference"]
STACKS = {
    "LSTM": lambda: [LSTM(5)],
    "two and Dense": lambda: [LSTM(21, return_sequences=True), LSTM(4, return_sequences=True), Dense(3, "tanh")],
    "whole rows": lambda: [LSTM(6, projection=3, return_sequences=True), Dense(2)],
    "Dense": lambda: [Dense(7), Activation("relu")],
    "nothing": lambda: [Dropout(0.5)],
    "ahead": lambda: [LSTM(130, return_sequences=True)],
}
D = {"ahead": 140}


def model(stack: str, device: str, dtype: str = "float32") -> Sequential:
    return Sequential([Input((None, D.get(stack, 3))), *STACKS[stack]()], device=device, dtype=dtype)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("N", [1, 4])
@pytest.mark.parametrize("T", [1, 2, 7])
@pytest.mark.parametrize("stack", STACKS)
def test_it_has_the_bits_of_its_steps_and_leaves_their_states(stack, T, N, device):
    made = model(stack, device)
    x = np.random.default_rng(0).normal(size=(T + 3, N, D.get(stack, 3))).astype(np.float32)
    one, other = made.stream(N), made.stream(N)
    steps = [one.step(row) for row in x]
    runs = other.run(x[:T]), np.stack([other.step(row) for row in x[T : T + 1]]), other.run(x[T + 1 :])
    np.testing.assert_array_equal(np.concatenate(runs), steps)
    for (h, c), (h_, c_) in zip(one.state, other.state, strict=True):
        np.testing.assert_array_equal(h, h_)
        np.testing.assert_array_equal(c, c_)


@pytest.mark.parametrize("device", DEVICES)
def test_a_single_sequence_has_no_axis_of_sequences(device):
    made = model("two and Dense", device, "float64")
    x = np.random.default_rng(1).normal(size=(5, 3))
    stream = made.stream()
    np.testing.assert_array_equal(stream.run(x), np.stack([made.stream().run(x[:, None])])[0][:, 0])
    assert stream.run(x).shape == (5, 3)
    with pytest.raises(ValueError, match=r"x is empty, its shape is \(0, 3\)"):
        stream.run(x[:0])


def test_another_shape_is_refused_and_changes_nothing():
    stream = model("LSTM", "reference").stream()
    with pytest.raises(ValueError, match=r"expects steps of shape \(T, 3\) or \(T, 1, 3\), got \(3,\)"):
        stream.run(np.ones(3))
    assert not stream.state[0][0].any()


@pytest.mark.parametrize("threads", [0, True, 1.5])
def test_a_wrong_number_of_threads_is_refused(threads):
    with pytest.raises((ValueError, TypeError), match="threads"):
        model("LSTM", "reference").stream(threads=threads)


def test_the_interpreter_is_free_while_it_runs():
    """Another thread counts on while one call is at work, whatever the machine does besides."""
    made = model("ahead", "cpu")
    stream, x = made.stream(), np.ones((20_000, 140), np.float32)
    stream.run(x[:10])
    counted, ended = [0], threading.Event()

    def count():
        while not ended.is_set():
            counted[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    try:
        before = counted[0]
        stream.run(x)
        assert counted[0] > before
    finally:
        ended.set()
        counter.join()
