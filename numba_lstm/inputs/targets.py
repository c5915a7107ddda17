"""Validation of targets and their weights against the shape of a model's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels.specs import LossSpec, MetricSpec
from . import as_count, as_number, as_real
from .target_shapes import check_output, is_sequence_loss, is_sparse, losses_shape, target_shape

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

#: Name of the spec of a user's function, which takes targets of any shape.
CUSTOM = "custom"


def as_target(y: Any, output_shape: Shape, spec: LossSpec | MetricSpec) -> Array:
    """Return ``y`` in the shape that a loss takes for an output (n, C) or (n, T, C); labels are int64.

    A last axis of size one may be missing or superfluous, as in Keras. Nothing else is broadcast.

    Raises
    ------
    TypeError
        For anything but real numbers.
    ValueError
        For another number of samples, another shape (unless a user's function takes it), or a label that is no class.
    """
    check_output(spec, output_shape)
    array = as_real(y, "y")
    expected = target_shape(spec, output_shape)
    if array.ndim == 0 or len(array) != output_shape[0]:
        raise ValueError(
            f"x and y must have the same number of samples, got {output_shape[0]} and "
            f"{len(array) if array.ndim else 'a number'}. Give one target a sample."
        )
    if is_sequence_loss(spec):
        return _as_label_sequences(array, output_shape, spec)
    if array.shape == (*expected, 1) and spec.name != CUSTOM:
        array = array[..., 0]
    elif (*array.shape, 1) == expected:
        array = array[..., None]
    if array.shape != expected and spec.name != CUSTOM:
        raise ValueError(_mismatch(array.shape, output_shape, spec))
    return _as_labels(array, output_shape[-1], spec) if is_sparse(spec) else array


def _mismatch(shape: Shape, output_shape: Shape, spec: LossSpec | MetricSpec) -> str:
    """Return the error for a ``y`` that does not fit, with a change after which it does."""
    sentence = f"y of shape {shape} does not fit the model's output of shape {output_shape} for {spec.name}."
    sparse, units = is_sparse(spec), output_shape[-1]
    if sparse and shape == output_shape:
        return f"{sentence} Give labels without the last axis, or take categorical_crossentropy for one-hot targets."
    if not sparse and shape == output_shape[:-1] and "categorical" in spec.name:
        return f"{sentence} Give one-hot targets, np.eye({units})[y], or take sparse_categorical_crossentropy for labels."
    expected = target_shape(spec, output_shape)
    if expected[-1] != units and not sparse:
        return f"{sentence} Give y of shape {expected}."
    one_a_sample = shape[1:] in ((), (1,)) if sparse or units == 1 else shape[1:] == (units,)
    if len(output_shape) == 3 and one_a_sample:
        return f"{sentence} Give one target a step, or set return_sequences=False on the last LSTM."
    if len(output_shape) == 2 and (len(shape) == 2 if sparse else len(shape) == 3 and shape[-1] == units):
        return f"{sentence} Give one target a sample, or set return_sequences=True on the last LSTM."
    if not sparse and shape == output_shape[:-1]:
        return f"{sentence} Give y of shape {expected}, or end the model with 1 unit."
    if not sparse and shape[:-1] == output_shape[:-1]:
        return f"{sentence} Give y of shape {expected}, or end the model with {shape[-1]} units."
    return f"{sentence} Give y of shape {expected}."


def _as_labels(array: Array, classes: int, spec: LossSpec | MetricSpec) -> Array:
    with np.errstate(invalid="ignore"):  # NaN has no label; the comparison below finds it
        labels = array.astype(np.int64, copy=False)
    if array.dtype.kind == "f" and not np.array_equal(labels, array):
        wrong = array[labels != array].flat[0]
        advice = "Leave samples without a label out." if np.isnan(wrong) else "Take mean_squared_error for numbers."
        raise ValueError(f"{spec.name} takes whole numbers as labels, got {wrong} in y. {advice}")
    ignored = getattr(spec, "ignore_class", None)
    counted = labels if ignored is None else labels[labels != ignored]
    low, high = (counted.min(), counted.max()) if counted.size else (0, 0)
    if low < 0 or high >= classes:
        raise ValueError(
            f"{spec.name} takes labels from 0 to {classes - 1}, for the model's last axis has {classes} entries; "
            f"got labels from {low} to {high}. {_numbering(counted, classes)}"
        )
    return labels


def _as_label_sequences(array: Array, output_shape: Shape, spec: LossSpec | MetricSpec) -> Array:
    """Return the labels (n, L) of sequences, each padded at its end with the blank class or a negative number."""
    _, steps, classes = output_shape
    if array.ndim != 2:
        raise ValueError(
            f"{spec.name} expects labels (batch, length) for outputs {output_shape}, got the shape {array.shape}. "
            "Pad the labels of each sample at its end with the blank class."
        )
    with np.errstate(invalid="ignore"):
        labels = array.astype(np.int64, copy=False)
    if array.dtype.kind == "f" and not np.array_equal(labels, array):
        raise ValueError(f"{spec.name} takes whole numbers as labels, got {array[labels != array].flat[0]} in y. Number them.")
    if labels.size and labels.max() >= classes:
        raise ValueError(
            f"{spec.name} takes labels from 0 to {classes - 1}, for the model's last axis has {classes} entries; "
            f"got the label {labels.max()}. End the model with {labels.max() + 1} units."
        )
    is_label = (labels >= 0) & (labels != getattr(spec, "blank", 0) % classes)
    if np.any(is_label[:, 1:] & ~is_label[:, :-1]):
        raise ValueError(f"{spec.name} takes labels that are padded at the end, got a label after padding. Move it forward.")
    longest = int(is_label.sum(axis=1).max(initial=0))
    if steps is not None and longest > steps:
        raise ValueError(
            f"y of shape {array.shape} has {longest} labels in a sample, more than the {steps} steps of the output of shape "
            f"{output_shape}. Give longer inputs, or shorter labels."
        )
    return labels


def _numbering(labels: Array, classes: int) -> str:
    """Return what to do with labels outside of ``classes``: number them from 0, or end the model with more units."""
    distinct = np.unique(labels)
    if distinct[0] == 0 and len(distinct) == distinct[-1] + 1:
        return f"End the model with {len(distinct)} units."
    numbering = "Number the classes from 0: classes, y = np.unique(y, return_inverse=True)"
    if labels.ndim > 1:
        numbering = "Number the classes from 0: classes, n = np.unique(y, return_inverse=True); y = n.reshape(np.shape(y))"
    units = f", and end the model with {len(distinct)} units" if len(distinct) > classes else ""
    ignoring = f" If this label means none, write SparseCategoricalCrossentropy(ignore_class={distinct[0]})."
    ignoring = ignoring if distinct[0] < 0 else ""
    return f"{numbering}{units}.{ignoring}"


def as_weight(weight: Any, leading: Shape, name: str = "sample_weight") -> Array:
    """Return ``weight`` (n,), (n, 1) or (n, T) in the shape ``leading`` of the losses: (n,), (n, T) or (n, H, W).

    Raises
    ------
    TypeError
        For anything but real numbers.
    ValueError
        For another shape.
    """
    array = as_real(weight, name)
    if array.shape == (*leading, 1):
        array = array[..., 0]
    ones = (1,) * (len(leading) - 1)
    if array.ndim == 1:
        array = array.reshape(-1, *ones)
    if array.ndim != len(leading) or array.shape[:1] != leading[:1] or array.shape[1:] not in (leading[1:], ones):
        shapes = f"{leading[:1]}" + (f" or {leading}" if ones else "")
        raise ValueError(f"{name} must have the shape {shapes}, got {np.shape(weight)}. Give one weight a sample or step.")
    return np.broadcast_to(array, leading)


def class_weights(target: Array, weights: Any, spec: LossSpec) -> Array:
    """Return the weight of each element of ``target`` (from :func:`as_target`) by its class, 1 by default, as Keras does.

    The class is the label, the index of the largest entry of a row, or a single entry, rounded.

    Raises
    ------
    TypeError, ValueError
        Unless ``weights`` is a mapping of whole numbers to numbers of at least 0.
    """
    if is_sequence_loss(spec):
        raise ValueError(f"class_weight needs a class a sample, but {spec.name} takes sequences. Give sample_weight instead.")
    if not isinstance(weights, Mapping):
        advice = (
            "Write dict(enumerate(class_weight))."
            if isinstance(weights, (list, tuple, np.ndarray))
            else "Write {0: 1.0, 1: 5.0}."
        )
        raise TypeError(f"class_weight must be a dict of classes and weights, got {weights!r}. {advice}")
    table = {
        as_count(label, "a class of class_weight", at_least=0): as_number(weight, f"class_weight[{label}]", "[0, inf)")
        for label, weight in weights.items()
    }
    labels = target
    if not is_sparse(spec):
        if "crossentropy" not in spec.name:
            _check_classes(target, spec)
        labels = target.argmax(axis=-1) if target.shape[-1] > 1 else np.round(target[..., 0])
    result = np.ones(labels.shape)
    for label, weight in table.items():
        result[labels == label] = weight
    return result


def _check_classes(target: Array, spec: LossSpec) -> None:
    """Raise ValueError unless the targets of a regression loss are classes: whole numbers from 0, or one-hot rows."""
    is_whole = (target >= 0) & (target == np.floor(target))
    one_hot = target.shape[-1] == 1 or bool(np.all(np.sum(target, axis=-1) == 1))
    if not (is_whole.all() and one_hot):
        raise ValueError(
            f"class_weight needs classes, but y holds other numbers for {spec.name}. "
            "Give sample_weight instead, one weight a sample."
        )


class Rows(NamedTuple):
    """Outputs, targets and weights whose leading axes are flattened to M rows, or M whole sequences."""

    y: Array  #: (M, C), or sequences (T, M, C)
    target: Array  #: (M, C), or labels (M,), or those of sequences (L, M)
    weight: Array | None  #: (M,)
    leading: Shape  #: shape of the losses

    def one(self, k: int) -> Rows:
        """Return row or sequence k without its weight."""
        some = (slice(None),) * (self.y.ndim - 2) + (slice(k, k + 1),)
        return Rows(np.ascontiguousarray(self.y[some]), np.ascontiguousarray(self.target[some]), None, (1,))


def as_rows(y_true: Any, y_pred: Any, spec: LossSpec | MetricSpec, sample_weight: Any = None) -> Rows:
    """Return the arguments of a loss or metric as rows, in float64 if ``y_pred`` is, else in float32.

    Raises
    ------
    TypeError, ValueError
        For shapes that do not fit, and for anything but real numbers.
    """
    y = as_real(y_pred, "y_pred")
    if y.ndim == 0:
        raise ValueError("y_pred must have at least one axis, got a number. Give an array of outputs.")
    dtype = np.float64 if y.dtype == np.float64 else np.float32
    target = as_target(y_true, y.shape, spec)
    leading = losses_shape(spec, y.shape)
    weight = None if sample_weight is None else as_weight(sample_weight, leading).reshape(-1).astype(dtype)
    if is_sequence_loss(spec):
        return Rows(np.ascontiguousarray(y.swapaxes(0, 1), dtype), np.ascontiguousarray(target.T), weight, leading)
    target = target.reshape(-1) if is_sparse(spec) else target.reshape(-1, target.shape[-1]).astype(dtype)
    return Rows(y.reshape(-1, y.shape[-1]).astype(dtype), target, weight, leading)
