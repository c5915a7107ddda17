"""onnx.export of functional models: merging, recurrent layers, masks, windows, attention and functions of tensors."""

import re

import exported_graphs
import numpy as np
import pytest
from golden import onnx_exports
from tolerances import FOREIGN, assert_close

from numba_lstm import Input, Model, ops
from numba_lstm import layers as L
from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.protobuf import messages, wire
from numba_lstm.interop.onnx.writing.exporter import dumps

pytestmark = pytest.mark.usefixtures("on_reference")

GOLDEN = np.load(onnx_exports.FILE)


def predicted(model, x):
    y = model.predict(x if len(x) > 1 else x[0], verbose=0)
    return y if isinstance(y, list) else [y]


@pytest.mark.parametrize("case", exported_graphs.CASES)
def test_graphs_are_those_that_onnx_runtime_ran(case):
    model, x = exported_graphs.build(case)
    graph = wire.write(wire.read(dumps(model, 17), messages.MODEL)["graph"], messages.GRAPH)
    assert graph == GOLDEN[f"{case}/graph"].tobytes()
    for index, y in enumerate(predicted(model, x)):
        assert_close(y, GOLDEN[f"{case}/output{index}"], FOREIGN)


@pytest.mark.peers
@pytest.mark.parametrize("opset", [15, 21])
@pytest.mark.parametrize("case", exported_graphs.CASES)
def test_onnx_runtime_computes_the_same(case, opset):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    if opset < 17 and case == "attention":
        pytest.skip("LayerNormalization is an operator from opset 17 on")
    model, x = exported_graphs.build(case)
    for found, y in zip(onnx_exports.run(dumps(model, opset), x), predicted(model, x), strict=True):
        assert_close(found, y, FOREIGN)


def test_other_numbers_of_samples_and_of_steps(tmp_path):
    """The nodes of a function of tensors are those of trial sizes, which the graph must not keep."""
    x = Input((None, 4), name="x")
    y = x - ops.mean(x, axis=1, keepdims=True)
    model = Model(x, ops.concatenate([y[:, 1:], x[:, -1:]], axis=1) * ops.max(x, axis=1, keepdims=True)).to("reference")
    onnx.export(model, tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx")
    for shape in ((1, 1, 4), (2, 7, 4), (101, 103, 4)):
        a = np.random.default_rng(0).normal(size=shape).astype("f4")
        assert_close(graph(a), model.predict(a, verbose=0), FOREIGN)


class Shifted(L.Layer):
    """A layer of a user, which computes in its call."""

    def call(self, x):
        return ops.tanh(x) + ops.mean(x, axis=1, keepdims=True)


def test_layers_of_users_are_written(tmp_path):
    model = build(Shifted()).to("reference")
    onnx.export(model, tmp_path / "m.onnx")
    x = np.random.default_rng(2).normal(size=(2, 5, 4)).astype("f4")
    assert_close(onnx.load(tmp_path / "m.onnx")(x), model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["recurrent", "images"])
def test_what_is_written_is_read_as_a_model(tmp_path, case):
    model, x = exported_graphs.build(case)
    onnx.export(model, tmp_path / "m.onnx")
    for found, y in zip(onnx.load_model(tmp_path / "m.onnx")(x[0]), predicted(model, x), strict=True):
        assert_close(found, y, FOREIGN)


def build(function):
    x = Input((None, 4), name="x")
    return Model(x, function(x))


REFUSED = {
    "backwards over masked steps": (
        lambda x: L.GRU(3, return_sequences=True, go_backwards=True)(L.Masking()(x)),
        "goes backwards over masked steps",
    ),
    "a mean of steps that count": (lambda x: L.GlobalAveragePooling1D()(L.Masking()(x)), "leaves out masked steps"),
    "a convolution of each step": (
        lambda x: L.TimeDistributed(L.Conv1D(2, 2))(ops.expand_dims(x, -1)),
        "which cannot be written as ONNX for every step",
    ),
    "in training": (lambda x: L.Dropout(0.5, name="drop")(x, training=True), "drop is called with training=True"),
    "an array by the number of steps": (
        lambda x: L.Lambda(lambda z: z * ops.reshape(ops.arange(z.shape[1]), (1, -1, 1)), name="count")(x),
        "count has an array that depends on the number of steps",
    ),
}


@pytest.mark.parametrize("recipe", REFUSED)
def test_what_onnx_has_not_is_named_and_no_file_written(tmp_path, recipe):
    function, message = REFUSED[recipe]
    with pytest.raises(ValueError, match=re.escape(message)):
        onnx.export(build(function), tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())
