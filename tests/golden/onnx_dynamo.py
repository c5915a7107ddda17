"""Modules as PyTorch's newer exporter (``dynamo=True``, its default) writes them, and what PyTorch computes with them.

``python tests/golden/onnx_dynamo.py`` exports them with PyTorch 2.13 and onnxscript 0.7. It writes beside this file
``onnx_dynamo_<case>.onnx`` for each, and ``onnx_dynamo.npz`` with ``case/x`` and ``case/y``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")
N, T, D, H, C = 3, 5, 7, 4, 2

#: Arguments of ``nn.LSTM``, whether only its last step is used, and whether any number of samples and steps can come.
CASES: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "fixed": ({"num_layers": 2}, False, False),
    "free": ({"num_layers": 2}, True, True),
    "both_ways": ({"num_layers": 2, "bidirectional": True}, False, True),
}


def path(case: str) -> Path:
    return FILE.with_name(f"onnx_dynamo_{case}.onnx")


def module(case: str) -> Any:
    """An LSTM and a linear layer behind it."""
    import torch

    arguments, last, _ = CASES[case]

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(D, H, batch_first=True, **arguments)
            self.head = torch.nn.Linear(H * (1 + bool(arguments.get("bidirectional"))), C)

        def forward(self, x: Any) -> Any:
            y, _ = self.lstm(x)
            return torch.tanh(self.head(y[:, -1] if last else y))

    torch.manual_seed(sorted(CASES).index(case))
    return Net().eval()


def exported(case: str, file: Path) -> tuple[Any, Any]:
    """Write the file; answers inputs and outputs."""
    import torch

    net, x = module(case), torch.randn(N, T, D)
    free = {0: torch.export.Dim("N"), 1: torch.export.Dim("T")} if CASES[case][2] else None
    torch.onnx.export(
        net, (x,), file, dynamo=True, external_data=False, verbose=False, dynamic_shapes=(free,) if free else None
    )
    bare(file)
    with torch.no_grad():
        return x.numpy(), net(x).numpy()


def bare(file: Path) -> None:
    """Take out what the exporter says of its own sources, for each node: half of the file."""
    import onnx

    model = onnx.load(file)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *graph.value_info):
        del part.metadata_props[:]
    onnx.save(model, file)


if __name__ == "__main__":
    arrays = {}
    for case in CASES:
        arrays[f"{case}/x"], arrays[f"{case}/y"] = exported(case, path(case))
    np.savez_compressed(FILE, **arrays)
