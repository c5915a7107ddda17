"""Reductions of the losses of a batch to one number, as weights of the mean that the loss op computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Host = npt.NDArray[Any]

MEANS = ("sum_over_batch_size", "mean")  #: two names of the same reduction
NONE = (None, "none")
_KNOWN = (*MEANS, "sum", "mean_with_sample_weight", *NONE)


def as_reduction(reduction: Any, owner: str) -> str | None:
    """Return ``reduction`` if it is a reduction of Keras.

    Raises
    ------
    ValueError
        For anything else.
    """
    if not isinstance(reduction, (str, type(None))) or reduction not in _KNOWN:
        known = ", ".join(repr(name) for name in _KNOWN)
        raise ValueError(f"the reduction of {owner} must be one of {known}, got {reduction!r}. Leave it out for the mean.")
    return reduction


def as_dtype(dtype: Any, owner: str) -> str:
    """Return ``"float32"`` or ``"float64"``. Raise ValueError for any other dtype."""
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", getattr(dtype, "__name__", None))
    if name not in ("float32", "float64"):
        raise ValueError(f"the dtype of {owner} must be 'float32' or 'float64', got {dtype!r}. Leave it out.")
    return str(name)


def check_trainable(reduction: str | None, owner: str) -> None:
    """Raise ValueError for no reduction: one loss a sample cannot be minimized."""
    if reduction in NONE:
        raise ValueError(
            f"{owner} has reduction={reduction!r}, which is no number to train by. "
            "Compile with 'sum_over_batch_size' or 'sum', and call the loss by itself for a value a sample."
        )


def reduction_weights(
    reduction: str | None, scale: float, leading: tuple[int, ...], mean: Host | None, weight: Host | None
) -> Host | None:
    """Return the weights with which the loss op's mean becomes ``scale`` times the reduction.

    Parameters
    ----------
    reduction : str
        A reduction to a number.
    scale : float
        Factor of the loss.
    leading : tuple of int
        Shape of the losses, (N,) or (T, N).
    mean : array, optional
        Weights with which the op's mean is the mean of the steps that are not masked. None is 1.
    weight : array, optional
        Weights of samples or steps, 0 for masked steps. None is 1.

    Returns
    -------
    array or None
        Weights of shape ``leading``, float64, or None if all are 1.
    """
    if reduction in MEANS:
        return mean if scale == 1 else _times(mean, scale, leading)
    count = float(np.prod(leading))
    if reduction == "sum":
        return _times(weight, scale * count, leading)
    if weight is None:
        return None if scale == 1 else _times(None, scale, leading)
    total = float(np.sum(np.broadcast_to(weight, leading), dtype=np.float64))
    return _times(weight, scale * count / total if total else 0.0, leading)


def _times(weight: Host | None, factor: float, leading: tuple[int, ...]) -> Host:
    return np.full(leading, factor) if weight is None else weight.astype(np.float64) * factor
