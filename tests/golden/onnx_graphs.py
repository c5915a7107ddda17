"""ONNX files of others, and what they compute: onnx's own LSTM node cases, and modules as PyTorch exports them.

``python tests/golden/onnx_graphs.py`` takes the node cases of onnx 1.23, exports the modules with PyTorch 2.13 (its TorchScript
exporter) and runs them with ONNX Runtime 1.31. It writes beside this file ``onnx_graphs_<case>.onnx`` for each, and
``onnx_graphs.npz`` with ``case/input<i>`` and ``case/output<i>``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

#: onnx's node cases, without their common ``test_lstm_``.
NODES = ("defaults", "with_initial_bias", "with_peepholes", "batchwise", "reverse", "bidirectional")

#: PyTorch's modules: the arguments of ``nn.LSTM``, and the operator set.
MODULES: dict[str, tuple[dict[str, Any], int]] = {
    "torch_last_step": ({"batch_first": True}, 17),
    "torch_both_ways": ({"num_layers": 2, "bidirectional": True, "batch_first": True}, 17),
    "torch_time_first": ({"num_layers": 2, "bias": False}, 11),
    "torch_states": ({"batch_first": True}, 14),
}

CASES = (*NODES, *MODULES)
N, T, D, H, C = 3, 5, 7, 6, 2


def path(case: str) -> Path:
    return FILE.with_name(f"onnx_graphs_{case}.onnx")


def nodes() -> dict[str, tuple[bytes, Any, Any]]:
    from onnx.backend.test.case.node import collect_testcases

    found = [case for case in collect_testcases("LSTM") if case.name.startswith("test_lstm_")]
    return {case.name[len("test_lstm_") :]: (case.model.SerializeToString(), *case.data_sets[0]) for case in found}


def module(case: str) -> tuple[Any, Any]:
    """A module with a linear layer behind its LSTM, and inputs for it."""
    import torch

    arguments, _ = MODULES[case]
    torch.manual_seed(sorted(MODULES).index(case))

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(D, H, **arguments)
            self.head = torch.nn.Linear(H * (1 + bool(arguments.get("bidirectional"))), C)

        def forward(self, x: Any, h: Any = None, c: Any = None) -> Any:
            y, (h, c) = self.lstm(x, None if h is None else (h, c))
            if case == "torch_states":
                return torch.sigmoid(self.head(y)), h, c
            if case == "torch_last_step":
                return torch.softmax(self.head(y[:, -1]), dim=-1)
            return torch.nn.functional.leaky_relu(self.head(y), 0.1)

    inputs = [torch.randn(N, T, D)]
    if case == "torch_states":
        inputs += [torch.randn(1, N, H), torch.randn(1, N, H)]
    return Net().eval(), tuple(inputs)


def exported(case: str) -> tuple[bytes, Any, Any]:
    import io

    import onnxruntime
    import torch

    net, inputs = module(case)
    names = ["x", "h", "c"][: len(inputs)]
    file = io.BytesIO()
    batch, time = (0, 1) if MODULES[case][0].get("batch_first") else (1, 0)
    axes = {"x": {batch: "N", time: "T"}, "h": {1: "N"}, "c": {1: "N"}}
    axes = {name: axes[name] for name in names}
    options = {"dynamo": False, "opset_version": MODULES[case][1], "input_names": names, "dynamic_axes": axes}
    torch.onnx.export(net, inputs, file, **options)
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    arrays = [array[:, :2].numpy() if index else array[:2, :4].numpy() for index, array in enumerate(inputs)]
    if case == "torch_time_first":  # other sizes than those that it was exported with
        arrays = [inputs[0][:2].numpy()]
    return file.getvalue(), arrays, session.run(None, dict(zip(names, arrays, strict=True)))


if __name__ == "__main__":
    made = nodes() | {case: exported(case) for case in MODULES}
    assert made.keys() == set(CASES), sorted(made)
    arrays = {}
    for case, (data, inputs, outputs) in made.items():
        path(case).write_bytes(data)
        arrays |= {f"{case}/input{i}": np.asarray(array) for i, array in enumerate(inputs)}
        arrays |= {f"{case}/output{i}": np.asarray(array) for i, array in enumerate(outputs)}
    np.savez_compressed(FILE, **arrays)
