"""Attributes of older versions of Keras, methods assigned to classes, and what setting attributes costs in a loop."""

from __future__ import annotations

import re

import numpy as np
import pytest

from numba_lstm import Sequential, losses, metrics, optimizers
from numba_lstm.layers import LSTM, Dense
from numba_lstm.objects.subclassing import Settable

X, Y = np.ones((24, 3), np.float32), np.ones((24, 1), np.float32)


def made(**options):
    model = Sequential([Dense(1, input_shape=(3,))], device="reference")
    model.compile("sgd", "mse", **options)
    return model


GONE = [
    (optimizers.Adam, "lr", "Adam has no lr. Read learning_rate."),
    (optimizers.SGD, "decay", "SGD has no decay. Give a schedule as the learning_rate."),
    (optimizers.Adam, "minimize", "Adam has no minimize. Override update_weights(self, ops, gradients, variables), which may"),
    (made, "fit_generator", "Sequential has no fit_generator. Write fit(x), which takes generators and datasets."),
    (
        made,
        "evaluate_generator",
        "Sequential has no evaluate_generator. Write evaluate(x), which takes generators and datasets.",
    ),
    (made, "predict_generator", "Sequential has no predict_generator. Write predict(x), which takes generators and datasets."),
    (made, "predict_proba", "Sequential has no predict_proba. Write predict(x)."),
    (
        made,
        "predict_classes",
        "Sequential has no predict_classes. Write predict(x).argmax(axis=-1), or (predict(x) > 0.5).astype(int) for one "
        "sigmoid unit.",
    ),
    (made, "add_metric", "Sequential has no add_metric. Give compile(metrics=[...]) a function of numba_lstm.ops"),
    (lambda: Dense(1), "add_metric", "Dense has no add_metric. Give compile(metrics=[...]) a function of numba_lstm.ops"),
    (made, "lr", "Sequential has no lr. Read model.optimizer.learning_rate."),
    (made, "make_train_function", "Sequential has no make_train_function. Override train_step(self, data)"),
]


@pytest.mark.parametrize(("make", "name", "sentence"), GONE, ids=[name for _, name, _ in GONE])
def test_an_attribute_that_is_gone_says_what_to_write(make, name, sentence):
    thing = make()
    with pytest.raises(AttributeError, match=f"^{re.escape(sentence)}"):
        getattr(thing, name)
    assert not hasattr(thing, name)
    assert getattr(thing, name, 3) == 3


def test_what_is_to_be_written_works():
    model = made()
    assert model.optimizer.learning_rate == 0.01
    assert model.predict(X, verbose=0).argmax(axis=-1).shape == (24,)
    batches = ((X[:4], Y[:4]) for _ in range(9))
    model.fit(batches, steps_per_epoch=2, verbose=0)
    assert np.isfinite(model.evaluate(batches, steps=2, verbose=0))
    assert model.predict(batches, steps=2, verbose=0).shape == (8, 1)
    optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 5, 0.5))


def test_other_attributes_that_are_not_there_have_the_words_of_python():
    with pytest.raises(AttributeError, match="^'Adam' object has no attribute 'rate'") as caught:
        optimizers.Adam().rate  # noqa: B018
    assert (caught.value.name, isinstance(caught.value.obj, optimizers.Adam)) == ("rate", True)
    with pytest.raises(AttributeError, match="has no inputs and outputs yet. Add an Input first"):
        Sequential([Dense(1)]).inputs  # noqa: B018 - a property's own error

    class Mine(Sequential):
        @property
        def broken(self):
            return self.no_such_thing

    with pytest.raises(AttributeError, match="'Mine' object has no attribute 'no_such_thing'"):
        Mine().broken  # noqa: B018


# -- methods assigned to a class ----------------------------------------------------------------------------------------------


def nothing(self, *args):
    """A method of a user's."""


ASSIGNED = [
    (Dense, "call", lambda cls: cls(1), "Derive a class from Layer"),
    (LSTM, "call", lambda cls: cls(1), "Derive a class from Layer"),
    (Sequential, "make_train_function", lambda cls: cls(), "Override train_step(self, data)"),
    (Sequential, "metrics", lambda cls: cls(), "Compute them from model.predict(x)"),
    (optimizers.Adam, "update_step", lambda cls: cls(), "Override update_weights("),
    (metrics.BinaryAccuracy, "merge_state", lambda cls: cls(), "Override update_state("),
    (losses.Huber, "__call__", lambda cls: cls(), "Override call(self, y_true, y_pred)"),
]


@pytest.mark.parametrize("subclass", [False, True])
@pytest.mark.parametrize(
    ("cls", "name", "make", "advice"), ASSIGNED, ids=[f"{cls.__name__}.{name}" for cls, name, *_ in ASSIGNED]
)
def test_a_method_assigned_to_a_class_is_refused_by_the_constructor(monkeypatch, cls, name, make, advice, subclass):
    cls = type("Mine", (cls,), {}) if subclass else cls
    make(cls)
    value = property(nothing) if name == "metrics" else nothing
    monkeypatch.setattr(cls, name, value, raising=False)
    with pytest.raises(
        TypeError, match=rf"^{cls.__name__}\.{name} was assigned, which is never called here\. {re.escape(advice)}"
    ):
        make(cls)
    monkeypatch.undo()
    make(cls)


# -- what it costs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", optimizers.SGD(use_ema=True, clipnorm=1.0)])
def test_no_attribute_is_checked_in_each_batch(monkeypatch, optimizer):
    calls = []

    def noted(thing, name, value):
        calls.append(name)
        object.__setattr__(thing, name, value)

    model = made(metrics=["mae", "mse"])
    model.optimizer = optimizer
    model.fit(X, Y, verbose=0)
    monkeypatch.setattr(Settable, "__setattr__", noted)

    def counted(size):
        calls.clear()
        model.fit(X, Y, batch_size=size, verbose=0)
        model.evaluate(X, Y, batch_size=size, verbose=0)
        return len(calls)

    assert counted(24) == counted(1), calls
