"""Callbacks that write files: checkpoints and logs."""

from __future__ import annotations

import csv
import math

import pytest
from callback_feeding import feed
from training_cases import X, Y, make_model, same_weights

from numba_lstm import Sequential, callbacks, load_model

QUIET = {"batch_size": 4, "verbose": 0}  # three batches an epoch


def test_a_checkpoint_fills_in_its_name(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch:02d}-{val_loss:.1f}.nlstm")
    model, _ = feed(checkpoint, [3.0, 2.5])
    assert model.saved == ["01-3.0.nlstm", "02-2.5.nlstm"]
    assert (tmp_path / "new").is_dir()


@pytest.mark.parametrize("name", ["new/a/m_{epoch}.nlstm", "e_{epoch}/m.keras", "e_{epoch}/m.weights.h5", "new/m_{epoch}"])
def test_a_checkpoint_makes_missing_folders(tmp_path, name):
    if not name.endswith(("nlstm", "}")):
        pytest.importorskip("h5py")
    checkpoint = callbacks.ModelCheckpoint(tmp_path / name, save_weights_only=name.endswith(".h5"))
    make_model().fit(X, Y, epochs=2, callbacks=[checkpoint], **QUIET)
    for epoch in (1, 2):
        written = name.format(epoch=epoch) + (".nlstm" if name.endswith("}") else "")
        assert (tmp_path / written).is_file()


def test_a_log_needs_a_folder(tmp_path):
    logger, folder = callbacks.CSVLogger(tmp_path / "new" / "log.csv"), tmp_path / "new"
    with pytest.raises(FileNotFoundError) as caught:
        make_model().fit(X, Y, callbacks=[logger], **QUIET)
    assert str(caught.value) == f"{folder / 'log.csv'}: the folder {folder} does not exist. Make it first."
    folder.mkdir()
    make_model().fit(X, Y, callbacks=[logger], **QUIET)
    assert (folder / "log.csv").read_text().startswith("epoch,loss")


def test_an_old_log_stays_where_training_does_not_begin(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old")
    with pytest.raises(ValueError, match="which no epoch has"):
        make_model().fit(X, Y, callbacks=[callbacks.CSVLogger(path), callbacks.EarlyStopping("f1")], **QUIET)
    assert path.read_text() == "old"
    make_model().fit(X, Y, epochs=0, callbacks=[callbacks.CSVLogger(path)], **QUIET)
    assert path.read_text() == "old"


def test_only_the_best_is_saved(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}", save_best_only=True, initial_value_threshold=2.75)
    model, _ = feed(checkpoint, [3.0, 2.0, 2.5, 1.0])
    assert model.saved == ["2", "4"]


def test_a_checkpoint_every_so_many_batches(tmp_path):
    saved = []

    class Saving(Sequential):
        def save(self, path):
            saved.append(path.name)

    model = make_model(kind=Saving)
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=2)
    model.fit(X, Y, epochs=2, callbacks=[checkpoint], **QUIET)
    assert saved == ["1-2", "2-1", "2-3"]


def test_a_field_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.warns(UserWarning, match="asks for 'val_mae', but this epoch has only loss, val_loss: it is not saved"):
        feed(callbacks.ModelCheckpoint(tmp_path / "{val_mae}"), [1.0])


IMPOSSIBLE = {
    "weights in a file of a model": (
        "model.keras",
        {"save_weights_only": True},
        r"the filepath must end in \.weights\.h5, got 'model\.keras'\. Give 'model\.weights\.h5', or save_weights_only=False",
    ),
    "a model in a file of weights": (
        "model.weights.h5",
        {},
        r"one for weights alone, .* Give save_weights_only=True, or a filepath that ends in \.nlstm or \.keras",
    ),
    "save_freq 0": ("model", {"save_freq": 0}, "must be at least 1"),
    "save_freq batch": ("model", {"save_freq": "batch"}, "must be a whole number"),
    "a batch where there is none": ("{batch}", {}, "asks for 'batch', but save_freq='epoch' saves after epochs"),
    "a whole number of a loss": ("{loss:d}", {}, r"cannot be filled in \(.*\)\. Write fields as {epoch:02d} or {loss:.3f}"),
    "an open brace": ("{epoch", {}, "cannot be filled in"),
    "a field without a name": ("{}", {}, "cannot be filled in"),
}


