"""Graphs whose defect only shows when they are run: the node says so, and nothing huge is made."""

import copy

import numpy as np
import pytest
from onnx_forging import GOOD, value

from numba_lstm.interop.onnx import messages, protobuf, reading, tensors

pytestmark = pytest.mark.usefixtures("on_reference")


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
