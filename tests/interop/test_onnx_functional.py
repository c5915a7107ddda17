"""Export of functional models: several inputs and outputs, states along edges, shared layers, models inside."""

import numpy as np
import pytest
from tolerances import FOREIGN, assert_close

from numba_lstm import Input, Model
from numba_lstm.interop import onnx
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, Embedding, LSTMCell

DRAW = np.random.default_rng(8)
X = [DRAW.normal(size=(3, 5, 3)).astype("f4"), DRAW.normal(size=(3, 4, 2)).astype("f4"), DRAW.integers(0, 6, size=(3, 4))]


def build():
    first, second, words = Input((None, 3), name="first"), Input((4, 2), name="second"), Input((None,), name="words")
    _, *states = Bidirectional(LSTM(3, return_state=True), merge_mode="sum", name="encoder")(first)
    steps = LSTM(3, return_sequences=True, name="decoder")(second, initial_state=states[2:])
    two = Bidirectional(LSTM(3, return_sequences=True), name="two")(steps, initial_state=states)
    cells = RNN([LSTMCell(3), LSTMCell(3)], return_state=True, name="cells")
    h, *_, c = cells(Embedding(6, 3, name="table")(words), initial_state=states)
    shared = Dense(3, "tanh", name="shared")
    x = Input((3,))
    inner = Model(x, [Dense(2, name="left")(x), shared(x)], name="inner")
    left, right = inner(shared(h))
    return Model([first, second, words], {"steps": two, "left": left, "right": right, "last": c, "again": right}, name="graph")


def export(path):
    model = build().to("reference")
    onnx.export(model, path)
    return model.predict(X, verbose=0)


def test_a_graph_computes_what_the_model_does(tmp_path):
    expected = export(tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx")
    assert [value.name for value in graph.inputs] == ["first", "second", "words"]
    assert [value.name for value in graph.outputs] == [*expected]
    for found, y in zip(graph(*X), expected.values(), strict=True):
        assert_close(found, y, FOREIGN)


@pytest.mark.peers
def test_onnx_runtime_computes_the_same(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    expected = export(tmp_path / "m.onnx")
    running = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    results = running.run(None, dict(zip(("first", "second", "words"), X, strict=True)))
    for found, y in zip(results, expected.values(), strict=True):
        assert_close(found, y, FOREIGN)


def test_states_in_the_graph_and_outside_of_it(tmp_path):
    with pytest.raises(ValueError, match="gets its states in the graph, or is called twice"):
        onnx.export(build(), tmp_path / "m.onnx", states=True)
    assert list(tmp_path.iterdir()) == []
