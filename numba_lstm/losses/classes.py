"""The losses: Keras's names, arguments and defaults. The equations stand in the contract's ``loss``."""

from __future__ import annotations

from ..inputs import as_number
from ..kernels.specs import LossSpec
from .base import Loss


class MeanSquaredError(Loss):
    """``mean (y - target)^2``, as ``keras.losses.MeanSquaredError``."""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_error") -> None:
        super().__init__(LossSpec("mean_squared_error"), reduction, name)


class MeanAbsoluteError(Loss):
    """``mean |y - target|``, as ``keras.losses.MeanAbsoluteError``."""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_error") -> None:
        super().__init__(LossSpec("mean_absolute_error"), reduction, name)


class Huber(Loss):
    """A parabola up to ``delta``, its tangent beyond (Huber 1964), as ``keras.losses.Huber``.

    Parameters
    ----------
    delta : float
        The error, above 0, where the parabola ends.
    reduction, name
        As :class:`Loss`'s.
    """

    parameters = ("delta",)

    def __init__(self, delta: float = 1.0, reduction: str = "sum_over_batch_size", name: str = "huber_loss") -> None:
        super().__init__(LossSpec("huber", delta=as_number(delta, "delta", "(0, inf)")), reduction, name)


class LogCosh(Loss):
    """``mean log cosh (y - target)``, as ``keras.losses.LogCosh``."""

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "log_cosh") -> None:
        super().__init__(LossSpec("log_cosh"), reduction, name)


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
    reduction, name
        As :class:`Loss`'s.
    """

    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_crossentropy",
    ) -> None:
        super().__init__(_crossentropy("binary_crossentropy", from_logits, label_smoothing, axis), reduction, name)


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
    reduction, name
        As :class:`Loss`'s.
    """

    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
    ) -> None:
        super().__init__(_crossentropy("categorical_crossentropy", from_logits, label_smoothing, axis), reduction, name)


class SparseCategoricalCrossentropy(Loss):
    """``-log p[label]``, as ``keras.losses.SparseCategoricalCrossentropy``; targets are labels from 0 to C - 1.

    Parameters
    ----------
    from_logits : bool
        The model answers z of ``p = softmax(z)`` instead of p.
    ignore_class : None
        Not taken.
    reduction, name
        As :class:`Loss`'s.
    axis : int
        -1.
    """

    parameters = ("from_logits",)

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
    ) -> None:
        if ignore_class is not None:
            raise ValueError(f"{name} takes no ignore_class, got {ignore_class!r}. Give these steps a sample_weight of 0.")
        super().__init__(_crossentropy("sparse_categorical_crossentropy", from_logits, 0.0, axis), reduction, name)


def _crossentropy(name: str, from_logits: bool, label_smoothing: float, axis: int) -> LossSpec:
    if axis != -1:
        raise ValueError(f"{name} takes axis=-1 only, got {axis!r}. Move the classes to the last axis.")
    smoothing = as_number(label_smoothing, "label_smoothing", "[0, 1]")
    return LossSpec(name, from_logits=bool(from_logits), label_smoothing=smoothing)
