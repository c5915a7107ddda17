"""The losses: Keras's names, arguments and defaults. The equations stand in the contract's ``loss``."""

from __future__ import annotations

from typing import Any

from ..inputs import as_number
from ..kernels.specs import LossSpec
from .base import Loss


class MeanSquaredError(Loss):
    """``mean (y - target)^2``, as ``keras.losses.MeanSquaredError``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("mean_squared_error"), reduction, name, dtype)


class MeanAbsoluteError(Loss):
    """``mean |y - target|``, as ``keras.losses.MeanAbsoluteError``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("mean_absolute_error"), reduction, name, dtype)


class Huber(Loss):
    """A parabola up to ``delta``, its tangent beyond (Huber 1964), as ``keras.losses.Huber``.

    Parameters
    ----------
    delta : float
        The error, above 0, where the parabola ends.
    reduction, name, dtype
        As :class:`Loss`'s.
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
    """``mean log cosh (y - target)``, as ``keras.losses.LogCosh``."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None) -> None:
        super().__init__(LossSpec("log_cosh"), reduction, name, dtype)


class BinaryCrossentropy(Loss):
    """``-mean (q log p + (1 - q) log(1 - p))``, as ``keras.losses.BinaryCrossentropy``.

    Parameters
    ----------
    from_logits : bool
        The model answers z of ``p = sigmoid(z)`` instead of p.
    label_smoothing : float
        Pull targets towards 1/2 by this share, in [0, 1].
    axis : int
        -1.
    reduction, name, dtype
        As :class:`Loss`'s.
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
    """``-sum q log p`` over the classes, as ``keras.losses.CategoricalCrossentropy``; targets are one-hot.

    Parameters
    ----------
    from_logits : bool
        The model answers z of ``p = softmax(z)`` instead of p.
    label_smoothing : float
        Pull targets towards 1/C by this share, in [0, 1].
    axis : int
        -1.
    reduction, name, dtype
        As :class:`Loss`'s.
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
    """``-log p[label]``, as ``keras.losses.SparseCategoricalCrossentropy``; targets are labels from 0 to C - 1.

    Parameters
    ----------
    from_logits : bool
        The model answers z of ``p = softmax(z)`` instead of p.
    ignore_class : None
        Not taken.
    reduction, name, dtype
        As :class:`Loss`'s.
    axis : int
        -1.
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
