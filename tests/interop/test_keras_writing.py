"""Writing Keras's files: what is written is read back whole, and what Keras has not is refused before anything is written."""

import subprocess
import sys

import numpy as np
import pytest
from golden import keras_files
from golden.keras_files import CASES

import numba_lstm
from numba_lstm import Sequential
from numba_lstm.layers import LSTM, RNN, Activation, Bidirectional, Dense, Dropout, Input, LSTMCell
from numba_lstm.saving import FileFormatError

pytest.importorskip("h5py", reason="writing Keras's files needs h5py")
pytestmark = pytest.mark.filterwarnings("ignore:reshape.* takes no mask")


def trained(name):
    """A case's model after two steps."""
    case = CASES[name]
    model = case.make(numba_lstm).to("reference")
    for _ in range(2):
        keras_files.train(model, case)
    return model


def small(*layers, **options):
    return Sequential([Input((5, 3)), *(layers or [LSTM(4, name="first"), Dense(2)])], name="small", **options)


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


@pytest.mark.parametrize("name", CASES)
def test_weights_come_back_with_the_optimizer(name, tmp_path):
    model, other = trained(name), CASES[name].make(numba_lstm).to("reference")
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    states = model.optimizer.state(), other.optimizer.state()
    assert states[1]["iterations"] == 2
    for a, b in zip(*(state.values() for state in states), strict=True):
        np.testing.assert_array_equal(a, b)


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
    own = {option: BEYOND[option]}
    layer = {
        "LSTM": lambda: LSTM(4, name="mine", **own),
        "Bidirectional": lambda: Bidirectional(LSTM(4, name="mine", **own)),
        "RNN": lambda: RNN(LSTMCell(4, name="mine", **own)),
    }[where]()
    with pytest.raises(ValueError, match=f"mine has {option}="):
        small(layer).save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


class Mine(Dense):
    pass


OWN = {
    "layer": (lambda: Mine(2), "Mine is a class of your own"),
    "activation": (lambda: Activation(lambda x: x * 2), "an activation of your own"),
    "stateful": (lambda: LSTM(2, name="first", stateful=True), "first is stateful"),
}


@pytest.mark.parametrize("recipe", OWN)
def test_what_a_keras_file_cannot_hold(tmp_path, recipe):
    make, message = OWN[recipe]
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


@pytest.mark.parametrize("name", ["weights.h5", "model.h5", "w.nlstm"])
def test_weights_have_one_extension(tmp_path, name):
    with pytest.raises(ValueError, match=r"weights are saved as \.weights\.h5"):
        small().save_weights(tmp_path / name)


def test_a_model_without_weights(tmp_path):
    model = Sequential([Dense(2)])
    for act in (model.save_weights, model.load_weights):
        with pytest.raises(ValueError, match="has no weights yet"):
            act(tmp_path / "model.weights.h5")


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


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_weights_are_read_from_every_kind_of_file(ending):
    name = {case.ending: name for name, case in CASES.items()}[ending]
    model = CASES[name].make(numba_lstm)
    before = model.get_weights()
    model.load_weights(CASES[name].path)
    assert not any(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True) if a.std() > 0)


def test_weights_of_another_model_change_nothing(tmp_path):
    small(LSTM(4), Dense(3)).save_weights(tmp_path / "w.weights.h5")
    model = small(LSTM(4), Dense(2))
    before = model.get_weights()
    with pytest.raises(FileFormatError, match=r"layers/dense/vars/0.* shape \(4, 3\)"):
        model.load_weights(tmp_path / "w.weights.h5")
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_optimizer_stays_and_is_told(tmp_path):
    trained("plain").save_weights(tmp_path / "w.weights.h5")
    model = CASES["plain"].make(numba_lstm)
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="the optimizer stays as it is"):
        model.load_weights(tmp_path / "w.weights.h5")
    assert model.optimizer.iterations == 0


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


@pytest.mark.parametrize("ending", [".weights.h5", ".keras", ".h5"])
def test_layers_that_do_not_fit_keep_their_weights_if_asked(tmp_path, ending):
    old = small(LSTM(4), Dense(3), Dense(2, name="last"))
    old.compile("adam", "mse")
    new = small(LSTM(4), Dense(3), Dense(5))
    new.compile("adam", "mse")
    (old.save_weights if "weights" in ending else old.save)(tmp_path / f"w{ending}")
    last = new.layers[-1].get_weights()
    with pytest.raises(FileFormatError, match="but the model needs"):
        new.load_weights(tmp_path / f"w{ending}")
    with pytest.warns(UserWarning, match="stays as it is|these layers keep their weights") as warned:
        new.load_weights(tmp_path / f"w{ending}", skip_mismatch=True)
    assert "these layers keep their weights, since those of the file do not fit: " in str(warned[-1].message)
    assert str(warned[-1].message).endswith(("layers/dense_1.", "last."))
    assert {warning.filename for warning in warned} == {__file__}
    for a, b in zip(new.get_weights()[:5], old.get_weights()[:5], strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(new.layers[-1].get_weights(), last, strict=True):
        np.testing.assert_array_equal(a, b)
    if ending != ".h5":
        assert "the optimizer stays as it is" in str(warned[0].message)


def test_layers_that_one_side_alone_has_are_skipped_too(tmp_path):
    old, new = small(LSTM(4), Dense(3)), small(LSTM(4), Dense(3), Dense(2))
    for one, two in ((old, new), (new, old)):
        one.save_weights(tmp_path / "w.weights.h5")
        with pytest.raises(FileFormatError, match="only in the (model|file): layers/dense_1/vars/0, layers/dense_1/vars/1"):
            two.load_weights(tmp_path / "w.weights.h5")
        with pytest.warns(UserWarning, match="do not fit: layers/dense_1"):
            two.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)


def test_weights_that_fit_are_taken_without_a_word(tmp_path):
    old, new = small(), small()
    old.save_weights(tmp_path / "w.weights.h5")
    new.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    for a, b in zip(new.get_weights(), old.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
