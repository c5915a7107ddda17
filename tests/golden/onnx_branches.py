"""Small ONNX graphs with the operators of speech models, and what ONNX Runtime computes with them.

``python tests/golden/onnx_branches.py`` builds them with onnx 1.23, or with PyTorch 2.13,
and runs them with ONNX Runtime 1.32. It writes beside this
file ``onnx_branches_<case>.onnx`` for each, and ``onnx_branches.npz`` with ``case/<call>/<name>`` of inputs and outputs.

``speech`` has the structure of a voice activity detector: an If on the sample rate, in whose branches a reflecting Pad, a Conv
with strides, a spectrum, more of Conv, an If on a size, and an LSTM whose weights are joined of slices, and whose states are an
input and an output. ``sample`` has no batch axis. ``operators`` and ``images`` have what else is converted. ``torch`` is
a module with free sizes, whose first states are zeros of these sizes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

CASES = ("speech", "sample", "operators", "images", "torch")
N, S, H = 2, 24, 3
CALLS = 3
RATES = (16000, 8000)


def path(case: str) -> Path:
    return FILE.with_name(f"onnx_branches_{case}.onnx")


class Builder:
    """Nodes and constants of a graph; inner names begin with a prefix."""

    def __init__(self, prefix: str, seed: int) -> None:
        self.prefix, self.nodes, self.tensors, self.draw = prefix, [], [], np.random.default_rng(seed)

    def constant(self, value: Any) -> str:
        from onnx import numpy_helper

        name = f"{self.prefix}c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, *shape: int) -> str:
        return self.constant((0.5 * self.draw.normal(size=shape)).astype("f4"))

    def add(self, kind: str, *inputs: str, outputs: int = 1, names: Any = None, **attributes: Any) -> Any:
        from onnx import helper

        names = names or [f"{self.prefix}{kind}{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"/{self.prefix}/{names[0]}", **attributes))
        return names[0] if len(names) == 1 else names

    def branch(self, outputs: list[str]) -> Any:
        from onnx import TensorProto, helper

        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        return helper.make_graph(self.nodes, f"{self.prefix}branch", [], values, self.tensors)

    def model(self, inputs: dict[str, tuple[Any, int]], outputs: dict[str, Any]) -> bytes:
        from onnx import TensorProto, checker, helper

        given = [helper.make_tensor_value_info(name, kind, shape) for name, (shape, kind) in inputs.items()]
        made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
        graph = helper.make_graph(self.nodes, "graph", given, made, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
        checker.check_model(model)
        return bytes(model.SerializeToString())


def detector(prefix: str, window: int, seed: int) -> Any:
    """The branch of one sample rate: (batch, S) and states (2, batch, H) to (batch, 1) and states."""
    g, axis = Builder(prefix, seed), lambda *k: g.constant(np.array(k, "i8"))
    padded = g.add("Pad", "input", axis(0, 2, 0, 3), mode="reflect")
    spectrum = g.add("Conv", g.add("Unsqueeze", padded, axis(1)), g.weight(8, 1, window), strides=[window // 2])
    whole = g.add("Slice", spectrum, axis(0), axis(2**63 - 1), axis(0), axis(1))
    bands = [g.add("Slice", whole, axis(a), axis(b), axis(1), axis(1)) for a, b in ((0, 4), (4, 2**63 - 1))]
    squares = [g.add("Pow", band, g.constant(np.float32(2))) for band in bands]
    x = g.add("Sqrt", g.add("Add", *squares))
    x = g.add("Relu", g.add("Conv", x, g.weight(5, 4, 3), g.weight(5), pads=[1, 1], strides=[2]))
    x = g.add("GlobalAveragePool", g.add("Conv", x, g.weight(H, 5, 3), g.weight(H), pads=[2, 0]))
    last = g.add("Gather", g.add("Shape", x), axis(-1), axis=0)
    squeezed, same = Builder(f"{prefix}then_", 0), Builder(f"{prefix}else_", 0)
    squeezed.add("Squeeze", x, squeezed.constant(np.array([-1])))
    same.add("Identity", x)
    branches = {
        f"{name}_branch": inner.branch([inner.nodes[-1].output[0]]) for name, inner in (("then", squeezed), ("else", same))
    }
    x = g.add("If", g.add("Equal", last, axis(1)), **branches)
    states = [g.add("Gather", "state", g.constant(np.array(k)), axis=0) for k in (0, 1)]
    weights = []
    for raw in (g.weight(4 * H, H), g.weight(4 * H, H)):  # PyTorch's order of the gates to ONNX's
        blocks = [g.add("Slice", raw, axis(H * a), axis(H * b), axis(0)) for a, b in ((0, 1), (3, 4), (1, 3))]
        weights.append(g.add("Unsqueeze", g.add("Concat", *blocks, axis=0), axis(0)))
    firsts = [g.add("Unsqueeze", state, axis(0)) for state in states]
    inputs = [g.add("Unsqueeze", x, axis(0)), *weights, g.weight(1, 8 * H), "", *firsts]
    _, h, c = g.add("LSTM", *inputs, outputs=3, hidden_size=H)
    after = g.add("Concat", h, c, axis=0)
    y = g.add("Unsqueeze", g.add("Squeeze", h, axis(0)), axis(-1))
    y = g.add("Sigmoid", g.add("Conv", g.add("Relu", y), g.weight(1, H, 1), g.weight(1)))
    y = g.add("Unsqueeze", g.add("ReduceMean", g.add("Squeeze", y, axis(1)), axes=[1], keepdims=0), axis(1))
    return g.branch([y, after])


def speech() -> bytes:
    from onnx import TensorProto

    g = Builder("", 0)
    wide = g.add("Equal", "sr", g.constant(np.array(RATES[0])))
    names = ["output", "stateN"]
    g.add("If", wide, names=names, then_branch=detector("wide_", 8, 1), else_branch=detector("narrow_", 4, 2))
    inputs = {"input": (["batch", "samples"], 1), "state": ([2, "batch", H], 1), "sr": ([], TensorProto.INT64)}
    return g.model(inputs, {"output": ["batch", 1], "stateN": [2, "batch", H]})


def sample() -> bytes:
    """(steps, S) as a batch of Conv and then the steps of an LSTM."""
    g = Builder("", 3)
    x = g.add("Conv", g.add("Unsqueeze", "input", g.constant(np.array([1]))), g.weight(4, 1, S))
    x = g.add("Transpose", x, perm=[0, 2, 1])
    y, *_ = g.add("LSTM", x, g.weight(1, 4 * H, 4), g.weight(1, 4 * H, H), "", "", "h", "c", hidden_size=H,
                  names=["y", "hn", "cn"])  # fmt: skip
    y = g.add("Transpose", g.add("Squeeze", y, g.constant(np.array([1]))), perm=[1, 2, 0])
    g.add("Reshape", g.add("Conv", y, g.weight(1, H, 1)), g.constant(np.array([-1])), names=["output"])
    inputs = {"input": (["steps", S], 1), "h": ([1, 1, H], 1), "c": ([1, 1, H], 1)}
    return g.model(inputs, {"output": ["steps"], "hn": [1, 1, H], "cn": [1, 1, H]})


def operators() -> bytes:
    """Recurrent layers of two directions, attention, and functions of elements, of (batch, 6, 4)."""
    g, axis = Builder("", 4), lambda *k: g.constant(np.array(k, "i8"))
    x = g.add("Transpose", "input", perm=[1, 0, 2])
    gru, last = g.add(
        "GRU", x, g.weight(2, 6, 4), g.weight(2, 6, 2), g.weight(2, 12), outputs=2, direction="bidirectional",
        hidden_size=2, linear_before_reset=1)  # fmt: skip
    x = g.add("Reshape", g.add("Transpose", gru, perm=[0, 2, 1, 3]), axis(0, 0, -1))
    rnn, _ = g.add("RNN", x, g.weight(1, 4, 4), g.weight(1, 4, 4), outputs=2, direction="reverse", hidden_size=4)
    x = g.add("Transpose", g.add("Squeeze", rnn, axis(1)), perm=[1, 0, 2])
    steps = g.add("Transpose", x, perm=[1, 0, 2])
    plain, _ = g.add("GRU", steps, g.weight(1, 12, 4), g.weight(1, 12, 4), g.weight(1, 24), outputs=2, hidden_size=4)
    x = g.add("Add", x, g.add("MatMul", x, g.weight(4, 4)))
    q = g.add("Add", g.add("MatMul", x, g.weight(4, 4)), g.weight(4))
    scores = g.add("Div", g.add("MatMul", q, g.add("Transpose", x, perm=[0, 2, 1])), g.constant(np.float32(2)))
    x = g.add("MatMul", g.add("Softmax", scores, axis=-1), x)
    mean = g.add("ReduceMean", x, axes=[-1])
    centred = g.add("Sub", x, mean)
    variance = g.add("ReduceMean", g.add("Pow", centred, g.constant(np.float32(2))), axes=[-1])
    x = g.add("Div", centred, g.add("Sqrt", g.add("Add", variance, g.constant(np.float32(1e-3)))))
    x = g.add("Mul", x, g.weight(6, 1))
    halves = g.add("Split", x, axis=2, outputs=2)
    x = g.add("Concat", g.add("Max", *halves), g.add("Clip", halves[0], g.constant(np.float32(-0.5))), axis=-1)
    x = g.add("Add", g.add("LeakyRelu", x, alpha=0.1), g.add("Neg", g.add("Abs", x)))
    x = g.add("Pad", x, axis(0, 1, 0, 0, 0, 2), g.constant(np.float32(0.25)))
    rows = g.add("Flatten", x)
    y = g.add("Gemm", rows, g.weight(5, 42), g.weight(5), transB=1, alpha=0.5)
    first = g.add("Gather", last, g.constant(np.array(0)), axis=0)
    wide = g.add("Expand", g.add("Unsqueeze", first, axis(1)), axis(1, 3, 1))
    joined = g.add("Concat", y, g.add("Flatten", wide), axis=1)
    g.add("Identity", g.add("Tanh", joined), names=["output"])
    g.add("ReduceMax", plain, axes=[0], keepdims=0, names=["largest"])
    return g.model({"input": (["batch", 6, 4], 1)}, {"output": ["batch", 11], "largest": [1, "batch", 4]})


def images() -> bytes:
    """(batch, 3, 6, 8) through layers of windows."""
    g, axis = Builder("", 5), lambda *k: g.constant(np.array(k, "i8"))
    x = g.add("Conv", "input", g.weight(4, 3, 3, 3), g.weight(4), pads=[1, 1, 1, 1])
    x = g.add("BatchNormalization", x, *(g.weight(4) for _ in range(3)), g.constant(np.ones(4, "f4")))
    x = g.add("MaxPool", g.add("PRelu", x, g.weight(4, 1, 1)), kernel_shape=[2, 2], strides=[2, 2])
    x = g.add("Conv", g.add("Pad", x, axis(0, 0, 1, 0, 0, 0, 0, 1), mode="edge"), g.weight(2, 4, 2, 2), pads=[0, 1, 1, 0])
    x = g.add("AveragePool", x, kernel_shape=[2, 2], strides=[1, 1], names=["map"])
    g.add("Flatten", g.add("Mul", g.add("GlobalMaxPool", x), g.add("GlobalAveragePool", x)), names=["output"])
    return g.model({"input": (["batch", 3, 6, 8], 1)}, {"output": ["batch", 2], "map": ["batch", 2, "h", "w"]})


def torch() -> bytes:
    """(batch, steps, 4) through an LSTM of two directions and two layers, a GRU, a convolution and a residual."""
    import io
    import warnings

    import torch as torch_

    class Net(torch_.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch_.nn.LSTM(4, 3, num_layers=2, batch_first=True, bidirectional=True)
            self.gru = torch_.nn.GRU(6, 5, batch_first=True)
            self.conv, self.linear = torch_.nn.Conv1d(5, 4, 3, padding=1), torch_.nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            y, h = self.gru(self.lstm(x)[0])
            return self.linear(torch_.relu(self.conv(y.transpose(1, 2)).transpose(1, 2)) + x), h

    torch_.manual_seed(0)
    file = io.BytesIO()
    options = {"input_names": ["input"], "output_names": ["output", "state"], "dynamo": False, "opset_version": 17}
    with warnings.catch_warnings(action="ignore"):
        axes = {"input": {0: "N", 1: "T"}}
        torch_.onnx.export(Net().eval(), (torch_.ones(2, 6, 4),), file, dynamic_axes=axes, **options)
    return file.getvalue()


def feeds(case: str) -> list[dict[str, Any]]:
    """Inputs of several calls; later ones of states come from the call before."""
    draw = np.random.default_rng(CASES.index(case))
    if case == "speech":
        first = {"state": np.zeros((2, N, H), "f4")}
        sizes = {"input": (N, S)}
    elif case == "sample":
        first, sizes = {"h": np.zeros((1, 1, H), "f4"), "c": np.zeros((1, 1, H), "f4")}, {"input": (5, S)}
    else:
        first, sizes = {}, {"input": (N, 3, 6, 8) if case == "images" else (N, 6, 4)}
    calls = CALLS if first else 1
    return [
        {name: draw.normal(size=shape).astype("f4") for name, shape in sizes.items()} | (first if not call else {})
        for call in range(calls)
    ]


AFTER = {"state": "stateN", "h": "hn", "c": "cn"}  #: a state and the output that is the next one


def run(data: bytes, case: str, constants: dict[str, Any]) -> dict[str, Any]:
    """What ONNX Runtime computes, states carried from call to call: ``<call>/<name>``."""
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names, found, states = [value.name for value in session.get_outputs()], {}, {}
    for call, feed in enumerate(feeds(case)):
        feed = {**states, **feed}
        outputs = dict(zip(names, session.run(None, {**feed, **constants}), strict=True))
        found |= {f"{call}/{name}": array for name, array in {**feed, **outputs}.items()}
        states = {name: outputs[after] for name, after in AFTER.items() if after in outputs}
    return found


def main() -> None:
    arrays = {}
    for case in CASES:
        data = globals()[case]()
        path(case).write_bytes(data)
        for rate in RATES if case == "speech" else (0,):
            constants = {"sr": np.array(rate)} if rate else {}
            key = f"{case}_{rate}" if rate else case
            arrays |= {f"{key}/{name}": array for name, array in run(data, case, constants).items()}
    np.savez_compressed(FILE, **arrays)


if __name__ == "__main__":
    main()
