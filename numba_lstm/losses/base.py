"""Loss: the base class of all losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..device import get_ops
from ..inputs import as_real
from ..inputs.target_shapes import device_losses_shape
from ..inputs.targets import Rows, as_rows
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec
from ..naming.names import snake_case
from ..objects.subclassing import Settable
from ..ops.tensor import is_traced
from .formulas import reduced, row_losses
from .reductions import NONE, as_dtype, as_reduction, reduction_weights

#: What to do instead of overriding ``__call__``, which reduces the losses of arrays.
INSTEAD = "Override call(self, y_true, y_pred), which uses numba_lstm.ops and returns the losses before the reduction."


class Loss(Settable):
    """Base class of all losses, as ``keras.losses.Loss``: reduces the losses of a batch to one number.

    A subclass may define ``call(self, y_true, y_pred)``, which uses operators and :mod:`numba_lstm.ops` and returns a loss for
    each element, step or sample, or a number. It is traced for each shape of a batch, and compiled with its gradient.

    Parameters
    ----------
    spec : LossSpec, optional
        The loss that the loss op computes; None for a class with a method ``call``.
    reduction : str or None
        Reduction of the losses l over the leading axes, with sample weights w: ``"sum_over_batch_size"`` and ``"mean"`` are
        ``sum(w l) / count``, ``"sum"`` is ``sum(w l)``, ``"mean_with_sample_weight"`` is ``sum(w l) / sum(w)``. ``"none"``
        and None do not reduce; such a loss cannot be trained.
    name : str
        The loss's name.
    dtype : "float32" or "float64", optional
        Dtype of the arithmetic if the loss is called outside of a model. A model uses the model's dtype.

    Raises
    ------
    ValueError
        For another reduction or dtype.
    """

    unsupported_methods = {"__call__": INSTEAD}
    settable = frozenset({"name"})
    replacement = "Compile the model with another loss: {cls}({name}=...)."

    #: Fields of the spec that are arguments of the class.
    parameters: ClassVar[tuple[str, ...]] = ()

    #: Makes the loss of a method ``call``: a function of it, the reduction, the name and the dtype.
    of_function: ClassVar[Callable[..., Loss]]

    def __init__(
        self,
        spec: LossSpec | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.check_assigned_methods()
        call = getattr(self, "call", None)
        if call is None and spec is None:
            raise TypeError(f"{type(self).__name__} has no losses to reduce. Define call(self, y_true, y_pred).")
        self.name = name if name is not None else snake_case(type(self).__name__) if spec is None else spec.name
        self.reduction = as_reduction(reduction, self.name)
        self.dtype = None if dtype is None else as_dtype(dtype, self.name)
        #: The loss of the method ``call``, which computes in place of the loss op.
        self.traced = None if call is None else type(self).of_function(call, self.reduction, self.name, self.dtype)
        self.spec: LossSpec = spec if self.traced is None else self.traced.spec  # type: ignore[assignment]  # one of both is there

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """Compute the loss of ``y_pred`` (N, C) or (N, T, C), weighted by ``sample_weight`` (N,) or (N, T).

        In a custom function, whose arguments are traced tensors, it is a tensor.

        Returns
        -------
        float or array
            The loss. Without a reduction an array (N,) or (N, T).

        Raises
        ------
        TypeError, ValueError
            For shapes that do not fit, and for anything but real numbers.
        """
        if is_traced(y_true, y_pred):
            function = None if self.traced is None else getattr(self, "call")  # noqa: B009  # a subclass has it
            values = row_losses(y_true, y_pred, self.spec) if function is None else function(y_true, y_pred)
            return reduced(values, sample_weight, self.reduction)
        if self.traced is not None:
            return self.traced(y_true, y_pred, sample_weight)
        rows = as_rows(
            y_true, y_pred if self.dtype is None else as_real(y_pred, "y_pred").astype(self.dtype), self.spec, sample_weight
        )
        if self.reduction in NONE:
            losses = self.row_losses(rows)
            return losses if rows.weight is None else losses * rows.weight.reshape(losses.shape)
        valid = self._valid(rows)
        counted = rows.weight if valid is None else valid if rows.weight is None else valid * rows.weight
        mean = counted if valid is None or counted is None else counted * (valid.size / max(int(np.count_nonzero(valid)), 1))
        weight = reduction_weights(self.reduction, 1.0, (math.prod(rows.leading),), mean, counted)
        return self.mean(rows._replace(weight=weight))

    def _valid(self, rows: Rows) -> npt.NDArray[Any] | None:
        """Return 1 for the rows of other classes than the one that is ignored, and 0 for those; None where none is."""
        return None if self.spec.ignore_class is None else (rows.target != self.spec.ignore_class).astype(rows.y.dtype)

    def row_losses(self, rows: Rows) -> npt.NDArray[Any]:
        """Return the losses without weights, in the shape of the leading axes. The op computes means, so each row is a call."""
        losses = np.array([self.mean(rows.one(k)) for k in range(math.prod(rows.leading))], rows.y.dtype)
        valid = self._valid(rows)
        return (losses if valid is None else np.where(valid, losses, 0)).reshape(rows.leading)

    def mean(self, rows: Rows) -> float:
        """Return the loss of validated host arrays, computed on the default device."""
        ops = get_ops()
        y, target = ops.asarray(rows.y, rows.y.dtype), ops.asarray(rows.target, rows.target.dtype)
        weight = None if rows.weight is None else ops.asarray(rows.weight, rows.y.dtype)
        value, _ = ops.loss(y, target, self.spec, weight=weight, gradient=False)
        return float(value)

    def compute(
        self, ops: Ops, y: Array, target: Array, weight: Array | None, mask: Array | None = None, *, gradient: bool
    ) -> tuple[Any, Array | None]:
        """Return the mean of the weighted losses of device arrays, and with ``gradient`` its gradient with respect to y.

        The ``mask`` (T, N) of the output is for losses of whole sequences; that of others is in ``weight``.
        """
        if self.traced is not None:
            return self.traced.compute(ops, y, target, weight, mask, gradient=gradient)
        return ops.loss(y, target, self.spec, weight=weight, mask=mask, gradient=gradient)

    def leading_shape(self, target: tuple[int, ...], rank: int) -> tuple[int, ...]:
        """Return the shape of the losses (N,) or (T, N) for a batch of targets of this shape and outputs of ``rank``."""
        if self.traced is not None:
            return self.traced.leading_shape(target, rank)
        return device_losses_shape(self.spec, target)

    def check_traceable(self, output_shape: Sequence[int | None]) -> None:
        """Raise TypeError for a method ``call`` that cannot be traced."""
        if self.traced is not None:
            self.traced.check_traceable(output_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss, as JSON values."""
        dtype = {} if self.dtype is None else {"dtype": self.dtype}
        fields = [(field, getattr(self.spec, field)) for field in self.parameters]
        return {
            "name": self.name,
            "reduction": self.reduction,
            **dtype,
            **{field: list(value) if isinstance(value, tuple) else value for field, value in fields},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a loss of the arguments that :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
