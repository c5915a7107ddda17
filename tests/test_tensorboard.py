"""The event files of the callback TensorBoard, read back record by record."""

from __future__ import annotations

import json
import struct

import pytest
from training_cases import X, Y, make_model

from numba_lstm import callbacks
from numba_lstm.layers import Dense, Input, Lambda
from numba_lstm.models import Sequential

pytest.importorskip("tensorboardX")


def read(run):
    """Return {tag: [(step, value)]} of the event files in a folder; each record is a length, two checksums and an Event."""
    from tensorboardX.proto.event_pb2 import Event

    (path,) = run.iterdir()
    data, place, found = path.read_bytes(), 0, {}
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        event = Event.FromString(data[place + 12 : place + 12 + length])
        place += 16 + length
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value))
    return found


def scalars(entries):
    return [(step, pytest.approx(value.simple_value)) for step, value in entries]


def test_epochs_have_the_numbers_of_the_history(tmp_path):
    history = make_model().fit(
        X, Y, epochs=2, batch_size=4, verbose=0, validation_data=(X, Y), callbacks=[callbacks.TensorBoard(tmp_path)]
    )
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    assert list(enumerate(history.history["loss"])) == scalars(train["epoch_loss"])
    assert list(enumerate(history.history["val_loss"])) == scalars(validation["epoch_loss"])
    assert [step for step, _ in train["epoch_learning_rate"]] == [0, 1]
    assert [step for step, _ in validation["evaluation_loss_vs_iterations"]] == [3, 6]
    ((_, layers),) = train["keras"]
    assert layers.metadata.plugin_data.plugin_name == "graph_keras_model"
    assert json.loads(layers.tensor.string_val[0])["class_name"] == "Sequential"
    assert not any(tag.startswith("batch_") or "histogram" in tag for tag in train)


def test_batches_and_weights_are_written_when_they_are_due(tmp_path):
    model = make_model()
    board = callbacks.TensorBoard(tmp_path, 2, False, True, write_steps_per_second=True, update_freq=2)
    model.fit(X, Y, epochs=3, batch_size=4, verbose=0, callbacks=[board])
    train = read(tmp_path / "train")
    assert [step for step, _ in train["batch_loss"]] == [2, 4, 6, 8]  # of nine batches, three an epoch
    assert [step for step, _ in train["batch_steps_per_second"]] == [2, 4, 6, 8]
    assert all(value.simple_value > 0 for _, value in train["epoch_steps_per_second"])
    assert "keras" not in train
    for weight in model.weights:
        entries = train[f"{weight.path}/histogram"]
        assert [step for step, _ in entries] == [0, 2]
        assert entries[0][1].histo.num == weight.shape[0] * (weight.shape[1] if len(weight.shape) > 1 else 1)
        assert (f"{weight.path}/image" in train) == (len(weight.shape) == 2)


def test_a_model_that_no_text_can_hold_is_trained_with_a_warning(tmp_path):
    model = Sequential([Input((2,)), Lambda(lambda x: x + 1), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="TensorBoard writes no layers of"):
        model.fit([[1.0, 2.0]], [[1.0]], verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    assert "keras" not in read(tmp_path / "train")


def test_an_evaluation_alone_writes_and_closes_its_run(tmp_path):
    model = make_model()
    loss = model.evaluate(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    (entry,) = read(tmp_path / "validation")["evaluation_loss_vs_iterations"]
    assert scalars([entry]) == [(0, loss if isinstance(loss, float) else loss[0])]
