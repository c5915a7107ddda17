"""Losses and their gradients: element by element, or for crossentropies over classes a warp a row."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...specs import LossSpec
from ..arrays.arrays import matrix
from ..arrays.elementwise import cast, flat, like
from ..arrays.sums import Scalar, total
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements, launch_rows
from .class_losses import CLASSES, class_loss
from .element_losses import element_loss

Array = Any


@cache
def _elements(spec: LossSpec, dtype: str, weighted: bool, gradient: bool) -> Kernel:
    part = element_loss(spec, dtype)
    name = f"{spec.name}_{dtype}" + "_weighted" * weighted + "_gradient" * gradient

    @jit("f2 f2 f1 r f2 f2", dtype, name)
    def elements(y, target, weight, share, losses, dy):
        i = element()
        if i < y.size:
            m, k = i // y.shape[1], i % y.shape[1]
            loss, slope = part(y[m, k], target[m, k])
            if weighted:
                loss *= weight[m]
                slope *= weight[m]
            losses[m, k] = loss
            if gradient:
                dy[m, k] = slope * share

    return elements


def loss(
    y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, gradient: bool
) -> tuple[Scalar, Array | None]:
    """The value is added up in float64, and stays on the device until it is asked for."""
    dtype, C = y.dtype.name, y.shape[-1]
    count = y.size // C
    dy = like(y) if gradient else None
    weights, slopes = y if weight is None else weight, y if dy is None else dy
    if spec.name in CLASSES:
        losses, parts = driver.current().empty(count, y.dtype), count
        kernel = class_loss(spec, dtype, weight is not None, gradient)
        labels = flat(cast(target, np.int64)) if spec.name.startswith("sparse") else matrix(target)
        launch_rows(kernel, count, matrix(y), labels, flat(weights), 1 / count, losses, matrix(slopes))
    else:
        losses, parts = like(y), y.size
        kernel = _elements(spec, dtype, weight is not None, gradient)
        launch_elements(kernel, parts, matrix(y), matrix(target), flat(weights), 1 / parts, matrix(losses), matrix(slopes))
    return Scalar(total(losses), 1 / parts), dy
