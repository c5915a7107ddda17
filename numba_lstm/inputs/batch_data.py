"""Parts of a batch: its inputs, targets and weights."""

from __future__ import annotations

from typing import Any


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return the inputs, the targets and the weights in ``data`` of a step, None for what is not there.

    Raises
    ------
    ValueError
        For a tuple of more than three entries.
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"data must be (x,), (x, y) or (x, y, sample_weight), got {len(data)} entries.")
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight
