"""Packed sequences in LSTMs of several layers and both directions, and their gradients, as PyTorch computes them in float64.

``python tests/golden/torch_packed.py`` runs them with PyTorch 2.13 and writes ``torch_packed.npz`` beside this file:
``case/name`` for every input, weight, output and gradient, in PyTorch's layout and names; ``dy``, ``dh`` and ``dc`` go in,
``grad_...`` come out. Lengths are not in order (``enforce_sorted=False``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

N, T, D, H, P = 4, 6, 3, 5, 2
LENGTHS = (3, 6, 1, 4)

#: Arguments of ``nn.LSTM``.
CASES: dict[str, dict[str, Any]] = {
    "both ways": {"bidirectional": True},
    "deep": {"num_layers": 2},
    "deep both ways": {"num_layers": 2, "bidirectional": True},
    "deep both ways, projected": {"num_layers": 2, "bidirectional": True, "proj_size": P},
}


def run(arguments: dict[str, Any]) -> dict[str, Any]:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    torch.manual_seed(4)
    layer = torch.nn.LSTM(D, H, batch_first=True, **arguments).double()
    directions = 1 + layer.bidirectional
    units, runs = layer.proj_size or H, directions * layer.num_layers

    def draw(*shape: int) -> Any:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    x, h0, c0 = draw(N, T, D), draw(runs, N, units), draw(runs, N, H)
    dy, dh, dc = draw(N, T, directions * units), draw(runs, N, units), draw(runs, N, H)
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    y, (h, c) = layer(packed, (h0, c0))
    y, _ = pad_packed_sequence(y, batch_first=True)
    (y * dy.detach()).sum().add((h * dh.detach()).sum()).add((c * dc.detach()).sum()).backward()

    leaves = {"x": x, "h0": h0, "c0": c0, **dict(layer.named_parameters())}
    found = {**leaves, "dy": dy, "dh": dh, "dc": dc, "y": y, "h": h, "c": c}
    found |= {f"grad_{name}": leaf.grad for name, leaf in leaves.items()}
    return {name: a.detach().numpy() for name, a in found.items()}


if __name__ == "__main__":
    np.savez_compressed(FILE, **{f"{name}/{key}": a for name, case in CASES.items() for key, a in run(case).items()})
