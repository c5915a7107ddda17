"""Graphs with defects that appear at run time: errors name the node, and no huge array is made."""

import copy

import numpy as np
import pytest
import watched
from onnx_forging import GOOD, value

from numba_lstm.interop.onnx.graph import reader
from numba_lstm.interop.onnx.protobuf import messages, tensors, wire

pytestmark = pytest.mark.usefixtures("on_reference")


def integers(name, values):
    return tensors.tensor_of(name, np.array(values, np.int64))


def ran(kind, constants, **fields):
    """A graph of one node on x (2, 3), run."""
    names = ["x", *constants]
    model = {
        "opset_import": [{"version": fields.pop("opset", 17)}],
        "graph": {
            "node": [{"name": "n", "op_type": kind, "input": names, "output": ["y"], "attribute": fields.pop("attribute", [])}],
            "initializer": [integers(name, values) for name, values in constants.items()],
            "input": [value("x", (2, 3))],
            "output": [value("y", ())],
        },
    }
    return reader.loads(wire.write(model, messages.MODEL))(np.arange(6, dtype="f4").reshape(2, 3))


LATE = {
    "a huge Expand": ("Expand", {"s": [2**40, 2, 3]}, "more than 4,292,800 elements, which are allowed for inputs"),
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
        reader.loads(wire.write(model, messages.MODEL))(np.zeros((1, 70_000), "f4"))


def chained(shape, *steps):
    """A graph of a ConstantOfShape and of nodes behind it, each ``(kind, other inputs, attributes)``."""
    nodes = [{"name": "c", "op_type": "ConstantOfShape", "input": ["shape"], "output": ["v0"]}]
    for index, (kind, inputs, attributes) in enumerate(steps):
        nodes.append(
            {
                "name": f"n{index}",
                "op_type": kind,
                "input": [f"v{index}", *(name.replace("itself", f"v{index}") for name in inputs)],
                "output": [f"v{index + 1}"],
                "attribute": attributes,
            }
        )
    nodes[-1]["output"] = ["y"]
    model = {
        "opset_import": [{"version": 17}],
        "graph": {
            "node": nodes,
            "initializer": [integers("shape", shape), tensors.tensor_of("one", np.ones(1, "f4"))],
            "input": [value("x", (2, 3))],
            "output": [value("y", ())],
        },
    }
    return reader.loads(wire.write(model, messages.MODEL))


TO_FLOAT64 = [{"name": "to", "i": 11, "type": 2}]
ALONG_0 = [{"name": "axis", "i": 0, "type": 2}]
HUGE = {
    "2^30 numbers": chained([1, 1 << 30]),
    "2^30 numbers through Tanh": chained([1, 1 << 30], ("Tanh", [], [])),
    "one gain for 10^8 columns": chained([1, 10**8], ("LayerNormalization", ["one"], [])),
    "numbers of 8 bytes": chained([1 << 10, 1 << 20], ("Cast", [], TO_FLOAT64)),
    "sums of rows and columns": chained([1 << 20, 1], ("Transpose", [], []), ("Mul", ["v0"], [])),
    "many at once": chained([1 << 21], *[("Concat", ["itself"], ALONG_0)] * 9),
}


@pytest.mark.parametrize("recipe", HUGE)
def test_a_graph_that_makes_much_of_little_is_refused_before_it_is_made(recipe):
    with pytest.raises(ValueError, match="elements, which are allowed for inputs and weights|too many for its inputs"):
        measured(lambda: HUGE[recipe](np.ones((2, 3), "f4")))


def measured(run):
    """``run()``, in no more time and memory than a reader may take."""
    for measure in (watched._quick, watched._small):
        try:
            measure(run, 0)
        except ValueError as error:
            result = error
    raise result


def test_arrays_that_exist_at_a_time_are_counted():
    nodes = [{"name": f"c{k}", "op_type": "ConstantOfShape", "input": ["shape"], "output": [f"v{k}"]} for k in range(9)]
    nodes.append(
        {"name": "all", "op_type": "Concat", "input": [f"v{k}" for k in range(9)], "output": ["y"], "attribute": ALONG_0}
    )
    model = {
        "opset_import": [{"version": 17}],
        "graph": {
            "node": nodes,
            "initializer": [integers("shape", [1 << 20])],
            "input": [value("x", (2, 3))],
            "output": [value("y", ())],
        },
    }
    with pytest.raises(ValueError, match="holds more than 4,292,672 elements at once, too many for its inputs"):
        reader.loads(wire.write(model, messages.MODEL))(np.ones((2, 3), "f4"))


def test_what_is_given_says_how_much_may_be_made():
    model = {
        "opset_import": [{"version": 17}],
        "graph": {
            "node": [{"name": "n", "op_type": "Expand", "input": ["x", "shape"], "output": ["y"]}],
            "initializer": [integers("shape", [1000, 1, 1])],
            "input": [value("x", ("N", 3))],
            "output": [value("y", ())],
        },
    }
    graph = reader.loads(wire.write(model, messages.MODEL))
    assert graph(np.ones((2000, 3), "f4")).shape == (1000, 2000, 3)


def test_one_gain_is_that_of_all_features():
    graph = chained([2, 3], ("Add", ["x"], []), ("LayerNormalization", ["one"], []))
    x = np.arange(6, dtype="f4").reshape(2, 3)
    expected = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(graph(x), expected, rtol=1e-5)
