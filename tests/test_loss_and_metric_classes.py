"""Classes with Keras's methods call of losses, and update_state, result and reset_state of metrics."""

from __future__ import annotations

import numpy as np
import pytest

import numba_lstm
from numba_lstm import losses, metrics, ops
from numba_lstm.layers import LSTM, Dense, Input

rng = np.random.default_rng(4)
X, Y = rng.standard_normal((12, 5, 3)).astype("float32"), rng.standard_normal((12, 5, 2)).astype("float32")
FIT = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}


class Squared(losses.Loss):
    def __init__(self, factor=1.0, name="squared", reduction="sum_over_batch_size"):
        super().__init__(name=name, reduction=reduction)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * ops.mean(ops.square(y_pred - y_true), axis=-1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Absolute(metrics.Metric):
    def __init__(self, name="absolute", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")
        self.count = self.add_weight((), name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.mean(ops.absolute(y_true - y_pred), axis=-1)
        weights = ops.ones_like(errors) if sample_weight is None else np.broadcast_to(sample_weight.T, errors.T.shape).T
        self.total.assign_add(ops.sum(errors * weights))
        self.count.assign(self.count + ops.sum(weights))

    def result(self):
        return self.total / self.count

    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0.0)


class MeanOfLargest(metrics.Mean):
    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(ops.max(y_pred, axis=-1))


def model_of(loss, *, weighted=()):
    model = numba_lstm.Sequential([Input((5, 3)), LSTM(4, return_sequences=True), Dense(2)])
    draw = np.random.default_rng(3)
    model.set_weights([0.4 * draw.standard_normal(w.shape) for w in model.get_weights()])
    model.compile("sgd", loss, metrics=[*(() if weighted else ["mae"])], weighted_metrics=list(weighted))
    return model


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_a_class_of_a_loss_trains_like_the_loss_that_it_is(tmp_path):
    weight = {"sample_weight": np.linspace(0.5, 2, 12)}
    model, other = model_of(Squared(2.0), weighted=[Absolute(), MeanOfLargest("largest")]), model_of("mse", weighted=["mae"])
    other.compile("sgd", "mse", loss_weights=2.0, weighted_metrics=["mae"])
    found, expected = (one.fit(X, Y, validation_data=(X, Y), **FIT, **weight).history for one in (model, other))
    for key, name in (("loss", "loss"), ("val_loss", "val_loss"), ("absolute", "mae"), ("val_absolute", "val_mae")):
        np.testing.assert_allclose(found[key], expected[name], rtol=3e-6)
    assert model.path() == "plan"
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["largest"] == pytest.approx(
        model.predict(X, verbose=0).max(-1).mean(), rel=1e-5
    )
    model.save(tmp_path / "model.nlstm")
    names = {cls.__name__: cls for cls in (Squared, Absolute, MeanOfLargest)}
    loaded = numba_lstm.load_model(tmp_path / "model.nlstm", custom_objects=names)
    assert loaded.loss.factor == 2.0
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_classes_by_themselves():
    y, t, w = X[..., :2], Y, np.linspace(0, 1, 12)
    np.testing.assert_allclose(Squared(3.0)(t, y, w), 3 * losses.MeanSquaredError()(t, y, w), rtol=1e-6)
    metric = Absolute()
    metric.update_state(t[:7], y[:7])
    assert metric(t[7:], y[7:]) == pytest.approx(np.abs(t - y).mean(), rel=1e-6)
    assert [variable.name for variable in metric.variables] == ["total", "count"]
    metric.reset_state()
    assert float(metric.total) == 0


@pytest.mark.parametrize("loss", [losses.Dice(), losses.Dice(axis=-1), losses.Tversky(0.3, 0.6)])
def test_losses_of_overlap_train(loss):
    model, x = numba_lstm.Sequential([Input((3,)), Dense(2, "sigmoid")]).to("reference"), X[:, 0]
    model.compile("sgd", loss)
    value, gradients = model.value_and_gradients(x, (Y[:, 0] > 0).astype(float))
    assert value == pytest.approx(loss((Y[:, 0] > 0).astype(float), model.predict(x, verbose=0)), rel=1e-5)
    assert np.abs(gradients[0]).max() > 1e-4
    assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()


def test_intersections_in_a_model():
    labels = np.arange(12) % 3
    model = numba_lstm.Sequential([Input((5, 3)), LSTM(4), Dense(3, "softmax")]).to("reference")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[metrics.MeanIoU(3, sparse_y_pred=False, name="iou")])
    alone = metrics.MeanIoU(3, sparse_y_pred=False)
    found = model.evaluate(X, labels, batch_size=5, verbose=0, return_dict=True)["iou"]
    assert found == pytest.approx(alone(labels, model.predict(X, verbose=0)))
    for metric in (metrics.IoU(3, [0, 2]), metrics.BinaryIoU([1], 0.3), metrics.OneHotIoU(3, [1]), metrics.OneHotMeanIoU(3)):
        assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.Loss(), "has no losses to reduce. Define call"),
        (lambda: metrics.Metric(), "has no value. Define update_state"),
        (lambda: type("Lost", (metrics.Metric,), {"update_state": Absolute.update_state}), "without result"),
        (lambda: Absolute().total.assign([1.0, 2.0]), r"the variable total has the shape \(\), got \(2,\)"),
        (lambda: metrics.IoU(2, [2]), "from 0 to 1, got 2"),
        (lambda: metrics.MeanIoU(2)([0, 5], [0, 1]), "expects classes from 0 to 1, got y_true with others"),
        (lambda: model_of(type("Branch", (Squared,), {"call": lambda self, t, y: y if y[0, 0, 0] > 0 else t})()), "traced"),
    ],
)
def test_wrong_classes(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()
