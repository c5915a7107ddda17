"""model.save to legacy ``.h5`` files: the layout is that of Keras, and load_model reads them."""

import io
import json
import zipfile

import numpy as np
import pytest
from golden import keras_files, keras_legacy

import numba_lstm
from numba_lstm import Sequential
from numba_lstm.interop import hdf5
from numba_lstm.interop.keras.legacy import weight_names
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, Input, LSTMCell, TimeDistributed

h5py = pytest.importorskip("h5py", reason="writing Keras's files needs h5py")
pytestmark = [pytest.mark.filterwarnings("ignore:reshape.* takes no mask"), pytest.mark.usefixtures("on_reference")]

KERAS = json.loads(keras_legacy.FILE.read_text())
ENDINGS = (".h5", ".hdf5")
T, D = 5, 3


def small(*layers, **options):
    return Sequential([Input((T, D)), *(layers or [LSTM(4, name="first"), Dense(2)])], name="small", **options)


def trained(name):
    case = keras_files.CASES[name]
    model = case.make(numba_lstm).to("reference")
    for _ in range(2):
        keras_files.train(model, case)
    return model


def assert_part(actual, keras, where):
    """Every key that is written is one of Keras's, with its value; names of dtypes stand for policies, 1 for 1.0."""
    if isinstance(keras, dict) and keras.get("class_name") == "DTypePolicy":
        keras = keras["config"]["name"]
    if isinstance(actual, dict) and isinstance(keras, dict):
        assert actual.keys() <= keras.keys(), where
        for key, value in actual.items():
            assert_part(value, keras[key], f"{where}: {key}")
    elif isinstance(actual, list) and isinstance(keras, list):
        assert len(actual) == len(keras), where
        for index, pair in enumerate(zip(actual, keras, strict=True)):
            assert_part(*pair, f"{where}[{index}]")
    else:
        assert actual == keras or _same_otherwise(actual, keras, where), (where, actual, keras)


def _same_otherwise(actual, keras, where):
    """What both write differently and read alike; the dtype of a Sequential says nothing in Keras."""
    name = where.rpartition(": ")[2]
    if name == "name":
        return actual.replace("_", "").lower() == keras.replace("_", "").lower()
    if name == "learning_rate":
        return np.float32(actual) == np.float32(keras)
    return (name == "axis" and [actual] == keras) or where == "model_config: config: dtype"


@pytest.mark.parametrize("name", keras_legacy.MAKERS)
def test_the_layout_is_that_of_keras(tmp_path, name):
    model = keras_legacy.MAKERS[name](numba_lstm)
    model.save(tmp_path / "model.h5")
    actual, keras = keras_legacy.outline(tmp_path / "model.h5"), KERAS[name]
    for key in ("attributes", "attributes of weights", "groups", "weights"):
        assert actual[key] == keras[key], key
    assert_part(actual["model_config"], keras["model_config"], "model_config")
    actual, keras = actual["training_config"], keras["training_config"]
    assert actual.keys() <= keras.keys()
    assert_part(actual["optimizer_config"], keras["optimizer_config"], "optimizer_config")
    if isinstance(keras["loss"], dict):
        assert actual["loss"]["class_name"] == keras["loss"]["class_name"]
        shared = actual["loss"]["config"].keys() & keras["loss"]["config"].keys()  # Keras leaves out the delta of Huber
        assert_part({key: actual["loss"]["config"][key] for key in shared}, keras["loss"]["config"], "loss")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", keras_files.CASES)
