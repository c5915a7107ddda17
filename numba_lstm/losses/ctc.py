"""Connectionist temporal classification: labels for sequences whose alignment is not known (Graves et al. 2006)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_real, as_whole
from ..inputs.targets import as_rows
from ..kernels.specs import LossSpec
from .base import Loss

Array = npt.NDArray[Any]


class CTC(Loss):
    """Minus the log probability of a sequence of labels over all its alignments, as ``keras.losses.CTC``.

    Outputs are logits (N, T, C), with a class that stands for no label. Targets are labels (N, L), padded at the end with this
    class, or with a negative number. A mask of the inputs leaves steps out. Labels that have no alignment, as three labels in
    two steps, have an infinite loss, and the gradient 0.

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.
    blank : int
        Class that stands for no label, as Keras's ``mask_index``. -1 is the last one.
    zero_infinity : bool
        Whether infinite losses count 0.
    """

    parameters = ("blank", "zero_infinity")

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
        *,
        blank: int = 0,
        zero_infinity: bool = False,
    ) -> None:
        spec = LossSpec("ctc", blank=as_whole(blank, "blank"), zero_infinity=bool(zero_infinity))
        super().__init__(spec, reduction, name, dtype)


def ctc_loss(
    labels: npt.ArrayLike,
    logits: npt.ArrayLike,
    label_lengths: npt.ArrayLike,
    input_lengths: npt.ArrayLike,
    blank: int = 0,
    zero_infinity: bool = False,
) -> Array:
    """Compute the CTC loss of each sample, with lengths, as ``keras.ops.ctc_loss`` and ``torch.nn.CTCLoss``.

    Parameters
    ----------
    labels : array (N, L)
        Labels other than ``blank``. Those beyond a sample's length are not read.
    logits : array (N, T, C)
        Logits of the classes.
    label_lengths, input_lengths : array (N,)
        Numbers of labels and of steps of the samples.
    blank : int
        Class that stands for no label. -1 is the last one.
    zero_infinity : bool
        Whether infinite losses, of labels without an alignment, become 0.

    Returns
    -------
    array (N,)
        The losses.

    Raises
    ------
    TypeError, ValueError
        For shapes, lengths and labels that do not fit.
    """
    loss, y, given = CTC(blank=blank, zero_infinity=zero_infinity), as_real(logits, "logits"), as_real(labels, "labels")
    if y.ndim != 3 or given.ndim != 2 or len(given) != len(y):
        raise ValueError(
            f"ctc_loss expects labels (batch, length) and logits (batch, time, classes), got the shapes {given.shape} and "
            f"{y.shape}. Pad the labels of each sample at its end."
        )
    counts, steps = (
        _lengths(label_lengths, given, "label_lengths", "labels"),
        _lengths(input_lengths, y, "input_lengths", "logits"),
    )
    inside = np.arange(given.shape[1]) < counts[:, None]
    blank_class = blank % y.shape[2]
    if np.any(inside & ((given < 0) | (given == blank_class))):
        raise ValueError(f"labels hold the blank class {blank_class}, or a negative one, within label_lengths. Leave it out.")
    rows = as_rows(np.where(inside, given, -1), y, loss.spec)
    losses = np.array([0.0 if zero_infinity or count == 0 else np.inf for count in counts], rows.y.dtype)
    for n in np.flatnonzero(steps):
        one = rows.one(int(n))
        losses[n] = loss.mean(one._replace(y=one.y[: steps[n]]))
    return losses


def _lengths(lengths: npt.ArrayLike, array: Array, name: str, what: str) -> npt.NDArray[np.intp]:
    """Return the lengths (N,) of the sequences in an array (N, size, ...)."""
    found, size = as_real(lengths, name), array.shape[1]
    if found.dtype.kind not in "iu" or found.shape != array.shape[:1]:
        raise ValueError(
            f"{name} must be whole numbers of the shape {array.shape[:1]}, one a sample, got {found.dtype} {found.shape}."
        )
    if found.size and (found.min() < 0 or found.max() > size):
        raise ValueError(f"{name} must be from 0 to {size} for {what} of shape {array.shape}, got up to {found.max()}.")
    return found.astype(np.intp)
