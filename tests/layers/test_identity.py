"""Identity and ActivityRegularization: the input as it is, and its penalty in the loss as in Keras."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Sequential, layers, load_model

X = np.random.default_rng(0).standard_normal((4, 3, 2)).astype("float32")


def make():
    body = [layers.Identity(), layers.ActivityRegularization(l1=0.1, l2=0.2), layers.LSTM(1, kernel_initializer="zeros")]
    return Sequential([Input((3, 2)), *body], device="reference")


def test_the_penalty_joins_the_loss():
    """Keras 3 computes the same: the sums of the batch, divided by its size."""
    model = make()
    model.compile("sgd", "mse")
    expected = (0.1 * np.abs(X).sum() + 0.2 * np.square(X).sum()) / len(X)
    assert model.evaluate(X, np.zeros((4, 1)), verbose=0) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("suffix", [".nlstm", ".keras"])
def test_files_hold_them(suffix, tmp_path):
    model = make()
    model.save(tmp_path / f"m{suffix}")
    loaded = load_model(tmp_path / f"m{suffix}")
    assert [layer.get_config() for layer in loaded.layers[:2]] == [layer.get_config() for layer in model.layers[:2]]
    assert [type(layer) for layer in loaded.layers] == [layers.Identity, layers.ActivityRegularization, layers.LSTM]


def test_steps_and_samples_of_any_rank_are_as_they_are():
    np.testing.assert_array_equal(layers.Identity()(X), X)
    np.testing.assert_array_equal(layers.ActivityRegularization(l2=1.0)(X[0]), X[0])
    model = Sequential([Input((None, 2)), layers.Identity(), layers.LSTM(2, return_sequences=True)], device="reference")
    assert model.stream().step(X[0, 0]).tolist() == pytest.approx(model.predict(X[:1], verbose=0)[0, 0].tolist())
    with pytest.raises(ValueError, match="l1 must be a number in"):
        layers.ActivityRegularization(l1=-1)
