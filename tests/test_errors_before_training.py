"""Errors of every argument of fit, evaluate and predict, and of every callback, come before a weight is changed.

Sentences of single arguments are in ``test_bad_input``.
"""

from __future__ import annotations

import inspect
import re
from functools import partial

import numpy as np
import pytest
from training_cases import LABELS, C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Sequential, callbacks
from numba_lstm.layers import LSTM, Dense, Flatten
from numba_lstm.optimizers import SGD
from numba_lstm.optimizers.schedules import ExponentialDecay

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


def unchanged(model, call):
    """Run ``call``, which raises, and see that the model is as before."""
    before, built = model.get_weights(), model.built
    steps = 0 if model.optimizer is None else model.optimizer.iterations
    with pytest.raises((TypeError, ValueError, OSError)) as caught:
        call()
    assert model.built == built
    assert same_weights(before, model.get_weights())
    assert model.optimizer.iterations == steps
    return str(caught.value)


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


# -- callbacks ---------------------------------------------------------------------------------------------------------------


def misshapen():
    class Misshapen(callbacks.Callback):
        def on_epoch_end(self, epoch):
            pass


def misshapen_batches():
    class Misshapen(callbacks.Callback):
        def on_train_batch_end(self, index, log):
            pass


def misshapen_instance():
    callback = callbacks.Callback()
    callback.on_epoch_end = lambda epoch: None
    return callback


WRONG = {
    "Callback": [
        (
            misshapen,
            r"^Misshapen\.on_epoch_end must take \(epoch, logs\), got \(epoch\)\. Write on_epoch_end\(epoch, logs\)\.$",
        ),
        (
            misshapen_batches,
            r"^Misshapen\.on_train_batch_end must take \(batch, logs\), got \(index, log\)\. "
            r"Write on_train_batch_end\(batch, logs\)\.$",
        ),
        (
            misshapen_instance,
            r"^Callback\.on_epoch_end must take \(epoch, logs\), got \(epoch\)\. Write on_epoch_end\(epoch, logs\)\.$",
        ),
    ],
    "CSVLogger": [
        (lambda: callbacks.CSVLogger("log.csv", separator=""), "separator must be one character, got ''"),
        (lambda: callbacks.CSVLogger("log.csv", separator=3), "separator must be one character, got 3"),
        (
            lambda: callbacks.CSVLogger("no/such/folder/log.csv"),
            r"^no/such/folder/log\.csv: the folder .*/no/such/folder does not exist\. Make it first\.$",
        ),
        (
            lambda: callbacks.CSVLogger("file/log.csv"),
            r"^file/log\.csv: .*/file is a file, not a folder\. Give another name\.$",
        ),
        (lambda: callbacks.CSVLogger("folder"), r"^folder: it is a folder\. Give the name of a file in it\.$"),
    ],
    "EarlyStopping": [
        (lambda: callbacks.EarlyStopping(None), "monitor must be a key of the logs, as 'val_loss', got None"),
        (lambda: callbacks.EarlyStopping("val_f1"), r"^EarlyStopping watches 'val_f1', which no epoch has\. Known: 'loss'\.$"),
        (lambda: callbacks.EarlyStopping(min_delta="small"), "min_delta must be a number"),
        (lambda: callbacks.EarlyStopping(patience=1.5), "patience must be a whole number"),
        (lambda: callbacks.EarlyStopping(mode="down"), r"^mode must be 'auto', 'min' or 'max', got 'down'\.$"),
        (lambda: callbacks.EarlyStopping(baseline="low"), "baseline must be a number"),
        (lambda: callbacks.EarlyStopping(start_from_epoch=-1), "start_from_epoch must be at least 0"),
    ],
    "LambdaCallback": [
        (lambda: callbacks.LambdaCallback(on_epoch_end=3), "on_epoch_end must be a function"),
        (
            lambda: callbacks.LambdaCallback(on_epoch_end=lambda logs: None),
            r"LambdaCallback\.on_epoch_end must take \(epoch, logs\), got \(logs\)\. Write on_epoch_end\(epoch, logs\)",
        ),
        (
            lambda: callbacks.LambdaCallback(on_train_batch_end=lambda batch: None),
            r"must take \(batch, logs\), got \(batch\)\. Write on_train_batch_end\(batch, logs\)",
        ),
        (
            lambda: callbacks.LambdaCallback(on_train_end=lambda: None),
            r"LambdaCallback\.on_train_end must take \(logs\), got \(\)\. Write on_train_end\(logs\)",
        ),
    ],
    "LearningRateScheduler": [
        (lambda: callbacks.LearningRateScheduler(0.1), r"the schedule must be a function \(epoch, rate\) -> rate"),
        (lambda: callbacks.LearningRateScheduler(lambda: 0.1), "must be a function"),
        (lambda: callbacks.LearningRateScheduler(lambda epoch: "low"), "what the schedule answers must be a number"),
        (lambda: callbacks.LearningRateScheduler(lambda epoch: -1.0), "what the schedule answers must be a number"),
    ],
    "ModelCheckpoint": [
        (
            lambda: callbacks.ModelCheckpoint("best.ckpt"),
            r"a model is saved as \.nlstm, got 'best\.ckpt'\. Save it as 'best\.nlstm', or for Keras as 'best\.keras'\.$",
        ),
        (
            lambda: callbacks.ModelCheckpoint("best.onnx"),
            r"a model is saved as \.nlstm, got 'best\.onnx'\. Save it as 'best\.nlstm', or for Keras as 'best\.keras'\. "
            r"That kind of file is written by numba_lstm\.interop\.onnx\.export\(model, path\)\.$",
        ),
        (lambda: callbacks.ModelCheckpoint("best.h5", save_weights_only=True), r"must end in \.weights\.h5"),
        (
            lambda: callbacks.ModelCheckpoint("{val_loss:.2f}.nlstm"),
            r"asks for 'val_loss', but there is only epoch, loss\. Give validation data, or another filepath",
        ),
        (lambda: callbacks.ModelCheckpoint("{mae}.nlstm"), r"asks for 'mae', but there is only epoch, loss\. Give another"),
        (
            lambda: callbacks.ModelCheckpoint("{batch}-{val_loss}.nlstm", save_freq=2),
            "asks for 'val_loss', but there is only epoch, batch, loss",
        ),
        (
            lambda: callbacks.ModelCheckpoint("{loss:d}.nlstm"),
            r"the filepath '\{loss:d\}\.nlstm' cannot be filled in \(.*\)\. Write fields as \{epoch:02d\} or \{loss:\.3f\}\.$",
        ),
        (
            lambda: callbacks.ModelCheckpoint("file/best.nlstm"),
            r"^file/best\.nlstm: .*/file is a file, not a folder\. Give another name\.$",
        ),
        (
            lambda: callbacks.ModelCheckpoint("folder.nlstm"),
            r"^folder\.nlstm: it is a folder\. Give the name of a file in it\.$",
        ),
        (
            lambda: callbacks.ModelCheckpoint("best", "val_f1", save_best_only=True),
            r"^ModelCheckpoint watches 'val_f1', which no epoch has\.",
        ),
        (lambda: callbacks.ModelCheckpoint("best", mode="down"), r"^mode must be 'auto', 'min' or 'max', got 'down'\.$"),
        (lambda: callbacks.ModelCheckpoint("best", save_freq=0), "save_freq, unless it is 'epoch', must be at least 1"),
        (lambda: callbacks.ModelCheckpoint("best", initial_value_threshold="low"), "the value to improve on must be a number"),
    ],
    "ReduceLROnPlateau": [
        (lambda: callbacks.ReduceLROnPlateau(3), "monitor must be a key of the logs"),
        (
            lambda: callbacks.ReduceLROnPlateau("val_f1"),
            r"^ReduceLROnPlateau watches 'val_f1', which no epoch has\. Known: 'loss'\.$",
        ),
        (lambda: callbacks.ReduceLROnPlateau(factor=1), r"factor must be a number in \(0, 1\)"),
        (lambda: callbacks.ReduceLROnPlateau(patience=-1), "patience must be at least 0"),
        (lambda: callbacks.ReduceLROnPlateau(mode=None), r"^mode must be 'auto', 'min' or 'max', got None\.$"),
        (lambda: callbacks.ReduceLROnPlateau(min_delta=None), "min_delta must be a number"),
        (lambda: callbacks.ReduceLROnPlateau(cooldown=0.5), "cooldown must be a whole number"),
        (lambda: callbacks.ReduceLROnPlateau(min_lr=-1), r"min_lr must be a number in \[0, inf\)"),
    ],
}
#: callbacks without arguments, or that do what they are told
ALWAYS_RIGHT = {"CallbackList", "History", "ProgbarLogger", "TerminateOnNaN"}


