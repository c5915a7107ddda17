"""The problem's model as an ONNX graph: one LSTM node, and Gemm for the dense layer."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from .problem import Array, Problem

OPSET = 17


def graph(problem: Problem, steps: int, states: bool = False) -> bytes:
    """The model for inputs ``x`` (steps, N, D), output ``y`` (N, 1).

    With ``states`` also inputs ``h0, c0`` and outputs ``h1, c1``, all (1, N, H).
    """
    N, D, H = problem.shape.N, problem.shape.D, problem.shape.H
    W, U, b, V, d = problem.weights
    constants = {
        "W": _reorder(W)[None],
        "R": _reorder(U)[None],
        "B": np.concatenate([_reorder(b), np.zeros_like(b)])[None],
        "V": V,
        "d": d,
        "flat": np.array([N, H]),
    }
    state = [1, N, H]
    inputs = {"x": [steps, N, D], **({"h0": state, "c0": state} if states else {})}
    outputs = {"y": [N, 1], **({"h1": state, "c1": state} if states else {})}
    activation = problem.activation.capitalize()
    nodes = [
        helper.make_node(
            "LSTM",
            ["x", "W", "R", "B", *(["", "h0", "c0"] if states else [])],
            ["", "h1", "c1" if states else ""],
            hidden_size=H,
            activations=["Sigmoid", activation, activation],
        ),
        helper.make_node("Reshape", ["h1", "flat"], ["h"]),
        helper.make_node("Gemm", ["h", "V", "d"], ["y"]),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "lstm",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
            [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
    )
    checker.check_model(model)
    return model.SerializeToString()


def _reorder(weights: Array) -> Array:
    """Gate blocks i, f, g, o along the last axis as ONNX has them: i, o, f, g along the first."""
    i, f, g, o = np.split(weights, 4, axis=-1)
    return np.concatenate([i, o, f, g], axis=-1).T
