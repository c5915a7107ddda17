"""Losses and their gradients: elementwise, or with one warp per row for crossentropies over classes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...specs import LossSpec
from ..arrays.arrays import matrix
from ..arrays.elementwise import cast, empty_like, flat
from ..arrays.sums import Scalar, total
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements, launch_rows
from .class_losses import CLASSES, class_loss
from .element_losses import element_loss

Array = Any


@cache
def _elements(spec: LossSpec, dtype: str, weighted: bool, gradient: bool) -> Kernel:
    loss_of = element_loss(spec, dtype)
    name = f"{spec.name}_{dtype}" + "_weighted" * weighted + "_gradient" * gradient

    @jit("f2 f2 f1 r f2 f2", dtype, name)
    def elements(y, target, weight, scale, losses, dy):
        i = element()
        if i < y.size:
            m, k = i // y.shape[1], i % y.shape[1]
            loss, slope = loss_of(y[m, k], target[m, k])
            if weighted:
                loss *= weight[m]
                slope *= weight[m]
            losses[m, k] = loss
            if gradient:
                dy[m, k] = slope * scale

    return elements


def loss(
    y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, gradient: bool
) -> tuple[Scalar, Array | None]:
    """The value is summed in float64, and stays in device memory until ``float()`` reads it."""
    dtype, C = y.dtype.name, y.shape[-1]
    count = y.size // C
    dy = empty_like(y) if gradient else None
    weights, slopes = y if weight is None else weight, y if dy is None else dy
    if spec.name in CLASSES:
        losses, terms = driver.current().empty(count, y.dtype), count
        kernel = class_loss(spec, dtype, weight is not None, gradient)
        labels = flat(cast(target, np.int64)) if spec.name.startswith("sparse") else matrix(target)
        launch_rows(kernel, count, matrix(y), labels, flat(weights), 1 / count, losses, matrix(slopes))
    else:
        losses, terms = empty_like(y), y.size
        kernel = _elements(spec, dtype, weight is not None, gradient)
        launch_elements(kernel, terms, matrix(y), matrix(target), flat(weights), 1 / terms, matrix(losses), matrix(slopes))
    return Scalar(total(losses), 1 / terms), dy