@pytest.mark.parametrize(("make", "sentence"), [case for cases in WRONG.values() for case in cases])
def test_what_a_callback_can_know_is_an_error_before_a_weight_changes(tmp_path, monkeypatch, make, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.nlstm").mkdir()
    (tmp_path / "file").touch()
    model = make_model()
    assert re.search(sentence, unchanged(model, lambda: model.fit(X, Y, callbacks=[make()], **QUIET)))
    assert {path.name for path in tmp_path.iterdir()} <= {"folder", "folder.nlstm", "file"}


@pytest.mark.parametrize(
    "make",
    [lambda: callbacks.LearningRateScheduler(lambda epoch: 0.1), lambda: callbacks.ReduceLROnPlateau("loss")],
)
def test_a_rate_that_follows_a_schedule(make):
    model = make_model(optimizer=SGD(ExponentialDecay(0.1, 5, 0.5)))
    sentence = unchanged(model, partial(model.fit, X, Y, callbacks=[make()], **QUIET))
    assert sentence.endswith("Make the optimizer with a number to set it by hand or by a callback.")


def test_the_table_has_every_callback():
    assert set(WRONG) | ALWAYS_RIGHT == set(callbacks.__all__)


def test_a_model_that_a_file_cannot_hold_is_an_error_before_training(tmp_path):
    model = make_model(activation=lambda x: x * 2)
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "best.nlstm")
    with pytest.raises(Exception) as saving:  # noqa: PT011 - whatever save raises
        model.save(tmp_path / "best.nlstm")
    assert unchanged(model, partial(model.fit, X, Y, callbacks=[checkpoint], **QUIET)) == str(saving.value)


def test_keys_that_a_users_own_callback_adds_are_no_error(tmp_path):
    class Score(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["f1"] = 0.5

    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{f1:.1f}.nlstm")
    make_model().fit(X, Y, callbacks=[Score(), checkpoint], **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["0.5.nlstm"]
    sentence = unchanged(model := make_model(), partial(model.fit, X, Y, callbacks=[checkpoint, Score()], **QUIET))
    assert "asks for 'f1', but there is only epoch, loss" in sentence


def test_a_rate_is_a_key_behind_a_callback_that_adds_it(tmp_path):
    schedule = callbacks.LearningRateScheduler(lambda epoch: 0.25)
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{learning_rate}.nlstm")
    make_model().fit(X, Y, callbacks=[schedule, checkpoint], **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["0.25.nlstm"]
