"""LSTMs as ONNX Runtime computes them: clip, input_forget, peepholes, other activations, sequence_lens, both directions.

``python tests/golden/onnxruntime_lstm.py`` runs them with ONNX Runtime 1.31 and writes ``onnxruntime_lstm.npz`` beside this
file: the inputs once, and ``case/Y``, ``case/Y_h`` and ``case/Y_c`` of each case. (The reference evaluator of onnx 1.23 is no
peer here: it leaves out clip, input_forget and sequence_lens.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

T, N, D, H = 5, 3, 7, 11
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")

#: Attributes, and the inputs beside X, W, R, B and the first states. Activations: of the gates, of g, of c.
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "plain": ({}, ()),
    "peephole": ({}, ("P",)),
    "clip": ({"clip": 0.5}, ()),
    "clip and peephole": ({"clip": 0.5}, ("P",)),
    "input_forget": ({"input_forget": 1}, ()),
    "all": ({"clip": 0.75, "input_forget": 1}, ("P", "sequence_lens")),
    "lengths": ({}, ("sequence_lens",)),
    "reverse": ({"direction": "reverse"}, ()),
    "reverse with lengths": ({"direction": "reverse", "clip": 0.5}, ("sequence_lens", "P")),
    "activations": (
        {"activations": ["HardSigmoid", "Softsign", "Relu"], "activation_alpha": [0.2], "activation_beta": [0.5]},
        (),
    ),
    "both ways": ({"direction": "bidirectional"}, ()),
    "both ways with all": ({"direction": "bidirectional", "clip": 0.75, "input_forget": 1}, ("P", "sequence_lens")),
    "clipped activations": ({"activations": ["Relu", "Elu", "Softplus"], "activation_alpha": [0.7], "clip": 0.5}, ("P",)),
}


def inputs() -> dict[str, Any]:
    rng = np.random.default_rng(21)
    shapes = {"X": (T, N, D), "W": (1, 4 * H, D), "R": (1, 4 * H, H), "B": (1, 8 * H), "P": (1, 3 * H)}
    shapes |= {"initial_h": (1, N, H), "initial_c": (1, N, H)}
    scales = {"W": 0.4, "R": 0.25, "B": 0.5}
    drawn = {name: (scales.get(name, 1) * rng.normal(size=shape)).astype(np.float32) for name, shape in shapes.items()}
    return drawn | {"sequence_lens": np.array([5, 2, 4], np.int32)}


def given(arrays: dict[str, Any], name: str) -> dict[str, Any]:
    """The inputs of a case. The weights and states of the other direction are those of the first, moved by one place."""
    attributes, options = CASES[name]
    selected = {key: arrays[key] for key in INPUTS if key in ("X", "W", "R", "B", "initial_h", "initial_c", *options)}
    if attributes.get("direction") != "bidirectional":
        return selected
    shared = ("X", "sequence_lens")
    return {key: a if key in shared else np.concatenate([a, 0.75 * np.roll(a, 1, -1)]) for key, a in selected.items()}


def run(given: dict[str, Any], attributes: dict[str, Any]) -> list[Any]:
    import onnxruntime
    from onnx import TensorProto, helper

    names = [name if name in given else "" for name in INPUTS]
    node = helper.make_node("LSTM", names, ["Y", "Y_h", "Y_c"], hidden_size=H, **attributes)
    types = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int32): TensorProto.INT32}
    graph = helper.make_graph(
        [node],
        "lstm",
        [helper.make_tensor_value_info(name, types[a.dtype], a.shape) for name, a in given.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("Y", "Y_h", "Y_c")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, given)


if __name__ == "__main__":
    arrays = inputs()
    made = {}
    for name, (attributes, _) in CASES.items():
        found = run(given(arrays, name), attributes)
        made |= {f"{name}/{key}": a for key, a in zip(("Y", "Y_h", "Y_c"), found, strict=True)}
    np.savez_compressed(FILE, **arrays, **made)
