"""Callbacks of other packages, shaped like Keras's, are called by fit; Keras's own classes run as docs/extending.md says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from training_cases import X, Y, make_model

from numba_lstm import Sequential, callbacks, optimizers
from numba_lstm.callbacks.base import HOOKS
from numba_lstm.layers import LSTM, Dense, Input

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")


class Foreign:
    """A base class with all hooks, which is no Callback of the package."""

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self.model = model


for name in HOOKS:
    setattr(Foreign, name, lambda self, *arguments, **logs: None)


class Records(Foreign):
    def __init__(self):
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


def test_a_foreign_callback_gets_logs_and_stops_the_training():
    records = Records()
    history = make_model().fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[records])
    assert len(records.losses) == 3
    assert records.losses[-1] == history.history["loss"][0]
    assert len(history.epoch) == 1
    assert records.params["epochs"] == 3


def test_a_foreign_callback_without_hooks_of_batches_costs_no_logs():
    adapted = callbacks.CallbackList([Foreign()]).callbacks[0]
    assert not set(HOOKS) & set(vars(adapted))


def test_what_has_not_all_hooks_is_refused():
    with pytest.raises(TypeError, match="callbacks must be Callback objects, got .* Derive it from Callback"):
        make_model().fit(X, Y, verbose=0, callbacks=[SimpleNamespace(on_epoch_end=print)])
    with pytest.raises(TypeError, match="callbacks must be Callback objects"):
        make_model().fit(X, Y, verbose=0, callbacks=[Foreign])


os.environ.setdefault("KERAS_BACKEND", "jax")


def keras_recipes(folder):
    """Arguments of each class of keras.callbacks, by its name."""
    return {
        "BackupAndRestore": (f"{folder}/backup",),
        "CSVLogger": (f"{folder}/log.csv",),
        "Callback": (),
        "EarlyStopping": ("loss", 0.0, 1, 0, "max", None, True),
        "History": (),
        "LambdaCallback": (lambda epoch, logs: None,),
        "LearningRateScheduler": (lambda epoch, rate: rate / 2,),
        "ModelCheckpoint": (f"{folder}/model.keras",),
        "ProgbarLogger": (),
        "ReduceLROnPlateau": ("loss", 0.1, 0, 0, "max"),
        "RemoteMonitor": (),
        "SwapEMAWeights": (),
        "TensorBoard": (f"{folder}/tensorboard",),
        "TerminateOnNaN": (),
    }


def fitted(callback, epochs=3, use_ema=False):
    x = np.random.default_rng(0).normal(size=(8, 5, 2))
    model = Sequential([Input((5, 2)), LSTM(3), Dense(1)], device="reference")
    model.compile(optimizers.Adam(0.001, use_ema=use_ema), "mse")
    y = x[:, 0, :1]
    return model.fit(x, y, batch_size=4, epochs=epochs, verbose=0, callbacks=[callback], validation_data=(x, y))


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
def test_classes_of_keras_run_as_the_page_says(tmp_path, monkeypatch):
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    table = dict(re.findall(r"^\| `(\w+)` \| (yes|no)\b", PAGE, re.MULTILINE))
    classes = {name for name in vars(keras.callbacks) if name[0].isupper()} - {"CallbackList"}
    assert set(table) == classes
    monkeypatch.setattr("keras.src.callbacks.remote_monitor.requests", SimpleNamespace(post=lambda *args, **options: None))
    found = {}
    for name, arguments in keras_recipes(tmp_path).items():
        try:
            found[name] = fitted(getattr(keras.callbacks, name)(*arguments), use_ema=name == "SwapEMAWeights")
        except (AttributeError, ImportError, ValueError) as error:
            found[name] = error
    ran = {name for name, result in found.items() if not isinstance(result, Exception)}
    assert ran == {name for name, answer in table.items() if answer == "yes"}
    assert len(found["EarlyStopping"].epoch) == 2
    np.testing.assert_allclose(found["LearningRateScheduler"].history["learning_rate"], [0.0005, 0.00025, 0.000125])
    assert found["ReduceLROnPlateau"].history["learning_rate"][-1] < 0.0009
    assert (tmp_path / "log.csv").read_text().count("\n") == 4
    assert (tmp_path / "model.keras").exists()


@pytest.mark.peers
def test_a_backup_of_keras_goes_on_with_its_epoch(tmp_path):
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    class Dies(keras.callbacks.BackupAndRestore):
        def on_epoch_begin(self, epoch, logs=None):
            super().on_epoch_begin(epoch, logs)
            if epoch == 2:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        fitted(Dies(str(tmp_path)))
    assert fitted(keras.callbacks.BackupAndRestore(str(tmp_path))).epoch == [2]