def test_a_model_comes_back_whole(tmp_path, name, ending):
    model = trained(name)
    model.save(tmp_path / f"model{ending}")
    read = numba_lstm.load_model(tmp_path / f"model{ending}")
    assert read.get_config() == model.get_config()
    assert read.get_compile_config() == model.get_compile_config()
    for a, b in zip(model.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    state, expected = read.optimizer.state(), model.optimizer.state()
    assert state.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(state[key], value)
    case = keras_files.CASES[name]
    if not case.draws:
        assert keras_files.train(read.to("reference"), case) == keras_files.train(model, case)


@pytest.mark.parametrize("name", ["adam", "nadam", "rmsprop", "adagrad", "adamw", "sgd"])
def test_every_optimizer_goes_on(tmp_path, name):
    x, y = np.ones((4, T, D)), np.ones((4, 2))
    model = small()
    model.compile(name, "mse")
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.h5")
    read = numba_lstm.load_model(tmp_path / "model.h5")
    assert read.optimizer.iterations == 1
    assert read.train_on_batch(x, y) == model.train_on_batch(x, y)


@pytest.mark.parametrize("name", ["averages", "sums"])
def test_what_options_keep_has_the_names_of_keras(name):
    model = numba_lstm.load_model(keras_files.CASES[name].path)
    names = weight_names.slot_names(model, model.optimizer, model.trainable_weights)
    with h5py.File(keras_files.CASES[name].path) as file:
        assert [path.partition("/")[2] for path in file["optimizer_weights"].attrs["weight_names"]] == names


def test_names_of_averages_in_another_order_are_refused(tmp_path):
    path = tmp_path / "swapped.h5"
    path.write_bytes(keras_files.CASES["sums"].path.read_bytes())
    with h5py.File(path, "r+") as file:
        names = list(file["optimizer_weights"].attrs["weight_names"])
        names[2], names[3] = names[3], names[2]
        file["optimizer_weights"].attrs["weight_names"] = names
    with pytest.raises(numba_lstm.saving.FileFormatError, match="its optimizer's weight_names are in another order"):
        numba_lstm.load_model(path)


@pytest.mark.parametrize("name", ["plain", "averages"])
def test_weights_that_were_frozen_after_training_keep_their_slots(tmp_path, name):
    model = trained(name)
    model.layers[0].trainable = False
    model.save(tmp_path / "model.h5")
    read = numba_lstm.load_model(tmp_path / "model.h5")
    assert not read.layers[0].trainable
    assert read.optimizer.state().keys() == model.optimizer.state().keys()


def test_weights_alone_are_read_from_it(tmp_path):
    model, other = trained("plain"), keras_files.CASES["plain"].make(numba_lstm)
    model.save(tmp_path / "model.h5")
    other.load_weights(tmp_path / "model.h5")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_that_is_neither_built_nor_compiled(tmp_path):
    model = Sequential([LSTM(3), Dense(2)], name="small")
    model.save(tmp_path / "model.h5")
    read = numba_lstm.load_model(tmp_path / "model.h5")
    assert not read.built
    assert read.optimizer is None


def test_equal_models_make_equal_files(tmp_path):
    model = trained("plain")
    for name in "ab":
        model.save(tmp_path / f"{name}.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_names_that_do_not_fit_one_attribute(tmp_path):
    model = Sequential([Input((2,)), *(Dense(2, name=f"{k:03}{'x' * 252}") for k in range(255))], name="long")
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5") as file:
        names = [name for key in ("layer_names0", "layer_names1") for name in file["model_weights"].attrs[key]]
        assert [name if isinstance(name, str) else name.decode() for name in names] == [layer.name for layer in model.layers]
    read = numba_lstm.load_model(tmp_path / "model.h5")
    for a, b in zip(model.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_keras_has_not_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="mine has peephole=True, which Keras's LSTM has not. Save the model as .nlstm"):
        small(LSTM(4, name="mine", peephole=True)).save(tmp_path / "model.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_file_can_hold(tmp_path):
    with pytest.raises(ValueError, match=r"a layer is called '\.\.', which an \.h5 file cannot hold\. Give it another name"):
        small(Dense(2, name="..")).save(tmp_path / "model.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_layer_freezes_what_is_inside_of_it_in_the_file_alone(tmp_path):
    frozen = Bidirectional(LSTM(2, return_sequences=True), trainable=False)
    stack = RNN([LSTMCell(2), LSTMCell(3)], return_sequences=True, trainable=False)
    model = small(frozen, stack, TimeDistributed(Dense(2), trainable=False), Dense(1))
    before = model.get_config()
    model.save(tmp_path / "model.h5")
    assert model.get_config() == before
    root = hdf5.read((tmp_path / "model.h5").read_bytes()).attributes[""]
    text = json.dumps(json.loads(root["model_config"])["config"]["layers"][1:-1])
    assert text.count('"trainable": false') == 9
    assert '"trainable": true' not in text
    read = numba_lstm.load_model(tmp_path / "model.h5")
    assert read.get_config() == before
    assert len(read.trainable_weights) == 2
    read.layers[0].trainable = True
    assert len(read.trainable_weights) == 8


def test_a_frozen_model_says_so_of_each_layer_since_keras_reads_nothing_else(tmp_path):
    model = small(trainable=False)
    for ending in (".h5", ".keras"):
        model.save(tmp_path / f"model{ending}")
        read = numba_lstm.load_model(tmp_path / f"model{ending}")
        assert read.get_config() == model.get_config()
        read.trainable = True
        assert len(read.trainable_weights) == 5
    root = hdf5.read((tmp_path / "model.h5").read_bytes()).attributes[""]
    assert [layer["config"]["trainable"] for layer in json.loads(root["model_config"])["config"]["layers"][1:]] == [
        False,
        False,
    ]


@pytest.mark.parametrize("optimizer", ["adam", "nadam"])
@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_a_rate_of_a_model_of_float64_keeps_its_digits(tmp_path, ending, optimizer):
    model = small(dtype="float64")
    model.compile(optimizer, "mse")
    model.optimizer.learning_rate = 0.1 / 3
    (model.save_weights if "weights" in ending else model.save)(tmp_path / f"model{ending}")
    arrays = _arrays(tmp_path / f"model{ending}")
    rate = next(a for name, a in arrays.items() if name.endswith(("optimizer/vars/1", "/learning_rate")))
    assert rate.dtype == np.float64
    assert rate == 0.1 / 3
    other = small(dtype="float64")
    other.compile(optimizer, "mse")
    if "weights" in ending:
        other.load_weights(tmp_path / f"model{ending}")
    else:
        other = numba_lstm.load_model(tmp_path / f"model{ending}")
    assert other.optimizer.learning_rate == 0.1 / 3


def _arrays(path):
    data = path.read_bytes()
    if path.suffix == ".keras":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read("model.weights.h5")
    return hdf5.read(data).arrays
