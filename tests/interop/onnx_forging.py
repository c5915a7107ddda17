"""A good ONNX file, and what makes forgeries of it: each changes one thing in its messages."""

from __future__ import annotations

import copy

import numpy as np

from numba_lstm.interop.onnx.protobuf import messages, tensors, wire

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


def changed_model(change):
    model = copy.deepcopy(GOOD)
    change(model, model["graph"], *model["graph"]["node"])
    return wire.write(model, messages.MODEL)


def node(**fields):
    """The second node with other fields; None takes one away."""

    def change(model, graph, first, second):
        second.update({key: value for key, value in fields.items() if value is not None})
        for key in [key for key, value in fields.items() if value is None]:
            del second[key]

    return changed_model(change)


def more(**fields):
    """One node more."""
    return changed_model(
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

    return changed_model(change)


def in_graph(**fields):
    return changed_model(lambda model, graph, first, second: graph.update(fields))


def in_model(**fields):
    return changed_model(lambda model, graph, first, second: model.update(fields))


def external(*entries):
    fields = [{"key": key, "value": text} for key, text in entries]
    return tensor(raw_data=None, data_location=1, external_data=fields)


def weights(W=(1, 4 * H, D), R=(1, 4 * H, H), dtype="f4", **shapes):
    def change(model, graph, first, second):
        shapes_by_name = {"W": W, "R": R, **shapes}
        graph["initializer"] = [tensors.tensor_of(name, np.ones(shape, dtype)) for name, shape in shapes_by_name.items()]
        bias, peephole = ("B" if "B" in shapes_by_name else "", "P" if "P" in shapes_by_name else "")
        second["input"] = ["t", "W", "R", bias, "", "", "", peephole]

    return changed_model(change)


def nested(levels):
    """A subgraph in a subgraph in a ... as the bytes of an If's attribute."""
    inner = b""
    for _ in range(levels):
        attribute = wire.write({"name": "then_branch", "g": inner, "type": 5}, messages.ATTRIBUTE)
        inner = (
            wire.write({"node": [{"op_type": "If", "attribute": []}]}, messages.GRAPH)
            + b"\x0a"
            + wire._varint(len(attribute))
            + attribute
        )
    return more(op_type="If", attribute=[{"name": "then_branch", "g": inner, "type": 5}])


GOOD_BYTES = wire.write(GOOD, messages.MODEL)
