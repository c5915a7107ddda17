"""save_weights and load_weights: the weights files of Keras."""

import numpy as np
import pytest
from golden.keras_files import CASES
from keras_models import small, trained

import numba_lstm
from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense
from numba_lstm.saving import FileFormatError

pytest.importorskip("h5py", reason="writing Keras's files needs h5py")
pytestmark = pytest.mark.filterwarnings("ignore:reshape.* takes no mask")


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


@pytest.mark.parametrize("name", ["weights.h5", "model.h5", "w.nlstm"])
def test_weights_have_one_extension(tmp_path, name):
    with pytest.raises(ValueError, match=r"weights are saved as \.weights\.h5"):
        small().save_weights(tmp_path / name)


def test_a_model_without_weights(tmp_path):
    model = Sequential([Dense(2)])
    for act in (model.save_weights, model.load_weights):
        with pytest.raises(ValueError, match="has no weights yet"):
            act(tmp_path / "model.weights.h5")


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
