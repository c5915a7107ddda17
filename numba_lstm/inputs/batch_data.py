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


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return the data of a step: the inputs alone, in a tuple if they are a list or a tuple, or with targets and weights."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x
