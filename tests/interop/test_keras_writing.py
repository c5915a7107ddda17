"""model.save to ``.keras`` files: load_model reads them, and what Keras does not have is refused."""

import subprocess
import sys

import numpy as np
import pytest
from golden.keras_files import CASES
from keras_models import small, trained

import numba_lstm
from numba_lstm import Sequential, load_model, losses
from numba_lstm.layers import LSTM, RNN, Activation, Bidirectional, Dense, Dropout, Input, LSTMCell
from numba_lstm.saving import FileFormatError

pytest.importorskip("h5py", reason="writing Keras's files needs h5py")
pytestmark = pytest.mark.filterwarnings("ignore:reshape.* takes no mask")


@pytest.mark.parametrize("name", CASES)
def test_a_model_comes_back_whole(name, tmp_path):
    model = trained(name)
    model.save(tmp_path / "model.keras")
    read = numba_lstm.load_model(tmp_path / "model.keras", device="reference")
    assert read.get_config() == model.get_config()
    assert read.get_compile_config() == model.get_compile_config()
    for a, b in zip(model.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    state = read.optimizer.state()
    for key, value in model.optimizer.state().items():
        np.testing.assert_array_equal(state[key], value)


def test_equal_models_make_equal_files(tmp_path):
    model = trained("plain")
    for name in "ab":
        model.save(tmp_path / f"{name}.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_a_model_that_is_not_built(tmp_path):
    model = Sequential([LSTM(3), Dense(2)], name="small")
    model.save(tmp_path / "model.keras")
    read = numba_lstm.load_model(tmp_path / "model.keras")
    assert not read.built
    assert read.optimizer is None
    assert [layer.name for layer in read.layers] == [layer.name for layer in model.layers]


def test_an_optimizer_before_its_first_step(tmp_path):
    model = small()
    model.compile("nadam", "mse")
    model.save(tmp_path / "model.keras")
    read = numba_lstm.load_model(tmp_path / "model.keras")
    assert read.optimizer.iterations == 0
    assert not model.optimizer.built


def test_weights_that_were_frozen_after_training_keep_their_slots(tmp_path):
    model = trained("plain")
    model.layers[0].trainable = False
    model.save(tmp_path / "model.keras")
    read = numba_lstm.load_model(tmp_path / "model.keras")
    assert not read.layers[0].trainable
    assert read.optimizer.state().keys() == model.optimizer.state().keys()


def test_without_compiling(tmp_path):
    trained("plain").save(tmp_path / "model.keras")
    assert numba_lstm.load_model(tmp_path / "model.keras", compile=False).optimizer is None


BEYOND = {
    "output_activation": "relu",
    "peephole": True,
    "cell_clip": 3.0,
    "coupled": True,
    "projection": 2,
    "layer_norm": True,
    "zoneout": 0.1,
    "cell_zoneout": 0.1,
}


@pytest.mark.parametrize("option", BEYOND)
@pytest.mark.parametrize("where", ["LSTM", "Bidirectional", "RNN"])
def test_options_that_keras_has_not_are_named(tmp_path, option, where):
    options = {option: BEYOND[option]}
    layer = {
        "LSTM": lambda: LSTM(4, name="mine", **options),
        "Bidirectional": lambda: Bidirectional(LSTM(4, name="mine", **options)),
        "RNN": lambda: RNN(LSTMCell(4, name="mine", **options)),
    }[where]()
    with pytest.raises(ValueError, match=f"mine has {option}="):
        small(layer).save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


class Mine(Dense):
    pass


CUSTOM = {
    "layer": (lambda: Mine(2), "Mine is a class of your own"),
    "activation": (lambda: Activation(lambda x: x * 2), "an activation of your own"),
    "stateful": (lambda: LSTM(2, name="first", stateful=True), "first is stateful"),
}


@pytest.mark.parametrize("recipe", CUSTOM)
def test_what_a_keras_file_cannot_hold(tmp_path, recipe):
    make, message = CUSTOM[recipe]
    with pytest.raises(ValueError, match=message):
        small(make()).save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_of_ones_own_is_read_as_a_custom_object(tmp_path, monkeypatch):
    monkeypatch.setattr(numba_lstm.layers, "Mine", Mine, raising=False)  # as if Keras had it too
    model = small(LSTM(3), Mine(2))
    model.save(tmp_path / "model.keras")
    monkeypatch.undo()
    with pytest.raises(FileFormatError, match="unknown layer 'Mine'"):
        numba_lstm.load_model(tmp_path / "model.keras")
    read = numba_lstm.load_model(tmp_path / "model.keras", {"Mine": Mine})
    np.testing.assert_array_equal(read.get_weights()[3], model.get_weights()[3])


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_files_are_kept_if_asked(tmp_path, ending):
    path = tmp_path / f"model{ending}"
    path.write_bytes(b"old")
    model = small()
    with pytest.raises(FileExistsError):
        (model.save if ending == ".keras" else model.save_weights)(path, overwrite=False)
    assert path.read_bytes() == b"old"


def test_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"numba_lstm\[keras\]"):
        small().save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_rate_that_was_set_after_compiling(tmp_path):
    model = trained("plain")
    model.optimizer.learning_rate = 0.3
    model.save(tmp_path / "model.keras")
    assert numba_lstm.load_model(tmp_path / "model.keras").optimizer.learning_rate == 0.3


def test_importing_the_package_does_not_import_its_readers():
    code = "import sys, numba_lstm; print([m for m in sys.modules if 'interop' in m or m in ('h5py', 'zipfile')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_dropout_keeps_its_seed(tmp_path):
    model = small(LSTM(3, dropout=0.2, recurrent_dropout=0.3, seed=5), Dropout(0.4, seed=9))
    model.save(tmp_path / "model.keras")
    read = numba_lstm.load_model(tmp_path / "model.keras")
    assert [layer.seed for layer in read.layers] == [5, 9]


def test_a_loss_that_keras_has_not_is_a_sentence(tmp_path):
    model = Sequential([Input((5, 2)), LSTM(3, return_sequences=True), Dense(4)], device="reference")
    model.compile("adam", losses.CTC())
    model.save(tmp_path / "ctc.keras")
    assert load_model(tmp_path / "ctc.keras").loss.spec == model.loss.spec
    for loss, sentence in (
        (losses.CTC(blank=-1), "ctc has blank=-1, which Keras's CTC has not"),
        ("quantile", "Keras has no Qu"),
    ):
        model.compile("adam", loss)
        with pytest.raises(ValueError, match=sentence):
            model.save(tmp_path / "not.keras")
