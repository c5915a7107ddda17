"""Intersections over unions of classes, as those of ``keras.metrics``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_number, as_real
from .custom_states import copy_for_output, update_from_device
from .host_metric import HostMetric

EPSILON = 1e-7


class IoU(HostMetric):
    """Mean over some classes of the intersection over the union of targets and outputs, as ``keras.metrics.IoU``.

    It is ``hits / (hits + false positives + false negatives)`` of a class. Classes that never come do not count. Weights are
    any numbers; Keras cuts their fractions off.

    Parameters
    ----------
    num_classes : int
        Number of classes.
    target_class_ids : sequence of int
        The classes that count.
    name, dtype
        See :class:`HostMetric`.
    ignore_class : int, optional
        Targets of this class do not count.
    sparse_y_true, sparse_y_pred : bool
        Whether targets, and outputs, are numbers of classes; else the largest entry along ``axis`` is one.
    axis : int
        The axis of the classes.
    """

    direction = "max"
    kind: ClassVar[str] = "io_u"
    update = update_from_device
    for_output = copy_for_output

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        self.num_classes = as_count(num_classes, f"{type(self).__name__}'s num_classes")
        self.target_class_ids = [int(one) for one in target_class_ids]
        if wrong := [one for one in self.target_class_ids if not 0 <= one < self.num_classes]:
            raise ValueError(f"target_class_ids must be from 0 to {self.num_classes - 1}, got {wrong[0]}.")
        self.ignore_class, self.axis = ignore_class, int(axis)
        self.sparse_y_true, self.sparse_y_pred = bool(sparse_y_true), bool(sparse_y_pred)
        super().__init__(self.kind, name, dtype)

    def update_state(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        """Add a batch of NumPy arrays.

        Raises
        ------
        ValueError
            For classes out of range, and for weights that do not fit.
        """
        target = self._classes(y_true, self.sparse_y_true, "y_true")
        found = self._classes(y_pred, self.sparse_y_pred, "y_pred")
        if target.size != found.size:
            raise ValueError(f"{self.name} expects as many targets as outputs, got shapes {target.shape} and {found.shape}.")
        weight = np.ones(target.shape) if sample_weight is None else as_real(sample_weight, "sample_weight")
        weight = weight.reshape(*weight.shape, *(1,) * (target.ndim - weight.ndim))
        weight = np.broadcast_to(weight, target.shape).reshape(-1)
        target, found = target.reshape(-1), found.reshape(-1)
        valid = np.ones(target.shape, bool) if self.ignore_class is None else target != self.ignore_class
        for what, classes in (("y_true", target[valid]), ("y_pred", found[valid])):
            if classes.size and not 0 <= classes.min() <= classes.max() < self.num_classes:
                raise ValueError(f"{self.name} expects classes from 0 to {self.num_classes - 1}, got {what} with others.")
        pairs = target[valid] * self.num_classes + found[valid]
        counts = np.bincount(pairs, weight[valid], self.num_classes**2)
        self.accumulate(counts=counts.reshape(self.num_classes, self.num_classes))

    def _classes(self, x: npt.ArrayLike, sparse: bool, what: str) -> npt.NDArray[np.int64]:
        array = as_real(x, what)
        return (array if sparse else array.argmax(self.axis)).astype(np.int64)

    def of_sums(self, **sums: Any) -> float:
        """Return the mean of the classes."""
        counts = sums["counts"]
        hits = np.diag(counts)[self.target_class_ids]
        union = (counts.sum(0) + counts.sum(1) - np.diag(counts))[self.target_class_ids]
        present = union > 1e-9
        return float(np.sum(hits / (union + EPSILON)) / present.sum()) if present.any() else 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        names = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}


class BinaryIoU(IoU):
    """:class:`IoU` of the classes 0 and 1, of outputs from ``threshold`` on, as ``keras.metrics.BinaryIoU``.

    Parameters
    ----------
    target_class_ids : sequence of int
        The classes that count, 0 and 1.
    threshold : float
        Outputs from it on are of class 1.
    name, dtype
        See :class:`HostMetric`.
    """

    kind = "binary_io_u"

    def __init__(
        self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name: str | None = None, dtype: Any = None
    ) -> None:
        self.threshold = as_number(threshold, "BinaryIoU's threshold")
        super().__init__(2, target_class_ids, name, dtype)

    def update_state(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        """Add a batch of NumPy arrays."""
        super().update_state(y_true, as_real(y_pred, "y_pred") >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, "target_class_ids": self.target_class_ids, "threshold": self.threshold}


class MeanIoU(IoU):
    """:class:`IoU` of all classes, as ``keras.metrics.MeanIoU``. The parameters are those of :class:`IoU`."""

    kind = "mean_io_u"

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        ids = range(as_count(num_classes, f"{type(self).__name__}'s num_classes"))
        super().__init__(num_classes, ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {name: value for name, value in super().get_config().items() if name != "target_class_ids"}


class OneHotIoU(IoU):
    """:class:`IoU` of one-hot targets, as ``keras.metrics.OneHotIoU``. The parameters are those of :class:`IoU`."""

    kind = "one_hot_io_u"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {name: value for name, value in super().get_config().items() if name != "sparse_y_true"}


class OneHotMeanIoU(MeanIoU):
    """:class:`MeanIoU` of one-hot targets, as ``keras.metrics.OneHotMeanIoU``. The parameters are those of :class:`IoU`."""

    kind = "one_hot_mean_io_u"

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {name: value for name, value in super().get_config().items() if name != "sparse_y_true"}
