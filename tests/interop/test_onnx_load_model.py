"""onnx.load_model: graphs that are chains of layers become models."""

import exported_models
import numpy as np
import pytest
from golden import onnx_dynamo, onnx_graphs
from onnx_chain_graphs import chain, write
from tolerances import FOREIGN, assert_close

from numba_lstm import Sequential, activations, load_model
from numba_lstm.interop import onnx
from numba_lstm.layers import (
    LSTM,
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Input,
    SpatialDropout1D,
    TimeDistributed,
)
from numba_lstm.saving import FileFormatError

pytestmark = pytest.mark.usefixtures("on_reference")

NUMBERS = np.load(onnx_graphs.FILE)
CASES = exported_models.CASES
N, T, D, H = 3, 5, 7, 4
draw = np.random.default_rng(31)


@pytest.mark.parametrize("case", CASES)
def test_what_was_exported_computes_the_same(tmp_path, case):
    model, path = exported_models.build(case), tmp_path / "m.onnx"
    onnx.export(model, path)
    read = onnx.load_model(path)
    for n, t in ((3, 5), (1, 1), (2, 8)):
        x = exported_models.inputs(n, t)
        assert_close(read.predict(x, verbose=0), model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["last step", "both ways", "backwards, all steps", "activations", "peepholes", "shapes"])
def test_names_kinds_and_weights_come_back(tmp_path, case):
    model, path = exported_models.build(case), tmp_path / "m.onnx"
    onnx.export(model, path)
    read = onnx.load_model(path)
    assert [(type(a), a.name) for a in read.layers] == [(type(b), b.name) for b in model.layers]
    for a, b in zip(read.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_of_float64(tmp_path):
    model, path = exported_models.build("three layers", "float64"), tmp_path / "m.onnx"
    onnx.export(model, path)
    read = onnx.load_model(path)
    assert read.dtype == "float64"
    x = exported_models.inputs(dtype="float64")
    np.testing.assert_array_equal(read.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_model_of_indices(tmp_path):
    model, path = exported_models.words(), tmp_path / "m.onnx"
    onnx.export(model, path)
    read, x = onnx.load_model(path), draw.integers(0, 11, size=(3, 5))
    assert [type(layer) for layer in read.layers] == [Embedding, LSTM, Dense]
    assert_close(read.predict(x, verbose=0), model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["torch_last_step", "torch_both_ways"])
def test_what_pytorch_exported_becomes_a_model(case):
    model = onnx.load_model(onnx_graphs.path(case))
    x, expected = NUMBERS[f"{case}/input0"], NUMBERS[f"{case}/output0"]
    assert_close(model.predict(x, verbose=0), expected, FOREIGN)
    assert model.layers[-1].name == "head"


@pytest.mark.parametrize("case", onnx_dynamo.CASES)
def test_what_pytorchs_newer_exporter_wrote_becomes_a_model(case):
    numbers = np.load(onnx_dynamo.FILE)
    model = onnx.load_model(onnx_dynamo.path(case))
    assert_close(model.predict(numbers[f"{case}/x"], verbose=0), numbers[f"{case}/y"], FOREIGN)
    result = onnx.load(onnx_dynamo.path(case))(numbers[f"{case}/x"])
    assert_close(result, numbers[f"{case}/y"], FOREIGN)


def test_a_graph_that_takes_steps_first():
    path = onnx_graphs.path("torch_time_first")
    with pytest.raises(FileFormatError, match="say time_first"):
        onnx.load_model(path)
    model, x = onnx.load_model(path, time_first=True), NUMBERS["torch_time_first/input0"]
    y = model.predict(x.swapaxes(0, 1), verbose=0)
    assert_close(y.swapaxes(0, 1), NUMBERS["torch_time_first/output0"], FOREIGN)


def test_a_model_that_was_read_trains_and_is_saved(tmp_path):
    onnx.export(exported_models.build("last step"), tmp_path / "m.onnx")
    model = onnx.load_model(tmp_path / "m.onnx")
    model.compile("adam", "mse")
    x = exported_models.inputs()
    before = model.evaluate(x, np.zeros((N, 2)), verbose=0)
    model.fit(x, np.zeros((N, 2)), epochs=5, verbose=0)
    assert model.evaluate(x, np.zeros((N, 2)), verbose=0) < before
    model.save(tmp_path / "m.nlstm")
    np.testing.assert_array_equal(load_model(tmp_path / "m.nlstm").predict(x, verbose=0), model.predict(x, verbose=0))


def test_an_activation_that_keras_has_not_is_computed(tmp_path):
    """ONNX's own HardSigmoid, 0.2 x + 0.5."""
    graph = chain()
    value = graph.add_op("HardSigmoid", ["h"], "last")
    model = onnx.load_model(write(tmp_path, graph, value, ("N", H)))
    x = exported_models.inputs()
    assert isinstance(model.layers[-1].activation, activations.Activation)
    assert_close(model.predict(x, verbose=0), onnx.load(tmp_path / "m.onnx")(x), FOREIGN)


ALONE = {
    "dropout": lambda: [Dropout(0.5)],
    "dropouts": lambda: [Dropout(0.5), Dropout(0.2)],
    "dropout of features": lambda: [SpatialDropout1D(0.5)],
    "noise": lambda: [GaussianNoise(0.5)],
    "linear": lambda: [Activation("linear")],
    "dropout of each step": lambda: [TimeDistributed(Dropout(0.5))],
}


@pytest.mark.parametrize("shape", [(5, 4), (None, 4), (1, 1)])
@pytest.mark.parametrize("case", ALONE)
def test_a_model_of_layers_that_count_in_training_only(tmp_path, case, shape):
    model = Sequential([Input(shape), *ALONE[case]()])
    onnx.export(model, tmp_path / "m.onnx")
    read = onnx.load_model(tmp_path / "m.onnx")
    assert [layer.get_config()["activation"] for layer in read.layers] == ["linear"]
    x = draw.normal(size=(3, 5 if shape[0] is None else shape[0], shape[1])).astype("float32")
    np.testing.assert_array_equal(read.predict(x, verbose=0), x)
    read.save(tmp_path / "m.nlstm")


def test_rows_through_a_dropout_alone(tmp_path):
    onnx.export(Sequential([Input((4,)), Dropout(0.5)]), tmp_path / "m.onnx")
    x = draw.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(onnx.load_model(tmp_path / "m.onnx").predict(x, verbose=0), x)


def test_both_directions_are_one_layer(tmp_path):
    onnx.export(exported_models.build("two activations"), tmp_path / "m.onnx")
    (layer,) = onnx.load_model(tmp_path / "m.onnx").layers
    assert isinstance(layer, Bidirectional)
    assert layer.forward_layer.activation != layer.backward_layer.activation
