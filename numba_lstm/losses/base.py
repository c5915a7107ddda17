"""Loss: what every loss is."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy.typing as npt

from ..device import get_ops
from ..kernels.specs import LossSpec
from ..subclassing import Settable
from ..targets import Rows, as_rows

#: What Keras's losses override and these do not: training takes the gradient of a loss from the device's kernel.
INSTEAD = (
    "Take a loss of numba_lstm.losses, with sample_weight where errors count unequally, or write the loop over batches "
    "yourself, as docs/semantics.md shows under 'Classes of your own'."
)


class Loss(Settable):
    """The base of all losses, as ``keras.losses.Loss``: one number for a batch, the mean over its elements.

    Parameters
    ----------
    spec : LossSpec
        What the loss op computes.
    reduction : str
        ``"sum_over_batch_size"``, the mean over all elements of the leading axes.
    name : str
        A name.

    Raises
    ------
    ValueError
        For another reduction.
    """

    never_called = dict.fromkeys(("call", "__call__"), INSTEAD)
    settable = frozenset({"name"})
    remake = "Compile the model with another loss: {cls}({name}=...)."

    #: Fields of the spec that are arguments.
    parameters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, spec: LossSpec, reduction: str, name: str) -> None:
        if reduction != "sum_over_batch_size":
            raise ValueError(f"{name} takes reduction='sum_over_batch_size' only, got {reduction!r}. Leave it out.")
        self.spec = spec
        self.name = name

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """The loss of ``y_pred`` (N, C) or (N, T, C), weighted by ``sample_weight`` (N,) or (N, T).

        Raises
        ------
        TypeError, ValueError
            For shapes that do not fit, and for anything but real numbers.
        """
        return self.mean(as_rows(y_true, y_pred, self.spec, sample_weight))

    def mean(self, rows: Rows) -> float:
        """The loss of host arrays that are settled already, on the default device."""
        ops = get_ops()
        y, target = ops.asarray(rows.y, rows.y.dtype), ops.asarray(rows.target, rows.target.dtype)
        weight = None if rows.weight is None else ops.asarray(rows.weight, rows.weight.dtype)
        value, _ = ops.loss(y, target, self.spec, weight=weight, gradient=False)
        return float(value)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal loss, as JSON values."""
        return {"name": self.name, **{field: getattr(self.spec, field) for field in self.parameters}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A loss of :meth:`get_config`'s arguments."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