@pytest.mark.parametrize(("filepath", "arguments", "sentence"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_checkpoint_refuses_immediately_what_it_cannot_do(filepath, arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        callbacks.ModelCheckpoint(filepath, **arguments)


def test_an_epoch_without_validation_leaves_the_best_file(tmp_path):
    model = make_model()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "best.nlstm", save_best_only=True)
    with pytest.warns(UserWarning, match="but the logs hold loss. What has no such number is left out"):
        values = model.fit(
            X, Y, epochs=9, validation_data=(X[:4], Y[4:8]), validation_freq=2, callbacks=[checkpoint], **QUIET
        ).history["val_loss"]
    assert checkpoint.best == min(values)
    assert load_model(tmp_path / "best.nlstm").evaluate(X[:4], Y[4:8], verbose=0) == pytest.approx(min(values))


def test_a_value_that_is_nan_is_never_the_best(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}", save_best_only=True, verbose=1)
    model, _ = feed(checkpoint, [math.nan, 3.0, math.nan, 2.0])
    assert model.saved == ["2", "4"]


def test_an_epoch_whose_logs_cannot_fill_in_the_name_is_left_out(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{val_loss:.3f}.nlstm")
    with pytest.warns(UserWarning, match="asks for 'val_loss', but this epoch has only loss: it is not saved"):
        make_model().fit(X, Y, epochs=3, validation_split=0.3, validation_freq=2, callbacks=[checkpoint], **QUIET)
    assert [path.name[:2] for path in tmp_path.iterdir()] == ["2-"]


def test_a_checkpoint_of_weights_is_what_save_weights_writes(tmp_path):
    pytest.importorskip("h5py")
    model, path = make_model(), tmp_path / "{epoch}.weights.h5"
    model.fit(X, Y, epochs=2, callbacks=[callbacks.ModelCheckpoint(path, save_weights_only=True)], **QUIET)
    duplicate = make_model()
    duplicate.load_weights(tmp_path / "2.weights.h5")
    assert same_weights(duplicate.get_weights(), model.get_weights())


def test_the_log_file_has_a_line_an_epoch(tmp_path):
    path = tmp_path / "log.csv"
    feed(callbacks.CSVLogger(path), [3.0, 2.0])
    feed(callbacks.CSVLogger(path, append=True), [1.0])
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows == [["epoch", "loss", "val_loss"], ["0", "0.0", "3.0"], ["1", "0.0", "2.0"], ["0", "0.0", "1.0"]]


def test_the_log_file_has_room_for_a_later_validation(tmp_path):
    path = tmp_path / "log.csv"
    make_model().fit(
        X, Y, epochs=2, validation_data=(X, Y), validation_freq=2, callbacks=[callbacks.CSVLogger(path, ";")], **QUIET
    )
    first, second, third = list(csv.reader(path.read_text().splitlines(), delimiter=";"))
    assert first == ["epoch", "loss", "val_loss"]
    assert second[2] == "NA"
    assert math.isfinite(float(third[2]))


def test_a_key_that_an_epoch_lacks_behind_a_users_callback_is_a_warning(tmp_path):
    """The user's callback may add keys, so nobody knows before training which there will be."""

    class Mine(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                logs["share"] = 0.5

    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{share:.1f}.nlstm")
    with pytest.warns(UserWarning, match="asks for 'share', but this epoch has only loss: it is not saved"):
        history = make_model().fit(X, Y, epochs=3, callbacks=[Mine(), checkpoint], **QUIET)
    assert len(history.epoch) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["0.5.nlstm"]
