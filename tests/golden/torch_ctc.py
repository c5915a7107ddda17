"""Write torch_ctc.json: losses and gradients of ``torch.nn.CTCLoss`` in float64, without a reduction.

Run it with an interpreter that has torch: ``python tests/golden/torch_ctc.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")
T, C, L = 7, 4, 3
#: label lengths and input lengths of the samples: repeated labels, no labels, one path alone, and none
LABEL_LENGTHS = np.array([3, 2, 0, 3, 3, 1, 2])
INPUT_LENGTHS = np.array([7, 5, 4, 3, 3, 1, 2])


def labels(blank: int) -> np.ndarray:
    """Labels (N, L) of any class but the blank one, with equal neighbours in the samples 1, 4 and 6."""
    others = [c for c in range(C) if c != blank]
    chosen = np.array([[0, 1, 0], [2, 2, 0], [1, 1, 1], [0, 1, 2], [1, 1, 0], [2, 0, 0], [1, 1, 2]])
    return np.array(others)[chosen]


def logits() -> np.ndarray:
    """Logits (N, T, C)."""
    return 2 * np.sin(1.3 * np.arange(len(LABEL_LENGTHS) * T * C) ** 1.1).reshape(-1, T, C)


def computed(torch: Any, blank: int, zero_infinity: bool) -> dict[str, Any]:
    y = torch.tensor(logits(), dtype=torch.float64, requires_grad=True)
    log_p = torch.log_softmax(y, -1).swapaxes(0, 1)
    loss = torch.nn.CTCLoss(blank, reduction="none", zero_infinity=zero_infinity)
    values = loss(log_p, torch.tensor(labels(blank)), torch.tensor(INPUT_LENGTHS), torch.tensor(LABEL_LENGTHS))
    values[torch.isfinite(values)].sum().backward()
    finite = torch.isfinite(values).tolist()
    return {
        "losses": [value if known else None for value, known in zip(values.tolist(), finite, strict=True)],
        "gradients": [rows if known else None for rows, known in zip(y.grad.tolist(), finite, strict=True)],
    }


if __name__ == "__main__":
    import torch

    cases = {f"{blank} {zero}": computed(torch, blank, zero) for blank in (0, C - 1) for zero in (False, True)}
    FILE.write_text(json.dumps(cases) + "\n")
