"""GRUs and RNNs of PyTorch in float64: their weights and what they compute.

``python tests/golden/torch_gru.py`` runs them with PyTorch 2.13 and writes ``torch_gru.npz`` beside this file: ``case/x``,
``case/y`` and ``case/state/name`` for each weight.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

N, T, D, H = 2, 3, 4, 3

#: The class in ``torch.nn``, and its arguments beside D and H.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "gru": ("GRU", {"num_layers": 2, "bidirectional": True}),
    "gru without bias": ("GRU", {"bias": False}),
    "rnn": ("RNN", {"num_layers": 2, "nonlinearity": "relu"}),
}

if __name__ == "__main__":
    import torch

    made = {}
    for seed, (case, (kind, arguments)) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        module = getattr(torch.nn, kind)(D, H, batch_first=True, **arguments).double()
        x = torch.randn(N, T, D, dtype=torch.float64)
        made |= {f"{case}/x": x.numpy(), f"{case}/y": module(x)[0].detach().numpy()}
        made |= {f"{case}/state/{name}": weight.numpy() for name, weight in module.state_dict().items()}
    np.savez_compressed(FILE, **made)
