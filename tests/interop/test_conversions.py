"""read_model and write_model for every pair of formats: weights keep their bits, warnings name what is lost."""

import itertools

import numpy as np
import pytest
from golden import keras2_files, onnx_graphs, torch_modules
from golden.keras_files import CASES
from tolerances import FOREIGN, assert_close

from numba_lstm import set_random_seed
from numba_lstm.files import formats
from numba_lstm.interop import conversion
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense, Dropout, Input, TimeDistributed
from numba_lstm.models import Sequential
from numba_lstm.saving import FileFormatError

pytest.importorskip("h5py", reason="writing Keras's files needs h5py")
pytestmark = pytest.mark.usefixtures("on_reference")

T, D, H, C = 5, 7, 4, 2
X = np.random.default_rng(8).normal(size=(3, T, D)).astype("f4")

MODELS = {
    "last step": lambda: [LSTM(H, return_sequences=True), Dropout(0.5), LSTM(H), Dense(C)],
    "all steps": lambda: [LSTM(H, use_bias=False, return_sequences=True), Dense(C, use_bias=False)],
    "both ways": lambda: [Bidirectional(LSTM(H, return_sequences=True)), Bidirectional(LSTM(H)), Dense(C)],
    "no head": lambda: [LSTM(H)],
}


def build(name, dtype="float32"):
    set_random_seed(4)
    model = Sequential([Input((None, D)), *MODELS[name]()], dtype=dtype)
    rng = np.random.default_rng(6)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.weights])
    return model


def converted(model, folder, endings):
    """What is left of a model after it went through files of these formats."""
    last = [layer for layer in model.layers if isinstance(layer, (LSTM, Bidirectional))][-1]
    model.save(folder / "into.nlstm")
    for index, ending in enumerate(endings):
        path = folder / f"{index}{ending}"
        conversion.write_model(model, path)
        model = conversion.read_model(path, into=folder / "into.nlstm", return_sequences=last.return_sequences)
    return model


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("pair", list(itertools.product(formats.BY_SUFFIX, repeat=2)), ids="-".join)
def test_a_model_goes_through_every_pair_of_formats(tmp_path, pair, name):
    model = build(name)
    read = converted(model, tmp_path, pair)
    for expected, actual in zip(model.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, actual)
    assert_close(read.predict(X, verbose=0), model.predict(X, verbose=0), FOREIGN)


@pytest.mark.parametrize("ending", formats.BY_SUFFIX)
def test_float64_stays_float64(tmp_path, ending):
    model = build("last step", "float64")
    read = converted(model, tmp_path, [ending])
    assert read.dtype == "float64"
    for expected, actual in zip(model.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, actual)


#: A genuine file of each reader's, what reads it, and its inputs.
GENUINE = {
    ".keras": (CASES["doubles"].path, {}, CASES["doubles"].x),
    ".h5": (CASES["small"].path, {}, CASES["small"].x),
    ".h5 of Keras 2": (keras2_files.CASES["words"].path, {}, keras2_files.CASES["words"].x),
    ".pt": (torch_modules.path("whole"), {"return_sequences": False}, X),
    ".safetensors": (torch_modules.path("both"), {}, X),
    ".onnx": (onnx_graphs.path("torch_last_step"), {}, X),
}


@pytest.mark.parametrize("source", GENUINE)
def test_files_of_others_go_through_the_native_one(tmp_path, source):
    path, options, x = GENUINE[source]
    model = conversion.read_model(path, **options)
    conversion.write_model(model, tmp_path / "m.nlstm")
    again = conversion.read_model(tmp_path / "m.nlstm")
    rows = len(x)
    np.testing.assert_array_equal(again.predict(x, rows, verbose=0), model.predict(x, rows, verbose=0))


@pytest.mark.parametrize("ending", [".keras", ".onnx"])
def test_a_model_of_pytorch_becomes_one_of_the_others(tmp_path, ending):
    numbers = np.load(torch_modules.FILE)
    model = conversion.read_model(torch_modules.path("whole"))
    conversion.write_model(model, tmp_path / f"m{ending}")
    read = conversion.read_model(tmp_path / f"m{ending}")
    assert_close(read.predict(numbers["whole/x"], verbose=0), numbers["whole/head"], FOREIGN)


