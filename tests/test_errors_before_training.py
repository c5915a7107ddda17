"""Errors of every argument of fit, evaluate and predict come before a weight is changed.

Sentences of single arguments are in ``test_bad_input``, those of callbacks in ``test_errors_of_callbacks``.
"""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pytest
from training_cases import LABELS, C, D, N, T, X, Y, make_model, unchanged

from numba_lstm import Sequential, callbacks
from numba_lstm.layers import LSTM, Dense, Flatten

QUIET = {"verbose": 0}
ARRAYS = [X[:, :, :2], X[:0], "x", X.astype(complex), np.ma.masked_less(X, 0), None, object()]
TARGETS = [Y[:4], Y[:, :2], "y", np.ma.masked_less(Y, 0), [None] * N, object()]
COUNTS = [0, -1, 1.5, "2", True]
WEIGHTS = [np.ones(3), "w", np.ma.masked_less(Y[:, 0], 0)]
CLASSES = [[1.0, 2.0], {"a": 1.0}, {0: -1.0}, {0: "heavy"}, {0: 1.0}]  # the last one is right, but for other targets
LENGTHS = [[1], [T + 1] * N, [0.5] * N, [-1] * N]
VERBOSE = [3, "yes", None, -1]
LISTENERS = [[callbacks.History], "history", [print], callbacks.EarlyStopping]

#: bad values of each argument, for a model of numbers; () for those of which every value has a meaning
FIT = {
    "x": ARRAYS,
    "y": [*TARGETS, None],
    "batch_size": COUNTS,
    "epochs": [-1, 1.5, "2", True, None],
    "verbose": VERBOSE,
    "callbacks": LISTENERS,
    "validation_split": [1.0, -0.1, "half", 0.99],
    "validation_data": [(X,), (X[:, :, :2], Y), (X, Y[:3]), X, 3, (X, Y, np.ones(3)), (X, Y, X, Y)],
    "shuffle": ["batch", 2, None],
    "class_weight": CLASSES,
    "sample_weight": WEIGHTS,
    "initial_epoch": [-1, 0.5, "1", True],
    "steps_per_epoch": COUNTS,
    "validation_steps": COUNTS,
    "validation_batch_size": COUNTS,
    "validation_freq": [0, -1, "often", [0], None, 1.5],
    "lengths": LENGTHS,
    "validation_lengths": [[1] * N],
    "tbptt": COUNTS,
}
EVALUATE = {
    **{name: FIT[name] for name in ("x", "y", "batch_size", "verbose", "sample_weight", "callbacks", "lengths")},
    "steps": [*COUNTS, 99],
    "return_dict": (),
}
PREDICT = {name: EVALUATE[name] for name in ("x", "batch_size", "verbose", "steps", "callbacks", "lengths")}
TEST = {name: EVALUATE[name] for name in ("x", "y", "sample_weight", "return_dict", "lengths")}
METHODS = {
    "fit": FIT,
    "evaluate": EVALUATE,
    "predict": PREDICT,
    "train_on_batch": {**TEST, "class_weight": CLASSES},
    "test_on_batch": TEST,
    "predict_on_batch": {name: EVALUATE[name] for name in ("x", "lengths")},
}
BAD = [(method, name, k) for method, table in METHODS.items() for name, values in table.items() for k in range(len(values))]


def unbuilt():
    model = Sequential([LSTM(4), Dense(C)])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("make", [make_model, unbuilt])
@pytest.mark.parametrize(("method", "name", "k"), BAD)
def test_a_bad_argument_is_an_error_before_a_weight_changes(make, method, name, k):
    value = METHODS[method][name][k]
    if make is unbuilt and isinstance(value, np.ndarray) and name == "x" and value.shape == (N, T, 2):
        return  # a model that is not built takes any number of features
    model = make()
    given = {"x": X, "y": Y, **(QUIET if "verbose" in METHODS[method] else {}), name: value}
    if "y" not in METHODS[method]:
        del given["y"]
    unchanged(model, partial(getattr(model, method), **given))


@pytest.mark.parametrize("method", METHODS)
def test_the_table_has_every_argument(method):
    assert set(inspect.signature(getattr(Sequential, method)).parameters) - {"model"} == set(METHODS[method])


# -- what arguments are together ---------------------------------------------------------------------------------------------


def test_validation_batches_of_another_size_than_a_stateful_model_trains_with():
    model = Sequential([LSTM(3, stateful=True, input_shape=(T, D)), Dense(C)])
    model.compile("sgd", "mse")
    loader = [(X[:3], Y[:3])]
    for given in (
        {"x": X[:8], "y": Y[:8], "batch_size": 4, "validation_data": (X[:3], Y[:3])},
        {"x": X[:8], "y": Y[:8], "batch_size": 4, "validation_split": 0.5, "validation_batch_size": 2},
        {"x": X[:8], "y": Y[:8], "batch_size": 4, "validation_data": iter(loader), "validation_steps": 1},
        {"x": iter([(X[:4], Y[:4])]), "steps_per_epoch": 1, "validation_data": (X[:3], Y[:3])},
    ):
        sentence = unchanged(model, partial(model.fit, **given, shuffle=False, **QUIET))
        assert "is stateful, so all batches must have one size, but those of training have 4 samples" in sentence
    assert sentence.endswith("Validate with a multiple of 4 samples and validation_batch_size=4.")
    model.fit(X[:8], Y[:8], 4, shuffle=False, validation_data=(X[:4], Y[:4]), validation_batch_size=4, **QUIET)


def test_validation_of_other_steps_than_a_model_that_is_not_built_will_take():
    model = Sequential([LSTM(4, return_sequences=True), Flatten(), Dense(C)])
    model.compile("adam", "mse")
    sentence = unchanged(model, partial(model.fit, X, Y, validation_data=(X[:, :3], Y), **QUIET))
    assert sentence.startswith("validation_data: x of shape (11, 3, 7) becomes (11, 12) before dense")
    assert sentence.endswith("but that of training (11, 20). Give both as many steps.")
    model.fit(X, Y, validation_data=(X[:2], Y[:2]), **QUIET)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh"])
def test_class_weights_of_numbers(loss):
    sentence = unchanged(model := make_model(loss), partial(model.fit, X, Y, class_weight={0: 2.0}, **QUIET))
    assert sentence.startswith("class_weight needs classes, but y holds other numbers for")
    assert sentence.endswith("Give sample_weight instead, one weight a sample.")
    make_model(loss).fit(X, np.eye(C)[LABELS], class_weight={0: 2.0}, **QUIET)  # classes are classes for any loss
    make_model(loss, units=1).fit(X, LABELS % 2, class_weight={0: 2.0}, **QUIET)


def test_class_weights_in_an_array_say_how_to_write_them():
    model = make_model("sparse_categorical_crossentropy", activation="softmax")
    for weights in ([1.0, 2.0, 3.0], np.array([1.0, 2.0, 3.0])):
        sentence = unchanged(model, partial(model.fit, X, LABELS, class_weight=weights, **QUIET))
        assert sentence.endswith("Write dict(enumerate(class_weight)).")
        model.fit(X, LABELS, class_weight=dict(enumerate(weights)), **QUIET)


def test_no_epochs_build_and_train_nothing():
    model, calls = unbuilt(), []
    listener = callbacks.LambdaCallback(on_train_begin=lambda logs: calls.append(1), on_train_end=lambda logs: calls.append(2))
    history = model.fit(X, Y, epochs=0, callbacks=[listener], **QUIET)
    assert (history.history, history.epoch, model.built, model.optimizer.iterations, calls) == ({}, [], True, 0, [1, 2])
