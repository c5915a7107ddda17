"""LSTMs and a linear layer as PyTorch saves them, and what PyTorch computes with them.

``python tests/golden/torch_modules.py`` runs them with PyTorch 2.13 and safetensors, and writes beside this file: for each case
``torch_modules_<case>.pt`` by ``torch.save``, or ``.safetensors``, and ``torch_modules.npz`` with ``case/x``, ``case/y`` and
``case/h``, the last states side by side, (N, layers * directions * P).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

N, T, D, H, P, C = 3, 5, 7, 6, 4, 2

#: Arguments of ``nn.LSTM`` beside D and H, the dtype, and the kind of file. ``whole`` is a module with an LSTM inside.
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "plain": ({}, "float32", "pt"),
    "deep": ({"num_layers": 3, "bidirectional": True}, "float32", "pt"),
    "no_bias": ({"num_layers": 2, "bias": False}, "float64", "pt"),
    "projection": ({"num_layers": 2, "proj_size": P, "bidirectional": True}, "float32", "pt"),
    "half": ({}, "float16", "pt"),
    "brain": ({}, "bfloat16", "safetensors"),
    "both": ({"num_layers": 2, "bidirectional": True}, "float32", "safetensors"),
    "double": ({"proj_size": P}, "float64", "safetensors"),
    "whole": ({"num_layers": 2}, "float32", "pt"),
}


def path(case: str) -> Path:
    return FILE.with_name(f"torch_modules_{case}.{CASES[case][2]}")


def build(case: str) -> Any:
    """The module of a case, seeded."""
    import torch

    arguments, dtype, _ = CASES[case]
    torch.manual_seed(sorted(CASES).index(case))
    lstm = torch.nn.LSTM(D, H, batch_first=True, **arguments)
    if case == "whole":
        lstm = torch.nn.ModuleDict({"encoder": lstm, "head": torch.nn.Linear(H, C)})
    return lstm.to(getattr(torch, dtype))


def run(case: str, module: Any) -> dict[str, Any]:
    """Inputs and outputs, computed in float32 where the weights have fewer bits."""
    import torch

    wide = module.double() if CASES[case][1] == "float64" else module.float()
    lstm = wide["encoder"] if case == "whole" else wide
    x = torch.randn(N, T, D, dtype=next(wide.parameters()).dtype)
    with torch.no_grad():
        y, (h, _) = lstm(x)
        found = {"x": x, "y": y, "h": h.transpose(0, 1).reshape(N, -1)}
        if case == "whole":
            found["head"] = wide["head"](y)
    return {name: a.numpy() for name, a in found.items()}


if __name__ == "__main__":
    import torch
    from safetensors.torch import save_file

    made = {}
    for case, (_, _, kind) in CASES.items():
        module = build(case)
        state = module.state_dict()
        if case == "whole":  # as training scripts keep it
            torch.save({"epoch": 3, "model": state, "rates": [0.1, 0.01]}, path(case))
        elif kind == "pt":
            torch.save(state, path(case))
        else:
            save_file(state, path(case))
        made |= {f"{case}/{name}": array for name, array in run(case, module).items()}
    np.savez_compressed(FILE, **made)
