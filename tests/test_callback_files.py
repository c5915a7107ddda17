"""Callbacks that write files: checkpoints and logs."""

from __future__ import annotations

import csv
import math

import pytest
from callback_feeding import feed
from training_cases import X, Y, make_model

from numba_lstm import Sequential, callbacks

QUIET = {"batch_size": 4, "verbose": 0}  # three batches an epoch


def test_a_checkpoint_fills_in_its_name(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch:02d}-{val_loss:.1f}.nlstm")
    model, _ = feed(checkpoint, [3.0, 2.5])
    assert model.saved == ["01-3.0.nlstm", "02-2.5.nlstm"]
    assert (tmp_path / "new").is_dir()


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
    with pytest.raises(KeyError, match="asks for 'val_mae', but there is only epoch, loss, val_loss"):
        feed(callbacks.ModelCheckpoint(tmp_path / "{val_mae}"), [1.0])


@pytest.mark.parametrize("arguments", [{"save_weights_only": True}, {"save_freq": 0}, {"save_freq": "batch"}])
def test_a_checkpoint_refuses_what_it_cannot_do(arguments):
    with pytest.raises(
        (TypeError, ValueError), match=r"save_weights_only=False only|must be at least 1|must be a whole number"
    ):
        callbacks.ModelCheckpoint("model", **arguments)


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
