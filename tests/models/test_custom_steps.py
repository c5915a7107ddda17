"""Steps of training, evaluation and prediction that classes override."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Input, Model, Sequential, layers, metrics
from numba_lstm.utils import unpack_x_y_sample_weight

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
rng = np.random.default_rng(1)
X, Y = rng.standard_normal((20, 3)).astype("float32"), rng.standard_normal((20, 2)).astype("float32")
FIT = {"batch_size": 6, "epochs": 2, "shuffle": False, "verbose": 0}


def made(cls, **compile_arguments):
    x = Input((3,))
    y = layers.Dense(2, kernel_constraint="max_norm")(layers.Dense(4, "tanh")(x))
    model = cls([layers.Dense(2)]) if issubclass(cls, Sequential) else cls(x, y)
    model.build((None, 3))
    draw = np.random.default_rng(2)
    model.set_weights([draw.standard_normal(w.shape) for w in model.get_weights()])
    model.compile("adam", "mse", metrics=["mae"], **compile_arguments)
    return model.to("reference")


def by_hand(model, data, *, sample_weight=None):
    """The step of Keras's documentation, by gradients of this package."""
    x, y, weight = unpack_x_y_sample_weight(data)
    loss, gradients = model.value_and_gradients(x, y, weight)
    y_pred = model(x)
    model.optimizer.apply(gradients, model.trainable_variables)
    for metric in model.metrics:
        if metric.name == "loss":
            metric.update_state(loss, sample_weight=len(x))
        else:
            metric.update_state(y, y_pred)
    return {metric.name: metric.result() for metric in model.metrics}


class Steps(Model):
    def train_step(self, data):
        return by_hand(self, data)

    def test_step(self, data):
        x, y = data
        y_pred = self(x)
        self.metrics[0].update_state(self.compute_loss(y=y, y_pred=y_pred), sample_weight=len(x))
        return self.compute_metrics(x, y, y_pred)

    def predict_step(self, data):
        return {"twice": 2 * super().predict_step(data)}


class Inherited(Sequential):
    def train_step(self, data):
        return {**super().train_step(data), "size": len(data[0])}


@pytest.mark.parametrize("weighted", [False, True])
def test_steps_by_hand_equal_those_of_the_package(weighted):
    model, other = made(Steps), made(Model)
    weights = {"sample_weight": np.linspace(0, 2, 20)} if weighted else {}
    found = model.fit(X, Y, validation_data=(X, Y), **FIT, **weights).history
    expected = other.fit(X, Y, validation_data=(X, Y), **FIT, **weights).history
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)  # the constraint too
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(other.evaluate(X, Y, verbose=0), rel=1e-5)
    assert model.test_on_batch(X, Y) == pytest.approx(other.test_on_batch(X, Y), rel=1e-5)
    y = other.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(X, batch_size=7, verbose=0)["twice"], 2 * y)
    np.testing.assert_array_equal(model.predict_on_batch(X)["twice"], 2 * y)
    logs = model.train_on_batch(X, Y, return_dict=True)
    assert logs == pytest.approx(other.train_on_batch(X, Y, return_dict=True), rel=1e-5)


def test_a_step_may_call_that_of_the_base_class():
    model, other = made(Inherited), made(Sequential)
    found, expected = (one.fit(X, Y, **FIT).history for one in (model, other))
    assert found.pop("size") == [2.0, 2.0]
    assert {key: pytest.approx(values, rel=1e-6) for key, values in expected.items()} == found


def test_several_inputs_and_outputs_have_their_forms():
    class Named(Model):
        def train_step(self, data):
            x, y = data
            seen.append((sorted(x), [one.shape for one in y]))
            return super().train_step(data)

        def test_step(self, data):
            x, y = data
            losses.append(self.compute_loss(x, y, self(x)))
            return {"loss": losses[-1]}

    seen, losses = [], []
    a, b = Input((3,), name="a"), Input((3,), name="b")
    model = Named({"a": a, "b": b}, [layers.Dense(2, name="u")(a), layers.Dense(1, name="v")(layers.Add()([a, b]))])
    model.to("reference").compile("sgd", ["mse", "mae"], loss_weights=[1.0, 0.5])
    data = {"a": X, "b": X}, [Y, Y[:, :1]]
    model.fit(*data, batch_size=20, verbose=0)
    assert seen == [(["a", "b"], [(20, 2), (20, 1)])]
    found, (loss, _) = model.evaluate(*data, batch_size=20, verbose=0), model.value_and_gradients(*data)
    assert found == pytest.approx(loss, rel=1e-6)


def test_metrics_of_a_class_begin_anew_in_each_epoch():
    class Counting(Model):
        def train_step(self, data):
            x, y = data
            loss, gradients = self.value_and_gradients(x, y)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.metrics[0].update_state(1.0)
            return self.get_metrics_result()

        @property
        def metrics(self):
            return [total]

    total = metrics.Sum("batches")
    assert made(Counting).fit(X, Y, **FIT).history == {"batches": [4.0, 4.0]}


def test_the_documentation():
    code = next(block for block in re.findall(r"```python\n(.*?)```", PAGE, re.S) if "class WithLimitedNorm" in block)
    names = {"__name__": "program"}
    exec(code, names)
    model = made(names["WithLimitedNorm"])
    history = model.fit(X, Y, validation_data=(X, Y), **FIT).history
    assert set(history) == {"loss", "mae", "norm", "val_loss", "val_mae"}
    assert history["val_loss"][1] < history["val_loss"][0]


@pytest.mark.parametrize(
    ("returned", "arguments", "message"),
    [
        (None, {}, "train_step must return a dict of names and numbers, got NoneType"),
        ({}, {"tbptt": 2}, "overrides train_step, which takes whole sequences. Leave tbptt out"),
        ({}, {"lengths": np.array([1, 2])}, "and no mask, but sequences have unequal lengths"),
    ],
)
def test_wrong_steps(returned, arguments, message):
    class Wrong(Model):
        def train_step(self, data):
            return returned

    x = Input((None, 3))
    model = Wrong(x, layers.LSTM(2, return_sequences=True)(x)).to("reference")
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(np.ones((2, 4, 3)), np.ones((2, 4, 2)), verbose=0, **arguments)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert numba_lstm.Model.train_step is not Wrong.train_step
