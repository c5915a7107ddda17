"""Losses of classes, as those of ``keras.losses``. The contract's ``loss`` op has the equations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..inputs import as_number, as_whole
from ..kernels.specs import LossSpec
from .base import Loss


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
    ignore_class : int, optional
        Label of rows that count nothing: the loss is the mean over the other rows.
    reduction, name, dtype
        See :class:`Loss`.
    axis : int
        Axis of the classes, only -1.
    """

    parameters = ("from_logits", "ignore_class")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        ignored = None if ignore_class is None else as_whole(ignore_class, "ignore_class")
        spec = replace(_crossentropy("sparse_categorical_crossentropy", from_logits, 0.0, axis), ignore_class=ignored)
        super().__init__(spec, reduction, name, dtype)


class BinaryFocalCrossentropy(Loss):
    """Binary cross-entropy that counts certain outputs less (Lin et al. 2018), as ``keras.losses.BinaryFocalCrossentropy``.

    Parameters
    ----------
    apply_class_balancing : bool
        Whether targets of 1 count ``alpha`` and those of 0 ``1 - alpha``.
    alpha : float
        Weight of the targets of 1.
    gamma : float
        Exponent of the probability of the wrong class.
    from_logits, label_smoothing, axis
        See :class:`BinaryCrossentropy`.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("apply_class_balancing", "alpha", "gamma", "from_logits", "label_smoothing")

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        spec = _focal(_crossentropy("binary_focal_crossentropy", from_logits, label_smoothing, axis), alpha, gamma)
        super().__init__(replace(spec, apply_class_balancing=bool(apply_class_balancing)), reduction, name, dtype)


class CategoricalFocalCrossentropy(Loss):
    """Cross-entropy that counts certain outputs less (Lin et al. 2018), as ``keras.losses.CategoricalFocalCrossentropy``.

    Parameters
    ----------
    alpha : float
        Factor of the loss.
    gamma : float
        Exponent of the probability of the other classes.
    from_logits, label_smoothing, axis
        See :class:`CategoricalCrossentropy`.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("alpha", "gamma", "from_logits", "label_smoothing")

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        spec = _crossentropy("categorical_focal_crossentropy", from_logits, label_smoothing, axis)
        super().__init__(_focal(spec, alpha, gamma), reduction, name, dtype)


def _crossentropy(name: str, from_logits: bool, label_smoothing: float, axis: int) -> LossSpec:
    if axis != -1:
        raise ValueError(f"{name} takes axis=-1 only, got {axis!r}. Move the classes to the last axis.")
    smoothing = as_number(label_smoothing, "label_smoothing", "[0, 1]")
    return LossSpec(name, from_logits=bool(from_logits), label_smoothing=smoothing)


def _focal(spec: LossSpec, alpha: float, gamma: float) -> LossSpec:
    return replace(spec, alpha=as_number(alpha, "alpha"), gamma=as_number(gamma, "gamma", "[0, inf)"))
