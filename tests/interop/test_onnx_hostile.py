"""Forged and damaged ONNX files: each is refused with a sentence, before anything of it is run."""

import copy
import os
import re

import numpy as np
import pytest
from golden import onnx_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from watched import refused, survived

from numba_lstm.interop import onnx
from numba_lstm.interop.onnx import messages, protobuf, reading, tensors

pytestmark = pytest.mark.usefixtures("on_reference")

D, H = 3, 2


def value(name="x", dims=("N", "T", D), elem_type=1):
    shape = [{"dim_param": size} if isinstance(size, str) else {"dim_value": size} for size in dims]
    return {"name": name, "type": {"tensor_type": {"elem_type": elem_type, "shape": {"dim": shape}}}}


GOOD = {
    "ir_version": 8,
    "opset_import": [{"domain": "", "version": 17}],
    "graph": {
        "name": "g",
        "node": [
            {
                "name": "turn",
                "op_type": "Transpose",
                "input": ["x"],
                "output": ["t"],
                "attribute": [{"name": "perm", "ints": [1, 0, 2], "type": 7}],
            },
            {
                "name": "rnn",
                "op_type": "LSTM",
                "input": ["t", "W", "R"],
                "output": ["y", "h"],
                "attribute": [{"name": "hidden_size", "i": H, "type": 2}],
            },
        ],
        "initializer": [
            tensors.tensor_of("W", np.ones((1, 4 * H, D), "f4")),
            tensors.tensor_of("R", np.ones((1, 4 * H, H), "f4")),
        ],
        "input": [value()],
        "output": [value("h", (1, "N", H))],
    },
}


def forged(change):
    model = copy.deepcopy(GOOD)
    change(model, model["graph"], *model["graph"]["node"])
    return protobuf.write(model, messages.MODEL)


def node(**fields):
    """The second node with other fields; None takes one away."""

    def change(model, graph, first, second):
        second.update({key: value for key, value in fields.items() if value is not None})
        for key in [key for key, value in fields.items() if value is None]:
            del second[key]

    return forged(change)


def more(**fields):
    """One node more."""
    return forged(
        lambda model, graph, first, second: graph["node"].append({"name": "more", "input": ["y"], "output": ["z"], **fields})
    )


def attributed(**fields):
    return node(attribute=[fields])


def tensor(**fields):
    """W with other fields; None takes one away."""

    def change(model, graph, first, second):
        graph["initializer"][0].update(fields)
        for key in [key for key, value in fields.items() if value is None]:
            del graph["initializer"][0][key]

    return forged(change)


def in_graph(**fields):
    return forged(lambda model, graph, first, second: graph.update(fields))


def in_model(**fields):
    return forged(lambda model, graph, first, second: model.update(fields))


def external(*entries):
    fields = [{"key": key, "value": text} for key, text in entries]
    return tensor(raw_data=None, data_location=1, external_data=fields)


def weights(W=(1, 4 * H, D), R=(1, 4 * H, H), dtype="f4", **others):
    def change(model, graph, first, second):
        made = {"W": W, "R": R, **others}
        graph["initializer"] = [tensors.tensor_of(name, np.ones(shape, dtype)) for name, shape in made.items()]
        second["input"] = ["t", "W", "R", "B" if "B" in made else "", "", "", "", "P" if "P" in made else ""]

    return forged(change)


def nested(levels):
    """A subgraph in a subgraph in a ... as the bytes of an If's attribute."""
    inner = b""
    for _ in range(levels):
        held = protobuf.write({"name": "then_branch", "g": inner, "type": 5}, messages.ATTRIBUTE)
        inner = (
            protobuf.write({"node": [{"op_type": "If", "attribute": []}]}, messages.GRAPH)
            + b"\x0a"
            + protobuf._varint(len(held))
            + held
        )
    return more(op_type="If", attribute=[{"name": "then_branch", "g": inner, "type": 5}])


GOOD_BYTES = protobuf.write(GOOD, messages.MODEL)

HOSTILE = {
    # bytes
    "empty": (b"", "holds no graph"),
    "a text": (b"import os; os.system('true')\n" * 9, "field"),
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
    "a million empty nodes": (b"\x3a" + protobuf._varint(2_000_000) + b"\x0a\x00" * 1_000_000, "more numbers and messages"),
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
        forged(lambda m, g, a, b: (a.update(input=["y"]), b.update(input=["t", "W", "R"]))),
        "takes 'y', which nothing before",
    ),
    "a node of itself": (more(op_type="Identity", input=["z"]), "takes 'z', which nothing before"),
    "nodes in the wrong order": (forged(lambda m, g, a, b: g["node"].reverse()), "takes 't', which nothing before"),
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
    assert message in refused(onnx.load, path)


