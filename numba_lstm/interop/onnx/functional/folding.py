"""Constants: nodes whose inputs are known are computed when the model is made, also with sizes that are free."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ..graph.graph import Node
from ..operators.call import BASE_ELEMENTS, Call
from ..operators.model_operators import MODEL_OPERATORS
from ..operators.table import DEVICE_OPERATORS
from .value import Free, Size, Value

Host = npt.NDArray[Any]

#: Operators that move sizes and compute nothing with them, so that they also take free ones.
_MOVES = frozenset(
    {"Cast", "Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze", "Split", "Expand"}
)


@dataclass(frozen=True)
class Known:
    """An array that is known when the model is made. Free sizes make it an array of objects.

    A uniform one repeats one number over axes of free sizes, which have size 1 in ``array``.
    """

    array: Host
    uniform: bool = False

    @property
    def is_number(self) -> bool:
        """Whether no element is a free size."""
        return self.array.dtype != object

    def numbers(self) -> Host:
        """Return the array; ValueError for free sizes."""
        if not self.is_number:
            raise ValueError(
                f"depends on sizes that are free, {self.array.reshape(-1).tolist()[:9]}. Give shapes of the inputs"
            )
        return self.array


def known_sizes(sizes: Sequence[Size]) -> Known:
    """Return sizes as an array."""
    return as_known(np.array([*sizes, None], object)[:-1])


def as_known(array: Host) -> Known:
    """Return an array of sizes; one without free ones has whole numbers."""
    if array.dtype == object and not any(isinstance(size, Free) for size in array.reshape(-1)):
        array = array.astype(np.int64)
    return Known(array)


def fold(node: Node, inputs: Sequence[Any], opset: int, max_elements: int) -> list[Known] | None:
    """Compute a node whose inputs are known, or that asks for the sizes of any input; None for another one.

    Raises
    ------
    ValueError, TypeError
        For what the operator refuses, and for arithmetic with free sizes.
    """
    if node.kind in ("Shape", "Size") and isinstance(inputs[0], Value):
        return [_sizes(node, inputs[0])]
    if not all(one is None or isinstance(one, Known) for one in inputs):
        return None
    if node.kind in MODEL_OPERATORS or node.kind in DEVICE_OPERATORS:
        raise ValueError("computes with constants alone. Fold it before the export")
    arrays = [None if one is None else one.array for one in inputs]
    if any(one is not None and one.uniform for one in inputs) and node.kind not in _MOVES:
        raise ValueError("computes with an array of free sizes. Give the sizes of the inputs: shapes={'input': (None, 512)}")
    free = any(array is not None and array.dtype == object for array in arrays)
    shape = arrays[-1]
    if free and node.kind in ("ConstantOfShape", "Expand") and shape is not None and shape.dtype == object:
        return [_uniform(node, arrays[0], shape)]
    if free and node.kind not in _MOVES:
        return _with_free(node, arrays)
    if free and node.kind == "Cast":
        return [inputs[0]]
    if free and node.kind == "Concat":
        arrays = [None if array is None else array.astype(object) for array in arrays]
    constant = [True] * len(arrays)
    call = Call(cast(Any, None), arrays, node.attributes, opset, constant, {}, max_elements, len(node.outputs))
    found = node.operator.run(call)
    uniform = any(one is not None and one.uniform for one in inputs)
    return [Known(np.asarray(array), True) if uniform else as_known(np.asarray(array)) for array in found]


def _uniform(node: Node, array: Host | None, shape: Host) -> Known:
    """Return an array of free sizes whose elements are one number."""
    value = node.attributes.get("value", np.zeros(1, np.float32)) if node.kind == "ConstantOfShape" else array
    if value is None or value.size != 1:
        raise ValueError("repeats an array over sizes that are free. Give the sizes of the inputs: shapes={...}")
    sizes = [1 if isinstance(size, Free) else int(size) for size in shape.reshape(-1)]
    if math.prod(sizes) > BASE_ELEMENTS:
        raise ValueError(f"makes an array of sizes {sizes[:9]}")
    return Known(np.broadcast_to(value.reshape(()), sizes), True)


def _sizes(node: Node, value: Value) -> Known:
    if node.kind == "Shape":
        sizes = value.sizes
        return known_sizes(sizes[slice(node.attributes.get("start", 0), node.attributes.get("end"))])
    numbers = [size for size in value.sizes if not isinstance(size, Free)]
    if len(numbers) != value.rank:
        raise ValueError(f"counts the elements of sizes {value.sizes}, which are free. Give shapes of the inputs")
    return Known(np.array(np.prod(numbers), np.int64))


def _with_free(node: Node, arrays: Sequence[Host | None]) -> list[Known]:
    """Compute with free sizes where their value does not matter."""
    array = arrays[0]
    if node.kind in ("Shape", "Size") and array is not None:
        return [Known(np.array(array.shape if node.kind == "Shape" else array.size, np.int64))]
    if node.kind in ("Mul", "Div") and len(arrays) == 2:
        a, b = arrays
        if b is not None and b.dtype != object and np.all(b == 1):
            return [Known(a)] if a is not None else []
        if node.kind == "Mul" and a is not None and a.dtype != object and np.all(a == 1):
            return [Known(b)] if b is not None else []
    raise ValueError("computes with sizes that are free. Give the sizes of the inputs: shapes={'input': (None, 512)}")
