"""SwapEMAWeights: evaluations and predictions with averages of weights, and the weights after them."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, layers, optimizers
from numba_lstm.callbacks import Callback, SwapEMAWeights

X, Y = np.sin(np.arange(12.0)).reshape(4, 3), np.ones((4, 2))


class Watch(Callback):
    """Weights of the model at events, and the averages then."""

    def __init__(self):
        self.found = {}

    def _add(self, event):
        averages = [average.numpy() for average in self.model.optimizer.averages]
        self.found.setdefault(event, []).append((self.model.get_weights(), averages))

    def on_test_begin(self, logs=None):
        self._add("test")

    def on_test_end(self, logs=None):
        self._add("after test")

    def on_epoch_end(self, epoch, logs=None):
        self._add("epoch end")

    def on_train_batch_end(self, batch, logs=None):
        self._add("batch")


def equal(pair):
    return all(np.array_equal(a, b) for a, b in zip(*pair, strict=True))


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validations_see_averages_and_training_weights(swap_on_epoch):
    models = []
    for callbacks in ([], [SwapEMAWeights(swap_on_epoch)]):
        model = Sequential([layers.Dense(2, input_shape=(3,), kernel_initializer="ones")], device="reference")
        model.compile(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
        watch = Watch()
        model.fit(X, Y, batch_size=2, epochs=3, shuffle=False, verbose=0, validation_data=(X, Y), callbacks=[*callbacks, watch])
        models.append((model, watch.found))
    (plain, without), (swapped, found) = models
    assert [equal(pair) for pair in found["test"]] == [True] * 3
    assert [equal(pair) for pair in without["test"]] == [False] * 3
    assert [equal(pair) for pair in found["after test"]] == [False] * 3
    assert [equal(pair) for pair in found["epoch end"]] == [swap_on_epoch] * 3
    for (weights, _), (expected, _) in zip(found["batch"], without["batch"], strict=True):
        assert equal((weights, expected))
    assert equal((plain.get_weights(), swapped.get_weights()))


def test_predict_and_evaluate_take_the_callback():
    model = Sequential([layers.Dense(2, input_shape=(3,))], device="reference")
    model.compile(optimizers.SGD(0.1, use_ema=True), "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    averaged = model.predict(X, verbose=0)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    np.testing.assert_allclose(model.predict(X, verbose=0, callbacks=[SwapEMAWeights()]), averaged, rtol=1e-6)
    assert not model.predict(X, verbose=0).any()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="SwapEMAWeights needs averages of weights"):
        model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])
