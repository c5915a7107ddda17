"""Losses and their gradients: elementwise, or with one warp per row for crossentropies over classes, or a thread per row."""

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
from .ctc import ctc
from .element_losses import element_loss
from .row_losses import ROWWISE, row_loss
from .signs import as_signs

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
    y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, mask: Array | None = None, gradient: bool
) -> tuple[Scalar, Array | None]:
    """The value is summed in float64, and stays in device memory until ``float()`` reads it."""
    if spec.name == "ctc":
        return ctc(y, target, spec, weight, mask, gradient)
    dtype, count = y.dtype.name, y.size // y.shape[-1]
    dy = empty_like(y) if gradient else None
    weights, slopes = y if weight is None else weight, y if dy is None else dy
    options = spec, dtype, weight is not None, gradient
    if spec.name in CLASSES or spec.name in ROWWISE:
        losses, terms = driver.current().empty(count, y.dtype), count
        labels = flat(cast(target, np.int64)) if spec.name.startswith("sparse") else matrix(target)
        launch, kernel = (launch_rows, class_loss) if spec.name in CLASSES else (launch_elements, row_loss)
        launch(kernel(*options), count, matrix(y), labels, flat(weights), 1 / count, losses, matrix(slopes))
    else:
        losses, terms = empty_like(y), y.size
        target = as_signs(target) if spec.name in ("hinge", "squared_hinge") else target
        operands = matrix(y), matrix(target), flat(weights), 1 / terms, matrix(losses), matrix(slopes)
        launch_elements(_elements(*options), terms, *operands)
    return Scalar(total(losses), 1 / terms), dy
