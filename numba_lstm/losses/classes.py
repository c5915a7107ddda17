"""Loss classes, with the names, arguments and defaults of ``keras.losses``. The contract's ``loss`` op has the equations."""

from __future__ import annotations

from typing import Any

from ..inputs import as_number
from ..kernels.specs import LossSpec
from .base import Loss


class MeanSquaredError(Loss):
    """Mean squared error, ``mean (y - target)^2``, as ``keras.losses.MeanSquaredError``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("mean_squared_error"), reduction, name, dtype)


class MeanAbsoluteError(Loss):
    """Mean absolute error, ``mean |y - target|``, as ``keras.losses.MeanAbsoluteError``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("mean_absolute_error"), reduction, name, dtype)


class Huber(Loss):
    """Huber loss: quadratic for errors up to ``delta``, linear beyond (Huber 1964), as ``keras.losses.Huber``.

    Parameters
    ----------
    delta : float
        Error, above 0, at which the loss becomes linear.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(LossSpec("huber", delta=as_number(delta, "delta", "(0, inf)")), reduction, name, dtype)


class LogCosh(Loss):
    """Mean logarithm of the hyperbolic cosine, ``mean log cosh (y - target)``, as ``keras.losses.LogCosh``."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None) -> None:
        super().__init__(LossSpec("log_cosh"), reduction, name, dtype)


class BinaryCrossentropy(Loss):
    """Binary cross-entropy, ``-mean (q log p + (1 - q) log(1 - p))``, as ``keras.losses.BinaryCrossentropy``.

    Parameters
    ----------
    from_logits : bool
        Whether outputs are logits z, with ``p = sigmoid(z)``, instead of p.
    label_smoothing : float
        Fraction, in [0, 1], by which targets move towards 1/2.
    axis : int
        Axis of the classes, only -1.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(_crossentropy("binary_crossentropy", from_logits, label_smoothing, axis), reduction, name, dtype)


class CategoricalCrossentropy(Loss):
    """Cross-entropy of one-hot targets, ``-sum q log p`` over the classes, as ``keras.losses.CategoricalCrossentropy``.

    Parameters
    ----------
    from_logits : bool
        Whether outputs are logits z, with ``p = softmax(z)``, instead of p.
    label_smoothing : float
        Fraction, in [0, 1], by which targets move towards 1/C.
    axis : int
        Axis of the classes, only -1.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(_crossentropy("categorical_crossentropy", from_logits, label_smoothing, axis), reduction, name, dtype)


class SparseCategoricalCrossentropy(Loss):
    """Cross-entropy of labels from 0 to C - 1, ``-log p[label]``, as ``keras.losses.SparseCategoricalCrossentropy``.

    Parameters
    ----------
    from_logits : bool
        Whether outputs are logits z, with ``p = softmax(z)``, instead of p.
    ignore_class : None
        Must be None.
    reduction, name, dtype
        See :class:`Loss`.
    axis : int
        Axis of the classes, only -1.
    """

    parameters = ("from_logits",)

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        if ignore_class is not None:
            raise ValueError(
                f"{name} takes no ignore_class, got {ignore_class!r}. Give these steps any label, and a sample_weight of 0."
            )
        super().__init__(_crossentropy("sparse_categorical_crossentropy", from_logits, 0.0, axis), reduction, name, dtype)


def _crossentropy(name: str, from_logits: bool, label_smoothing: float, axis: int) -> LossSpec:
    if axis != -1:
        raise ValueError(f"{name} takes axis=-1 only, got {axis!r}. Move the classes to the last axis.")
    smoothing = as_number(label_smoothing, "label_smoothing", "[0, 1]")
    return LossSpec(name, from_logits=bool(from_logits), label_smoothing=smoothing)
