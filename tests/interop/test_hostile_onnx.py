"""onnx.load refuses forged and damaged files before anything runs."""

import os

import numpy as np
import pytest
from golden import onnx_graphs
from onnx_forging import (
    GOOD_BYTES,
    D,
    H,
    attributed,
    changed_model,
    external,
    in_graph,
    in_model,
    more,
    nested,
    node,
    tensor,
    value,
    weights,
)
from watched import is_accepted, refusal_message

from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.protobuf import wire

pytestmark = pytest.mark.usefixtures("on_reference")

HOSTILE = {
    # bytes
    "empty": (b"", "holds no graph"),
    "a text": (b"import os; os.system('true')\n" * 9, "begins as a text does"),
    "a zip": (b"PK\3\4" + b"\0" * 99, "field"),
    "a varint of 11 bytes": (b"\x08" + b"\xff" * 10 + b"\x01" + GOOD_BYTES, "more than 64 bits"),
    "a varint of 70 bits": (b"\x08" + b"\xff" * 9 + b"\x7f" + GOOD_BYTES, "more than 64 bits"),
    "a varint that is cut off": (GOOD_BYTES + b"\x08\xff", "cut off"),
    "a tag that is cut off": (GOOD_BYTES + b"\xff", "cut off"),
    "a field past the end": (GOOD_BYTES + b"\x12\x7fabc", "does not lie within"),
    "a field of 2^63 bytes": (GOOD_BYTES + b"\x12" + b"\xff" * 8 + b"\x7f", "does not lie within"),
    "field 0": (GOOD_BYTES + b"\x02\x00", "field 0"),
    "a group": (GOOD_BYTES + b"\x0b\x0c", "wire type 3"),
    "wire type 7": (GOOD_BYTES + b"\x0f", "wire type 7"),
    "a graph that is a number": (b"\x38\x01", "graph is no message"),
    "a version that is a text": (b"\x0a\x01a", "ir_version is no int"),
    "two graphs": (GOOD_BYTES * 2, "comes twice"),
    "a name that is not UTF-8": (b"\x3a\x04\x12\x02\xff\xfe", "no UTF-8"),
    "a million empty nodes": (b"\x3a" + wire._varint(2_000_000) + b"\x0a\x00" * 1_000_000, "more numbers and messages"),
    "110,000 numbers": (tensor(dims=[1] * 110_000), "more numbers and messages"),
    # the model
    "no operator set": (in_model(opset_import=[]), "say once which version"),
    "two operator sets": (in_model(opset_import=[{"version": 17}, {"domain": "ai.onnx", "version": 18}]), "say once"),
    "operator set 6": (in_model(opset_import=[{"version": 6}]), "version 6 of ONNX's operators"),
    "operator set 2^40": (in_model(opset_import=[{"version": 2**40}]), "version 1099511627776"),
    "no output": (in_graph(output=[]), "no output"),
    "an output of nothing": (in_graph(output=[value("q")]), "nothing in its graph makes its output 'q'"),
    "an input without a type": (in_graph(input=[{"name": "x"}]), "is no tensor"),
    "an input of strings": (in_graph(input=[value(elem_type=8)]), "data type 8"),
    "an input of negative size": (in_graph(input=[value(dims=(-1, 2, 3))]), "negative size"),
    "two inputs of one name": (in_graph(input=[value(), value()]), "two inputs of one name"),
    "sparse tensors": (in_graph(sparse_initializer=[b""]), "sparse"),
    # nodes
    "an unknown operator": (more(op_type="Loop"), "node 'more' (Loop) has an operator that is not run"),
    "a misspelt operator": (more(op_type="Gem"), "did you mean 'Gemm'"),
    "no operator": (more(op_type=""), "an operator that is not run"),
    "an unknown domain": (more(op_type="Identity", domain="com.microsoft"), "domain 'com.microsoft'"),
    "a Python operator": (more(op_type="PyOp", domain="ai.onnx.contrib"), "domain 'ai.onnx.contrib'"),
    "200 nested subgraphs": (nested(200), "(If) has an operator that is not run"),
    "a cycle": (
        changed_model(lambda m, g, a, b: (a.update(input=["y"]), b.update(input=["t", "W", "R"]))),
        "takes 'y', which nothing before",
    ),
    "a node of itself": (more(op_type="Identity", input=["z"]), "takes 'z', which nothing before"),
    "nodes in the wrong order": (changed_model(lambda m, g, a, b: g["node"].reverse()), "takes 't', which nothing before"),
    "one output twice": (more(op_type="Identity", output=["y"]), "makes y, of which there is one"),
    "an output like an input": (more(op_type="Identity", output=["x"]), "makes x, of which there is one"),
    "an output like a tensor": (more(op_type="Identity", output=["W"]), "makes W, of which there is one"),
    "too many inputs": (more(op_type="Identity", input=["y", "h"]), "has 2 inputs and 1 outputs"),
    "no inputs": (more(op_type="Identity", input=[]), "has 0 inputs"),
    "too many outputs": (more(op_type="Identity", output=["a", "b"]), "1 inputs and 2 outputs"),
    # attributes
    "an unknown attribute": (attributed(name="activate", i=1, type=2), "attribute 'activate'"),
    "an attribute twice": (node(attribute=[{"name": "clip", "f": 1.0, "type": 1}] * 2), "'clip' twice"),
    "an attribute of another type": (attributed(name="hidden_size", f=2.0, type=1), "'hidden_size' has the type 1"),
    "an attribute of type 99": (attributed(name="hidden_size", i=2, type=99), "the type 99"),
    "a subgraph as an attribute": (attributed(name="hidden_size", g=b"", type=5), "the type 5"),
    "an attribute by reference": (attributed(name="hidden_size", ref_attr_name="size", i=2, type=2), "not its own"),
    "a direction that is not UTF-8": (attributed(name="direction", s=b"\xff", type=3), "no UTF-8"),
    "an unknown direction": (attributed(name="direction", s=b"backward", type=3), "unknown direction 'backward'"),
    "a direction of a megabyte": (attributed(name="direction", s=b"x" * 1_000_000, type=3), "where one word is expected"),
    "an operator with a name of a megabyte": (more(op_type="x" * 1_000_000), "an operator that is not run"),
    "an unknown activation": (attributed(name="activations", strings=[b"eval"] * 3, type=8), "unknown activation 'eval'"),
    "a negative clip": (attributed(name="clip", f=-1.0, type=1), "clip must be above 0"),
    "a clip that is NaN": (attributed(name="clip", f=float("nan"), type=1), "clip must be above 0"),
    "two values of a Constant": (
        more(
            op_type="Constant",
            input=[],
            attribute=[{"name": "value_int", "i": 1, "type": 2}, {"name": "value_float", "f": 1.0, "type": 1}],
        ),
        "has one value, got 2",
    ),
    # tensors
    "a tensor without a name": (tensor(name=""), "has no name"),
    "two tensors of one name": (tensor(name="R"), "'R' comes twice"),
    "dims that do not match": (tensor(dims=[1, 8, 4]), "has 96 bytes, but its dims need 128"),
    "dims that overflow": (tensor(dims=[2**62, 2**62, 16]), "but its dims need"),
    "dims that wrap to 96 bytes": (tensor(dims=[2**62 + 1, 8, 3]), "but its dims need"),
    "negative dims": (tensor(dims=[-1, 8, -3]), "from 0 up"),
    "nine axes": (tensor(dims=[1] * 9), "at most 8"),
    "strings": (tensor(data_type=8), "data type 8"),
    "complex numbers": (tensor(data_type=14), "data type 14"),
    "no data type": (tensor(data_type=0), "data type 0"),
    "data in two places": (tensor(float_data=[1.0]), "float_data"),
    "data in the wrong place": (tensor(raw_data=None, int64_data=[1] * 24), "int64_data"),
    "too few numbers": (tensor(raw_data=None, float_data=[1.0] * 23), "has 92 bytes"),
    "numbers that do not fit": (tensor(raw_data=None, data_type=3, int32_data=[300] * 24), "are no I8"),
    "segments": (tensor(segment=b""), "in segments"),
    "float16 weights": (weights(dtype="f2"), "float16"),
    "whole weights": (weights(dtype="i4"), "int32"),
    # shapes of an LSTM
    "W of two axes": (weights(W=(8, 3)), "must have three axes"),
    "W of the wrong size": (weights(W=(1, 7, 3)), "W must have shape (1, 8, 3)"),
    "R of the wrong size": (weights(R=(1, 8, 3)), "must have shape (1, 8, 2)"),
    "two directions of weights": (weights(W=(2, 8, 3), R=(2, 8, 2)), "W must have shape (1, 8, 3)"),
    "B of the wrong size": (weights(B=(1, 8)), "B must have shape (1, 16)"),
    "P of the wrong size": (weights(P=(1, 8)), "P must have shape (1, 6)"),
    "no units": (weights(W=(1, 0, 3), R=(1, 0, 0)), "W must have shape (1, 8, 3)"),
    "a W that is left out": (node(input=["t", "", "R"]), "W or R is missing"),
    "hidden_size 2^40": (attributed(name="hidden_size", i=2**40, type=2), "W must have shape (1, 4398046511104, 3)"),
    # data elsewhere
    "external data": (external(("location", "weights.bin")), "external_data=True"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_it_is_refused(tmp_path, recipe):
    data, message = HOSTILE[recipe]
    path = tmp_path / "hostile.onnx"
    path.write_bytes(data)
    assert message in refusal_message(onnx.load, path)


def test_the_good_file_behind_the_forgeries_is_run(tmp_path):
    path = tmp_path / "good.onnx"
    path.write_bytes(GOOD_BYTES)
    assert onnx.load(path)(np.ones((2, 4, D), "f4")).shape == (1, 2, H)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    assert "not a regular file" in refusal_message(onnx.load, tmp_path / "pipe.onnx")


@pytest.mark.parametrize("case", ["torch_last_step", "with_peepholes"])
def test_every_cut_is_refused(tmp_path, case):
    data = onnx_graphs.path(case).read_bytes()
    path = tmp_path / "cut.onnx"
    for size in range(0, len(data), 13):
        path.write_bytes(data[:size])
        assert not is_accepted(onnx.load, path)
