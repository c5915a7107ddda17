"""Whole models on the GPU: they follow the CPU's, repeat their bits, and outlive a lack of memory."""

from __future__ import annotations

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Input, Sequential, philox
from numba_lstm.layers import LSTM, Dense, Dropout, Masking
from numba_lstm.optimizers import Adam

#: Losses of two devices over an epoch of Adam: roundings of float32 in every weight, which training carries on.
LOSSES = 1e-4


def problem(n=300, T=20):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((n, T, 3)).astype("float32")
    return x, x.sum((1, 2), keepdims=True)[:, 0] / T


def trained(device, units=64, masked=False, **options):
    philox.set_random_seed(5)
    stack = [Input(shape=(None, 3)), *([Masking()] if masked else []), LSTM(units, **options), Dropout(0.5), Dense(1)]
    model = Sequential(stack, device=device)
    model.compile(optimizer=Adam(5e-3, clipnorm=1.0), loss="mean_squared_error", metrics=["mean_absolute_error"])
    x, y = problem()
    if masked:
        x[::3, 12:] = 0
    history = model.fit(x, y, epochs=3, batch_size=32, validation_split=0.1, verbose=0).history
    return model, history


@pytest.mark.parametrize(
    "options",
    [{}, {"units": 256}, {"masked": True}, {"recurrent_dropout": 0.2}, {"units": 1500}],
    ids=["block", "grid", "masked", "dropout", "steps"],
)
def test_fit_follows_the_cpu(options):
    model, history = trained("cuda", **options)
    other, expected = trained("cpu", **options)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=LOSSES, err_msg=name)
    x, _ = problem(7)
    np.testing.assert_allclose(model.predict(x, verbose=0), other.predict(x, verbose=0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("units", [64, 256])
def test_a_second_run_has_the_same_bits(units):
    (first, history), (second, again) = trained("cuda", units), trained("cuda", units)
    assert history == again
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_model_moves_from_device_to_device():
    model, _ = trained("cuda")
    x, _ = problem(5)
    there = model.predict(x, verbose=0)
    np.testing.assert_allclose(model.to("cpu").predict(x, verbose=0), there, rtol=1e-4, atol=1e-5)


def test_too_large_a_batch_is_a_memory_error_and_the_model_stays_usable():
    from numba_lstm.kernels.cuda.runtime import driver

    model, _ = trained("cuda", units=128)
    x, _ = problem(5)
    before = model.predict(x, verbose=0)
    T = 50
    n = 2 * driver.current().properties.memory // (4 * 4 * 128 * T)  # z alone is twice the memory
    with pytest.raises(MemoryError, match=r"MiB free, and \d+ more were needed\. Pass half the batch_size"):
        model.predict(np.broadcast_to(np.float32(1), (n, T, 3)), batch_size=n, verbose=0)
    assert model.predict(x, verbose=0).tobytes() == before.tobytes()
    model.fit(x, before, epochs=1, verbose=0)


def test_show_config_names_the_gpu():
    lines: list[str] = []
    numba_lstm.show_config(lines.append)
    assert "compute capability" in "\n".join(lines)
