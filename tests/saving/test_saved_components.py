"""Every initializer, activation, loss, metric and schedule survives model.save and load_model."""

import numpy as np
import pytest

from numba_lstm import losses, metrics
from numba_lstm.kernels.specs import ACTIVATIONS, ROWWISE
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential
from numba_lstm.optimizers import SGD, schedules
from numba_lstm.saving import load_model


def saved_and_loaded(model, folder, **options):
    model.save(folder / "model.nlstm")
    return load_model(folder / "model.nlstm", **options)


@pytest.mark.parametrize(
    "name", ["ones", "constant", "random_uniform", "truncated_normal", "variance_scaling", "orthogonal", "he_normal"]
)
def test_every_initializer_comes_back(tmp_path, name):
    model = Sequential([Input((4, 3)), LSTM(2, kernel_initializer=name, recurrent_initializer=name)])
    assert saved_and_loaded(model, tmp_path).get_config() == model.get_config()


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - ROWWISE))
def test_every_activation_comes_back(tmp_path, activation):
    model = Sequential([Input((4, 3)), LSTM(2, activation, recurrent_activation=activation), Dense(1, activation)])
    assert saved_and_loaded(model, tmp_path).get_config() == model.get_config()


@pytest.mark.parametrize("loss", [name for name in losses.__all__ if name[0].isupper() and name != "Loss"])
def test_every_loss_comes_back(tmp_path, loss):
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", getattr(losses, loss)())
    assert saved_and_loaded(model, tmp_path).get_compile_config() == model.get_compile_config()


@pytest.mark.parametrize("metric", sorted(metrics.METRICS))
def test_every_metric_comes_back(tmp_path, metric):
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", "mse", metrics=[metric])
    assert saved_and_loaded(model, tmp_path).get_compile_config() == model.get_compile_config()


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.ExponentialDecay(0.1, 7, 0.9, staircase=True),
        schedules.InverseTimeDecay(0.1, 7, 0.9),
        schedules.PiecewiseConstantDecay([3, 5], [0.3, 0.2, 0.1]),
        schedules.PolynomialDecay(0.1, 7, power=2),
        schedules.CosineDecay(0.1, 7, warmup_target=0.3, warmup_steps=2),
        schedules.CosineDecayRestarts(0.1, 7),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_every_schedule_comes_back(tmp_path, schedule):
    model = Sequential([Input((3,)), Dense(2)])
    model.compile(SGD(schedule), "mse")
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.get_compile_config() == model.get_compile_config()


@pytest.mark.parametrize("units", [1, 4])
def test_accuracy_means_the_same_again(tmp_path, units):
    model = Sequential([Dense(units, "sigmoid")])
    model.compile("sgd", "sparse_categorical_crossentropy" if units > 1 else "binary_crossentropy", metrics=["accuracy"])
    x, y = np.random.default_rng(2).normal(size=(9, 3)), np.arange(9) % 2
    expected = model.evaluate(x, y, verbose=0)
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.evaluate(x, y, verbose=0) == expected
