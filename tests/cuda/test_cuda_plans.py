"""Plans of the GPU device, whose recorded launches are made again by the executor: the bits of single ops, whatever changes."""

from __future__ import annotations

import numpy as np
import pytest
from check_driver import CheckDriver

from numba_lstm import Input, Sequential, philox
from numba_lstm import device as devices
from numba_lstm.layers import LSTM, BatchNormalization, Dense, Dropout, Masking
from numba_lstm.optimizers import Adam

STACKS = {
    "random words and statistics": lambda: [LSTM(3), Dropout(0.5), BatchNormalization(), Dense(1)],
    "a masked output": lambda: [Masking(), LSTM(3, return_sequences=True), Dense(1)],
}


@pytest.fixture
def check(device: CheckDriver, monkeypatch: pytest.MonkeyPatch) -> CheckDriver:
    """The device by its name in models."""
    monkeypatch.setitem(devices._PACKAGES, "cuda-check", "cuda")
    return device


def made(stack, *, eager):
    """A compiled model of a stack."""
    philox.set_random_seed(5)
    model = Sequential([Input((3, 2)), *STACKS[stack]()], device="cuda-check")
    model.compile(Adam(5e-3), "mse", metrics=["mae"], run_eagerly=eager)
    return model


def batches(model, count):
    """Batches whose first sample ends early."""
    rng = np.random.default_rng(3)
    for _ in range(count):
        x = rng.standard_normal((4, 3, 2)).astype("float32")
        x[0, 2] = 0
        yield x, rng.standard_normal((4, *model.output_shape[1:])).astype("float32")


@pytest.mark.parametrize("stack", STACKS)
def test_a_plan_has_the_bits_of_single_ops(check, stack):
    found = []
    for eager in (False, True):
        model, results = made(stack, eager=eager), []
        for step, (x, y) in enumerate(batches(model, 5)):
            if step == 2:  # the plan's copy of the weights on the device is old now
                kernel = model.layers[-1].variables[0]
                kernel.assign(kernel.value * 0.5)
            if step == 3:
                model.optimizer.learning_rate = 0.1
            results.append(model.train_on_batch(x, y))
            results.append(model.predict(x, verbose=0).tobytes())  # of other weights each time
            results.append(model.predict(x[::-1], verbose=0).tobytes())
        assert len(model.training_plans) == (not eager)
        assert model.path() == ("ops: run_eagerly is set" if eager else "plan")
        found.append([*results, *(weight.value.tobytes() for weight in model.weights)])
    assert found[0] == found[1]


def test_a_stream_keeps_its_weights_while_the_device_updates_the_models(check):
    model = made("random words and statistics", eager=False)
    ((x, y),) = batches(model, 1)
    model.train_on_batch(x, y)  # the weights are on the device
    stream = model.stream()
    before = [stream.step(step).tobytes() for step in x[1]]
    model.train_on_batch(x, y)
    stream.reset()
    assert [stream.step(step).tobytes() for step in x[1]] == before
    assert [model.stream().step(x[1, 0]).tobytes()] != before[:1]


def test_losses_of_steps_are_read_after_later_steps(check, monkeypatch):
    """The host does not wait for a step, so its loss is a copy on the device."""
    downloads = []
    monkeypatch.setattr(check, "download", lambda buffer: downloads.append(buffer.shape) or CheckDriver.download(check, buffer))
    losses = []
    for eager in (False, True):
        philox.set_random_seed(5)
        model = Sequential([Input((2,)), Dense(1)], device="cuda-check")
        model.compile(Adam(0.1), "mse", run_eagerly=eager)
        rng = np.random.default_rng(1)
        x, y = rng.standard_normal((12, 2)), rng.standard_normal((12, 1))
        downloads.clear()
        losses.append(model.fit(x, y, batch_size=4, epochs=2, verbose=0, shuffle=False).history["loss"])
        assert downloads == [(1,)] * 6
    assert losses[0] == losses[1]


def test_an_op_that_reads_elements_is_refused_while_launches_are_recorded(ops):
    def function(x, _):
        return float(ops.to_host(x)[0]), None

    with pytest.raises(RuntimeError, match="a plan is being recorded"):
        ops.plan(function, [ops.asarray(np.ones(3, np.float32), np.float32)])
