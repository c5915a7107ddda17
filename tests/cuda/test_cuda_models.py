"""Whole models with ``device="cuda-check"``: the ops of the CUDA package, their kernels' code run on this processor."""

from __future__ import annotations

import numpy as np
import pytest
from check_driver import CheckDriver

from numba_lstm import Input, Model, Sequential, layers, philox
from numba_lstm import device as devices
from numba_lstm.layers import LSTM, Add, Concatenate, Conv1D, Dense, Dropout, Embedding
from numba_lstm.optimizers import Adam

#: Losses of two devices over twenty steps of Adam: roundings of float32 in every weight, which training carries on.
LOSSES = 1e-5

STEPS, BATCH, T = 20, 6, 5


@pytest.fixture
def check(device: CheckDriver, monkeypatch: pytest.MonkeyPatch) -> CheckDriver:
    """The device by its name in models."""
    monkeypatch.setitem(devices._PACKAGES, "cuda-check", "cuda")
    return device


def problem():
    rng = np.random.default_rng(3)
    return rng.standard_normal((STEPS * BATCH - 2, T, 3)).astype("float32"), rng.standard_normal((STEPS * BATCH - 2, 1))


def trained(device):
    """The demo's model, shrunk to 8 units, and its losses step by step; the last batch is a ragged one."""
    philox.set_random_seed(5)
    model = Sequential([Input(shape=(T, 3)), LSTM(8), Dropout(0.5), Dense(1)], device=device)
    model.compile(optimizer=Adam(5e-3), loss="mean_squared_error", metrics=["mean_absolute_error"])
    x, y = problem()
    losses = [model.train_on_batch(x[k : k + BATCH], y[k : k + BATCH])[0] for k in range(0, len(x), BATCH)]
    return model, losses


def test_training_follows_the_cpu(check):
    model, losses = trained("cuda-check")
    other, expected = trained("cpu")
    np.testing.assert_allclose(losses, expected, rtol=LOSSES)
    x, _ = problem()
    np.testing.assert_allclose(model.predict(x[:7], verbose=0), other.predict(x[:7], verbose=0), rtol=1e-4, atol=1e-5)


def test_fit_follows_the_cpu_and_only_the_loss_comes_down(check, monkeypatch):
    downloads, losses = [], []
    monkeypatch.setattr(check, "download", lambda buffer: downloads.append(buffer.shape) or CheckDriver.download(check, buffer))
    for name in ("cuda-check", "cpu"):
        philox.set_random_seed(5)
        model = Sequential([Input(shape=(T, 3)), LSTM(8), Dense(1)], device=name)
        model.compile(optimizer="adam", loss="mean_squared_error")
        x, y = problem()
        losses.append(model.fit(x, y, epochs=2, batch_size=40, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=LOSSES)
    assert set(downloads) == {(1,)}
    assert check.sent == 2 * 2 * 3, "x and y of three batches, in each of two epochs"


def test_a_dense_model_follows_the_cpu(check):
    """Few kernels, to be compiled in a process where the toolkit is hidden (test_cuda_package.py)."""
    losses, (x, y) = [], problem()
    for name in ("cuda-check", "cpu"):
        philox.set_random_seed(5)
        model = Sequential([Input(shape=(3,)), Dense(4, "tanh"), Dense(1)], device=name)
        model.compile(optimizer="adam", loss="mean_squared_error")
        losses.append(model.fit(x[:, 0], y, epochs=2, batch_size=40, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=LOSSES)


def test_a_model_moves_from_device_to_device(check):
    model, _ = trained("cuda-check")
    x, _ = problem()
    there = model.predict(x[:4], verbose=0)
    here = model.to("cpu").predict(x[:4], verbose=0)
    np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-6)


def test_a_quantized_model_computes_with_its_rounded_weights(check):
    model = Sequential([Input(shape=(T, 3)), LSTM(8), Dense(1)], device="cuda-check")
    x, _ = problem()
    before = model.predict(x[:7], verbose=0)
    model.quantize()
    after = model.predict(x[:7], verbose=0)
    assert np.abs(after - before).max() > 1e-6
    np.testing.assert_allclose(after, model.to("reference").predict(x[:7], verbose=0), rtol=1e-5, atol=1e-6)


def test_steps_of_plans_follow_those_of_the_cpu(check):
    losses = {}
    for device in ("cpu", "cuda-check"):
        philox.set_random_seed(5)
        model = Sequential([Input(shape=(T, 3)), LSTM(8), Dense(1)], device=device)
        model.compile(optimizer=Adam(5e-3), loss="mean_squared_error")
        x, y = problem()
        losses[device] = [model.train_on_batch(x[:BATCH], y[:BATCH]) for _ in range(4)]
    np.testing.assert_allclose(losses["cuda-check"], losses["cpu"], rtol=LOSSES)
    assert len(model.training_plans) == 1
    assert model.path() == "plan"


def test_streams_of_graphs_follow_predict(check):
    """A convolution's state stays on the device; masks, indices and several inputs and outputs are those of each step."""
    x, words = Input((None, 3)), Input((None,))
    y = Concatenate()([Conv1D(4, 2, padding="causal", dilation_rate=2)(x), Embedding(5, 2, mask_zero=True)(words)])
    model = Model([x, words], [Dense(2)(Add()([y, LSTM(6, return_sequences=True)(y)])), LSTM(3)(y)], device="cuda-check")
    rng = np.random.default_rng(3)
    data = [rng.standard_normal((2, T, 3)).astype("float32"), rng.integers(0, 5, (2, T))]
    steps, last = model.predict(data, verbose=0)
    first, second = model.stream(2).run([array.swapaxes(0, 1) for array in data])
    np.testing.assert_allclose(first.swapaxes(0, 1), steps, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(second[-1], last, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(first, model.to("cpu").stream(2).run([a.swapaxes(0, 1) for a in data])[0], rtol=1e-4, atol=1e-5)


def test_layers_that_compose_ops_of_windows_train_as_on_the_cpu(check):
    losses, rng = {}, np.random.default_rng(6)
    x, y = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 2))
    for device in ("cpu", "cuda-check"):
        philox.set_random_seed(5)
        stack = [
            *(layers.Conv1DTranspose(8, 3, 2, "same"), layers.RMSNormalization(), layers.Reshape((2, 2, 4, 4))),
            *(
                layers.ZeroPadding3D(),
                layers.UpSampling3D((1, 2, 1)),
                layers.Cropping3D((1, 3, 2)),
                layers.SpatialDropout3D(0.5),
            ),
            *(layers.Flatten(), Dense(2)),
        ]
        model = Sequential([Input((4, 3)), *stack], device=device)
        model.compile(optimizer=Adam(5e-3), loss="mean_squared_error")
        losses[device] = [model.train_on_batch(x, y) for _ in range(3)]
    np.testing.assert_allclose(losses["cuda-check"], losses["cpu"], rtol=LOSSES)
