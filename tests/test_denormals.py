"""States and moments that decay to nothing: none becomes denormal, which is thirty times slower."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.kernels import cpu
from numba_lstm.kernels.specs import Key, UpdateSpec
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models.streaming import Stream
from numba_lstm.variables import Variable

SMALLEST = {"float32": 2.0**-126, "float64": 2.0**-1022}
FLUSHED = {"float32": 2.0**-63, "float64": 2.0**-511}
SIZES = {"float32": [10.0**-k for k in range(15, 46, 3)], "float64": [10.0**-k for k in range(150, 325, 25)]}

#: A denormal operand makes a step 20 to 30 times slower. Without one the ratio is 0.9 to 1.1, of the fastest of several turns
#: in processor time. The benchmark ``stream.Decay`` has the exact figure.
MUCH_SLOWER = 3.0


def halving(dtype: str) -> Stream:
    """A stream whose gates are one half, without inputs: its state halves at each step."""
    model = Sequential([Input((None, 1)), LSTM(50, unit_forget_bias=False), Dense(1)], dtype=dtype)
    model.set_weights([0 * w for w in model.get_weights()])
    return model.stream()


def start(stream: Stream, size: float) -> None:
    stream.state = [(np.full_like(h, size), np.full_like(c, size)) for h, c in stream.state]


def seconds(call: Callable[[], object], times: int = 200) -> float:
    """Processor time of this thread, which other programs do not change."""
    begin = time.thread_time()
    for _ in range(times):
        call()
    return time.thread_time() - begin


@pytest.mark.on_the_cpu(reason="other devices do not flush denormal numbers")
@pytest.mark.parametrize("dtype", FLUSHED)
def test_a_decaying_state_goes_from_a_normal_number_to_zero(dtype):
    stream = halving(dtype)
    start(stream, 1.0)
    for _ in range(1100):
        stream.step(np.zeros(1, dtype))
        for state in stream.state[0]:
            assert ((state == 0) | (np.abs(state) >= FLUSHED[dtype])).all()
    assert (stream.state[0][1] == 0).all()


@pytest.mark.parametrize("dtype", FLUSHED)
def test_no_size_of_a_state_slows_a_step(dtype):
    stream, x = halving(dtype), np.zeros(1, dtype)
    best = dict.fromkeys([1.0, *SIZES[dtype]], np.inf)
    for _ in range(15):
        for size in best:
            start(stream, size)
            best[size] = min(best[size], seconds(lambda: stream.step(x), 20))
    assert max(best.values()) < MUCH_SLOWER * best[1.0]


@pytest.mark.parametrize("dtype", FLUSHED)
def test_moments_of_a_dead_unit_decay_until_a_step_would_be_denormal(dtype):
    weight = Variable(np.ones(64, dtype))
    m, v = (Variable(np.full(64, 1e-15, dtype)) for _ in range(2))
    spec = UpdateSpec("adam", beta_2=0.8)
    for step in range(1, 7_500 if dtype == "float64" else 1_000):
        cpu.update([weight], [np.zeros(64, dtype)], [[m, v]], spec, step=step, rate=1e-3)
    for moment, share in ((m.value, 1 - spec.beta_1), (v.value, 1 - spec.beta_2)):
        assert (moment >= SMALLEST[dtype]).all()
        assert (moment * share <= SMALLEST[dtype]).all()


def test_a_denormal_moment_is_zeroed():
    weight, m, v = (Variable(np.full(20, value, np.float32)) for value in (1, 1e-42, 1e-42))
    cpu.update([weight], [np.zeros(20, np.float32)], [[m, v]], UpdateSpec("adam"), step=1, rate=1e-3)
    assert not m.value.any()
    assert not v.value.any()


@pytest.mark.parametrize("decay", [1e-3, 1e-9])
def test_moments_of_dead_units_do_not_slow_an_update(decay):
    def update(size: float) -> Callable[[], None]:
        weight, m, v = (Variable(np.full(4096, value, np.float32)) for value in (1.0, size, size))
        spec, gradient = UpdateSpec("adam", beta_1=1 - decay, beta_2=1 - decay), np.zeros(4096, np.float32)
        return lambda: cpu.update([weight], [gradient], [[m, v]], spec, step=1, rate=0.0)

    calls = {size: update(size) for size in (1.0, 1e-17, 1e-21, 1e-30, 1e-36, 1e-38, 1e-42)}
    for call in calls.values():
        call()
    best = dict.fromkeys(calls, np.inf)
    for _ in range(15):
        for size, call in calls.items():
            best[size] = min(best[size], seconds(call, 20))
    assert max(best.values()) < MUCH_SLOWER * best[1.0]


@pytest.mark.parametrize("scale", [2.0**-50, 2.0**-70])
def test_a_gradient_is_as_exact_at_any_scale(scale):
    """A gradient is linear in the loss: with a power of two as its scale only what is zeroed can differ."""
    model = Sequential([Input((None, 3)), LSTM(5)], dtype="float32")
    x = model.ops.gather(np.random.default_rng(0).normal(size=(4, 6, 3)), slice(None), np.float32)

    def gradients(factor: float) -> list[np.ndarray]:
        result = model.forward(x, training=True, rng=Key(0))
        back = model.backward(result.tapes, np.full((4, 5), factor, np.float32), need_dx=True)
        return [back.dx, *back.weights[0]]

    for actual, expected in zip(gradients(scale), gradients(1.0), strict=True):
        np.testing.assert_allclose(actual / np.float32(scale), expected, rtol=1e-5)


def test_the_flags_of_the_processor_stay():
    """With FTZ or DAZ on, the smallest denormal is zero."""
    tiny = np.full(16, 1e-42, np.float32)
    halving("float32").step(np.zeros(1, np.float32))
    assert (tiny * np.float32(1) > 0).all()
