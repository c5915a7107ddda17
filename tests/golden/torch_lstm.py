"""LSTMs as PyTorch computes them, and their gradients, in float64: ``proj_size`` and packed sequences.

``python tests/golden/torch_lstm.py`` runs them with PyTorch 2.13 and writes ``torch_lstm.npz`` beside this file: ``case/name``
for every input, weight, output and gradient, in PyTorch's layout and names; ``dy``, ``dh`` and ``dc`` go in, ``grad_...`` come
out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

T, N, D, H, P = 5, 3, 2, 7, 4
LENGTHS = (5, 2, 4)

#: proj_size (0 is none) and whether sequences are packed.
CASES = {"projection": (P, False), "packed": (0, True), "packed projection": (P, True)}


def run(proj_size: int, packed: bool) -> dict[str, Any]:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    torch.manual_seed(3)
    layer = torch.nn.LSTM(D, H, proj_size=proj_size).double()
    units = proj_size or H

    def draw(*shape: int) -> Any:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    x, h0, c0 = draw(T, N, D), draw(1, N, units), draw(1, N, H)
    dy, dh, dc = draw(T, N, units), draw(1, N, units), draw(1, N, H)
    fed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False) if packed else x
    y, (h, c) = layer(fed, (h0, c0))
    if packed:
        y, _ = pad_packed_sequence(y)
    (y * dy.detach()).sum().add((h * dh.detach()).sum()).add((c * dc.detach()).sum()).backward()

    leaves = {"x": x, "h0": h0, "c0": c0, **{name.removesuffix("_l0"): w for name, w in layer.named_parameters()}}
    found = {**leaves, "dy": dy, "dh": dh, "dc": dc, "y": y, "h": h, "c": c}
    found |= {f"grad_{name}": leaf.grad for name, leaf in leaves.items()}
    return {name: a.detach().numpy() for name, a in found.items()}


if __name__ == "__main__":
    np.savez_compressed(FILE, **{f"{name}/{key}": a for name, case in CASES.items() for key, a in run(*case).items()})