def test_the_optimizer_goes_along_where_a_file_holds_it(tmp_path):
    model = conversion.read_model(CASES["small"].path)
    assert conversion.write_model(model, tmp_path / "m.keras") == []
    read = conversion.read_model(tmp_path / "m.keras")
    assert read.optimizer.iterations == model.optimizer.iterations == 2
    for expected, actual in zip(model.optimizer.state().values(), read.optimizer.state().values(), strict=True):
        np.testing.assert_array_equal(expected, actual)


@pytest.mark.parametrize(
    ("ending", "sentences"),
    [
        (".onnx", ["optimizer", "dropout"]),
        (".pt", ["optimizer", "dropout", "last step"]),
        (".weights.h5", ["the optimizer's state"]),
        (".nlstm", []),
    ],
)
def test_what_stays_behind_is_said(tmp_path, ending, sentences):
    model = build("last step")
    model.compile("adam", "mse")
    messages = conversion.write_model(model, tmp_path / f"m{ending}")
    assert len(messages) == len(sentences)
    assert all(words in sentence for words, sentence in zip(sentences, messages, strict=True))


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_that_a_model_is_stateful_is_said(tmp_path, ending):
    model = Sequential([Input((T, D), batch_size=3), LSTM(H, return_sequences=True, stateful=True)])
    (sentence,) = conversion.write_model(model, tmp_path / f"m{ending}")
    assert "the model is stateful" in sentence


@pytest.mark.parametrize(
    "layer",
    [
        lambda: LSTM(H, recurrent_dropout=0.2, return_sequences=True),
        lambda: Bidirectional(LSTM(H, kernel_regularizer="l2", return_sequences=True)),
        lambda: LSTM(H, bias_constraint="non_neg", return_sequences=True),
        lambda: LSTM(H, return_sequences=True, trainable=False),
    ],
    ids=["dropout within", "a regularizer within", "a constraint", "frozen"],
)
def test_what_counts_in_training_stays_behind(tmp_path, layer):
    (sentence,) = conversion.write_model(Sequential([Input((T, D)), layer()]), tmp_path / "m.onnx")
    assert "training only" in sentence


def test_weights_without_an_optimizer_are_not_said_to_have_its_state(tmp_path):
    assert conversion.write_model(build("no head"), tmp_path / "m.weights.h5") == [
        "It holds weights, not the layers they belong to."
    ]


@pytest.mark.parametrize(
    ("layers", "ending", "message"),
    [
        ([LSTM(H, peephole=True, name="mine")], ".keras", "mine has peephole=True"),
        ([LSTM(H, peephole=True, name="mine")], ".pt", "mine has peephole=True"),
        ([LSTM(H, projection=2, name="mine")], ".onnx", "mine has projection=2"),
        ([LSTM(H), Dense(C, "relu", name="mine")], ".safetensors", "mine has activation='relu'"),
        ([LSTM(H), Activation("tanh", name="mine")], ".pt", "mine"),
    ],
)
def test_what_a_format_has_not_is_named_and_nothing_written(tmp_path, layers, ending, message):
    model = Sequential([Input((T, D)), *layers])
    with pytest.raises(ValueError, match=message):
        conversion.write_model(model, tmp_path / f"m{ending}")
    assert not list(tmp_path.iterdir())


def test_a_dense_of_every_step_is_a_linear(tmp_path):
    model = Sequential([Input((T, D)), LSTM(H, return_sequences=True), TimeDistributed(Dense(C))])
    conversion.write_model(model, tmp_path / "m.pt")
    np.testing.assert_array_equal(conversion.read_model(tmp_path / "m.pt").predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_format_that_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"does not say a format that is written: \.nlstm"):
        conversion.write_model(build("no head"), tmp_path / "m.pb")


def test_weights_of_keras_need_a_model(tmp_path):
    with pytest.raises(ValueError, match="the model that they belong to: into=MODEL"):
        conversion.read_model(CASES["plain"].path)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x89HDF\r\n\x1a\n", b"12345678{", b"12345678"])
def test_what_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(FileFormatError, match=str(tmp_path / "m")):
        conversion.read_model(tmp_path / "m")
