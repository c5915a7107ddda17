"""Callbacks fed by hand, one number an epoch."""

from __future__ import annotations

from types import SimpleNamespace

from numba_lstm import metrics


class FakeModel:
    """What callbacks ask of a model."""

    def __init__(self):
        self.stop_training = False
        self.metrics = [metrics.get("mae"), metrics.get("acc")]
        self.optimizer = SimpleNamespace(learning_rate=1.0)
        self.weights, self.saved = 0, []

    def get_weights(self):
        return [self.weights]

    def set_weights(self, weights):
        (self.weights,) = weights

    def save(self, path):
        self.saved.append(path.name)

    def check_saving(self, path, weights_only=False, *, makes_folders=False):
        pass


def feed(callback, values, key="val_loss"):
    """Run ``callback`` over epochs with these values until it stops; return the model and the epochs that ran."""
    model = FakeModel()
    callback.set_model(model)
    callback.on_train_begin({})
    for epoch, value in enumerate(values):
        model.weights = epoch
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(epoch, {"loss": 0.0, key: value})
        if model.stop_training:
            break
    callback.on_train_end({})
    return model, epoch + 1