def test_the_good_file_behind_the_forgeries_is_run(tmp_path):
    path = tmp_path / "good.onnx"
    path.write_bytes(GOOD_BYTES)
    assert onnx.load(path)(np.ones((2, 4, D), "f4")).shape == (1, 2, H)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    assert "not a regular file" in refused(onnx.load, tmp_path / "pipe.onnx")


# -- data in other files ----------------------------------------------------------------------------------------------

DATA = np.ones((1, 4 * H, D), "f4").tobytes()


def load_all(path):
    return onnx.load(path, external_data=True)


@pytest.fixture
def folder(tmp_path):
    """A model's folder with weights in it and weights outside of it."""
    inside = tmp_path / "model"
    (inside / "sub").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(DATA)
    (inside / "weights.bin").write_bytes(b"head" + DATA)
    (inside / "sub" / "weights.bin").write_bytes(DATA)
    (inside / "link.bin").symlink_to(tmp_path / "secret.bin")
    (inside / "up").symlink_to(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(inside / "pipe")
    return inside


OUTSIDE = {
    "the folder above": ([("location", "../secret.bin")], "no plain name"),
    "a way down and up": ([("location", "sub/../../secret.bin")], "no plain name"),
    "an absolute path": ([("location", "/etc/passwd")], "no plain name"),
    "a backslash": ([("location", "..\\secret.bin")], "no plain name"),
    "a drive": ([("location", "C:secret.bin")], "no plain name"),
    "a NUL": ([("location", "weights.bin\0")], "no plain name"),
    "a link": ([("location", "link.bin")], "without following links"),
    "a link to a folder": ([("location", "up/secret.bin")], "without following links"),
    "a folder": ([("location", "sub")], "not a regular file"),
    "a pipe": ([("location", "pipe")], "not a regular file"),
    "nothing there": ([("location", "missing.bin")], "cannot be opened"),
    "no location": ([("offset", "0")], "by location, offset and length"),
    "an unknown key": ([("location", "weights.bin"), ("command", "true")], "by location, offset and length"),
    "a key twice": ([("location", "weights.bin"), ("location", "sub/weights.bin")], "each once"),
    "offset -1": ([("location", "weights.bin"), ("offset", "-1")], "'-1', no whole number"),
    "offset past the end": ([("location", "weights.bin"), ("offset", "8")], "reaches past the 100 bytes"),
    "offset 2^62": ([("location", "weights.bin"), ("offset", str(2**62))], "no whole number"),
    "an Arabic offset": ([("location", "weights.bin"), ("offset", "\u0660")], "no whole number"),
    "length -1": ([("location", "weights.bin"), ("length", "-1")], "'-1', no whole number"),
    "length 2^50": ([("location", "weights.bin"), ("length", str(2**50))], "but its dims need 96"),
}


@pytest.mark.parametrize("recipe", OUTSIDE)
def test_data_outside_are_refused(folder, recipe):
    entries, message = OUTSIDE[recipe]
    path = folder / "m.onnx"
    path.write_bytes(external(*entries))
    with pytest.raises(reading.FileFormatError, match=re.escape(message)):
        load_all(path)


@pytest.mark.parametrize(
    "entries", [[("location", "weights.bin"), ("offset", "4")], [("location", "sub/weights.bin"), ("length", "96")]]
)
def test_data_beside_the_model_are_read_if_asked_for(folder, entries):
    path = folder / "m.onnx"
    path.write_bytes(external(*entries))
    expected = reading.loads(GOOD_BYTES)(np.ones((2, 4, D), "f4"))
    np.testing.assert_array_equal(load_all(path)(np.ones((2, 4, D), "f4")), expected)


def test_tensors_that_share_the_bytes_of_a_file_are_refused(folder):
    def change(model, graph, first, second):
        shared = {
            "dims": [1, 4 * H, D],
            "data_type": 1,
            "data_location": 1,
            "external_data": [{"key": "location", "value": "sub/weights.bin"}],
        }
        graph["initializer"] += [{"name": f"w{index}", **shared} for index in range(2)]

    (folder / "m.onnx").write_bytes(forged(change))
    with pytest.raises(reading.FileFormatError, match="share the bytes"):
        load_all(folder / "m.onnx")


# -- what only shows when it is run -----------------------------------------------------------------------------------


def whole(name, values):
    return tensors.tensor_of(name, np.array(values, np.int64))


def ran(kind, constants, **fields):
    """A graph of one node on x (2, 3), run."""
    names = ["x", *constants]
    model = {
        "opset_import": [{"version": fields.pop("opset", 17)}],
        "graph": {
            "node": [{"name": "n", "op_type": kind, "input": names, "output": ["y"], "attribute": fields.pop("attribute", [])}],
            "initializer": [whole(name, values) for name, values in constants.items()],
            "input": [value("x", (2, 3))],
            "output": [value("y", ())],
        },
    }
    return reading.loads(protobuf.write(model, messages.MODEL))(np.arange(6, dtype="f4").reshape(2, 3))


LATE = {
    "a huge Expand": ("Expand", {"s": [2**40, 2, 3]}, "more than 1,073,741,824"),
    "a negative Expand": ("Expand", {"s": [-1, 3]}, "sizes from 0 up"),
    "an Expand that does not fit": ("Expand", {"s": [5, 3]}, "broadcast"),
    "a Reshape that does not fit": ("Reshape", {"s": [4, 4]}, "cannot reshape"),
    "a Reshape of two -1": ("Reshape", {"s": [-1, -1]}, "one -1"),
    "a Reshape to 40 axes": ("Reshape", {"s": [1] * 40}, "too many"),
    "a Reshape with a 0 too far": ("Reshape", {"s": [2, 3, 0]}, "has no axis"),
    "a Gather past the end": ("Gather", {"i": [2]}, "from -2 to 1"),
    "a Squeeze of a long axis": ("Squeeze", {"a": [0]}, "not all of size 1"),
    "a Squeeze of no axis": ("Squeeze", {"a": [7]}, "the axis must be"),
    "an Unsqueeze twice": ("Unsqueeze", {"a": [0, 0]}, "not different"),
    "an Unsqueeze of 40 axes": ("Unsqueeze", {"a": list(range(40))}, "too many"),
    "a Slice with step 0": ("Slice", {"s": [0], "e": [1], "a": [0], "p": [0]}, "no step 0"),
    "a Slice of one axis twice": ("Slice", {"s": [0, 0], "e": [1, 1], "a": [0, -2]}, "no axis twice"),
    "a Slice without ends": ("Slice", {"s": [0]}, "ends are missing"),
    "an Add of two dtypes": ("Add", {"b": [1]}, "one dtype"),
    "a MatMul of two dtypes": ("MatMul", {"b": [[1], [1], [1]]}, "cannot multiply"),
    "a Gemm of a vector": ("Gemm", {"b": [1, 2, 3]}, "must be matrices"),
    "a Concat of two dtypes": ("Concat", {"b": [1]}, "one dtype"),
}


@pytest.mark.parametrize("recipe", LATE)
def test_a_node_that_cannot_be_run_says_so(recipe):
    kind, constants, message = LATE[recipe]
    with pytest.raises(ValueError, match=message) as caught:
        ran(kind, constants)
    assert str(caught.value).startswith(f"node 'n' ({kind}): ")


def test_gathering_a_huge_array_is_refused():
    model = copy.deepcopy(GOOD)
    model["graph"].update(
        node=[{"op_type": "Gather", "input": ["x", "i"], "output": ["y"]}],
        initializer=[tensors.tensor_of("i", np.zeros(70_000, np.int64))],
        input=[value("x", (1, "N"))],
        output=[value("y", ())],
    )
    with pytest.raises(ValueError, match="more than"):
        reading.loads(protobuf.write(model, messages.MODEL))(np.zeros((1, 70_000), "f4"))


# -- cuts and fuzz ----------------------------------------------------------------------------------------------------

SEEDS = [onnx_graphs.path(case).read_bytes() for case in ("torch_states", "with_peepholes", "batchwise", "torch_last_step")]
FILES = st.integers(0, len(SEEDS) - 1)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8)


@pytest.mark.parametrize("case", ["torch_last_step", "with_peepholes"])
def test_every_cut_is_refused(tmp_path, case):
    data = onnx_graphs.path(case).read_bytes()
    path = tmp_path / "cut.onnx"
    for size in range(0, len(data), 13):
        path.write_bytes(data[:size])
        assert not survived(onnx.load, path)


@settings(max_examples=2000)
@given(FILES, CHANGES)
def test_altered_files_are_read_or_refused(tmp_path_factory, file, changes):
    changed = bytearray(SEEDS[file])
    for place, byte in changes:
        changed[place % len(changed)] = byte
    path = tmp_path_factory.getbasetemp() / "altered.onnx"
    path.write_bytes(changed)
    survived(onnx.load, path)


@pytest.mark.slow
@settings(max_examples=1_000_000)
@given(FILES, CHANGES)
def test_a_million_altered_files(tmp_path_factory, file, changes):
    test_altered_files_are_read_or_refused.hypothesis.inner_test(tmp_path_factory, file, changes)
