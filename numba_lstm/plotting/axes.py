"""Axes of matplotlib."""

from __future__ import annotations

from typing import Any


def axes_of(ax: Any = None) -> tuple[Any, Any]:
    """Return axes and their figure; new ones if ``ax`` is None.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    if ax is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("pictures need matplotlib. Install it: pip install 'numba_lstm[plot]'.") from error
        _, ax = plt.subplots(figsize=(9, 4), layout="constrained")
    return ax, ax.figure
