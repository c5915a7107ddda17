"""Initial values of variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..system.defaults import floatx
from . import get


def initial_array(initializer: Any, shape: int | Sequence[int] | None, dtype: Any) -> npt.NDArray[Any]:
    """Return a new array: the value of a variable, or one of ``shape`` that an initializer makes."""
    if isinstance(initializer, (str, dict)) or callable(initializer):
        if shape is None:
            raise ValueError(f"a Variable of the initializer {initializer!r:.80} needs a shape. Give shape=.")
        size = (shape,) if isinstance(shape, int) else tuple(shape)
        make = initializer if callable(initializer) and not isinstance(initializer, type) else get(initializer)
        initializer = make(size, dtype or floatx())
    array = np.array(initializer, dtype, order="C", copy=True)
    if dtype is None and not hasattr(initializer, "dtype") and array.dtype == np.float64:
        array = array.astype(floatx())
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a Variable holds numbers, got {initializer!r:.80}.")
    return array
