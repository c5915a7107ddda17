"""Loss: what every loss is."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..device import get_ops
from ..inputs import as_real
from ..kernels.specs import LossSpec
from ..subclassing import Settable
from ..targets import Rows, as_rows
from .reducing import NONE, as_dtype, as_reduction, reduced

#: What Keras's losses override and these do not: training takes the gradient of a loss from the device's kernel.
INSTEAD = (
    "Take a loss of numba_lstm.losses, with sample_weight where errors count unequally, or write the loop over batches "
    "yourself, as docs/semantics.md shows under 'Classes of your own'."
)


class Loss(Settable):
    """The base of all losses, as ``keras.losses.Loss``: one number for a batch of losses.

    Parameters
    ----------
    spec : LossSpec
        What the loss op computes.
    reduction : str or None
        What is made of the losses of the leading axes, with sample weights w: ``"sum_over_batch_size"`` or ``"mean"``
        their mean ``sum(w l) / count``, ``"sum"`` their sum ``sum(w l)``, ``"mean_with_sample_weight"``
        ``sum(w l) / sum(w)``; ``"none"`` or None leaves them as they are, which cannot be trained.
    name : str
        A name.
    dtype : "float32" or "float64", optional
        Of the arithmetic, where the loss is called by itself. A model computes in its own, so it takes no other.

    Raises
    ------
    ValueError
        For another reduction or dtype.
    """

    never_called = dict.fromkeys(("call", "__call__"), INSTEAD)
    settable = frozenset({"name"})
    remake = "Compile the model with another loss: {cls}({name}=...)."

    #: Fields of the spec that are arguments.
    parameters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, spec: LossSpec, reduction: str | None, name: str | None, dtype: Any = None) -> None:
        self.check_assigned()
        self.spec = spec
        self.name = spec.name if name is None else name
        self.reduction = as_reduction(reduction, self.name)
        self.dtype = None if dtype is None else as_dtype(dtype, self.name)

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """The loss of ``y_pred`` (N, C) or (N, T, C), weighted by ``sample_weight`` (N,) or (N, T).

        Returns
        -------
        float or array
            An array (N,) or (N, T) without a reduction.

        Raises
        ------
        TypeError, ValueError
            For shapes that do not fit, and for anything but real numbers.
        """
        rows = as_rows(
            y_true, y_pred if self.dtype is None else as_real(y_pred, "y_pred").astype(self.dtype), self.spec, sample_weight
        )
        if self.reduction in NONE:
            each = self.each(rows)
            return each if rows.weight is None else each * rows.weight.reshape(each.shape)
        weight = reduced(self.reduction, 1.0, rows.y.shape[:1], rows.weight, rows.weight)
        return self.mean(rows._replace(weight=weight))

    def each(self, rows: Rows) -> npt.NDArray[Any]:
        """The losses without weights, in the shape of the leading axes: one op call a row, since the op answers means."""
        y, target, _, leading = rows
        ones = (Rows(y[k : k + 1], target[k : k + 1], None, (1,)) for k in range(len(y)))
        return np.array([self.mean(one) for one in ones], y.dtype).reshape(leading)

    def mean(self, rows: Rows) -> float:
        """The loss of host arrays that are settled already, on the default device."""
        ops = get_ops()
        y, target = ops.asarray(rows.y, rows.y.dtype), ops.asarray(rows.target, rows.target.dtype)
        weight = None if rows.weight is None else ops.asarray(rows.weight, rows.y.dtype)
        value, _ = ops.loss(y, target, self.spec, weight=weight, gradient=False)
        return float(value)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal loss, as JSON values."""
        dtype = {} if self.dtype is None else {"dtype": self.dtype}
        return {
            "name": self.name,
            "reduction": self.reduction,
            **dtype,
            **{field: getattr(self.spec, field) for field in self.parameters},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A loss of :meth:`get_config`'s arguments."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
