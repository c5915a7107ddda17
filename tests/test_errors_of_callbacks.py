"""Errors of every callback come before a weight is changed."""

from __future__ import annotations

import re
from functools import partial

import pytest
from training_cases import X, Y, make_model, unchanged

from numba_lstm import callbacks
from numba_lstm.optimizers import SGD
from numba_lstm.optimizers.schedules import ExponentialDecay

QUIET = {"verbose": 0}


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
    "BackupAndRestore": [
        (lambda: callbacks.BackupAndRestore(""), r"^backup_dir must name a folder, got ''\. Give one for this training alone"),
        (lambda: callbacks.BackupAndRestore("file"), r"file"),
    ],
    "SwapEMAWeights": [
        (lambda: callbacks.SwapEMAWeights(), r"^SwapEMAWeights needs averages of weights\. Compile with an optimizer of "),
    ],
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
        (lambda: callbacks.LearningRateScheduler(lambda epoch: "low"), "what the schedule returns must be a number"),
        (lambda: callbacks.LearningRateScheduler(lambda epoch: -1.0), "what the schedule returns must be a number"),
    ],
    "ModelCheckpoint": [
        (
            lambda: callbacks.ModelCheckpoint("best.ckpt"),
            r"a model is saved as \.nlstm, got 'best\.ckpt'\. Save it as 'best\.ckpt\.nlstm', "
            r"or for Keras as 'best\.ckpt\.keras'\.$",
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
    "TensorBoard": [
        (lambda: callbacks.TensorBoard("file"), r"^file/train/events: .*/file is a file, not a folder\. Give another name\.$"),
        (lambda: callbacks.TensorBoard(profile_batch=2), "^profile_batch=2 is left out here"),
        (lambda: callbacks.TensorBoard(embeddings_freq=1), "^embeddings_freq=1 is left out here"),
        (lambda: callbacks.TensorBoard(embeddings_metadata="f"), "^embeddings_metadata belongs to embeddings_freq"),
        (lambda: callbacks.TensorBoard(update_freq="epochs"), "^unknown update_freq 'epochs', did you mean 'epoch'"),
        (lambda: callbacks.TensorBoard(update_freq=0), "^update_freq must be a whole number of at least 1, got 0"),
        (lambda: callbacks.TensorBoard(histogram_freq=-1), "^histogram_freq must be a whole number of at least 0, got -1"),
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
    class Rating(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["f1"] = 0.5

    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{f1:.1f}.nlstm")
    make_model().fit(X, Y, callbacks=[Rating(), checkpoint], **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["0.5.nlstm"]
    sentence = unchanged(model := make_model(), partial(model.fit, X, Y, callbacks=[checkpoint, Rating()], **QUIET))
    assert "asks for 'f1', but there is only epoch, loss" in sentence


def test_a_rate_is_a_key_behind_a_callback_that_adds_it(tmp_path):
    schedule = callbacks.LearningRateScheduler(lambda epoch: 0.25)
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{learning_rate}.nlstm")
    make_model().fit(X, Y, callbacks=[schedule, checkpoint], **QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["0.25.nlstm"]
