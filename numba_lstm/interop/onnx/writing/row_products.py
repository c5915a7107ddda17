"""Products of a matrix with the last axes of a tensor: they are recorded as products of rows, which join its other axes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ....ops.tensor import Tensor

Shape = tuple[int, ...]


class RowsProduct(NamedTuple):
    """A product as ONNX's MatMul computes it, without joining the batch with other axes."""

    a: Tensor
    b: Tensor  #: of two axes
    joined: Shape  #: of ``a`` with those axes joined that are multiplied
    shape: Shape  #: of the product


def rows_product(x: Tensor) -> RowsProduct | None:
    """Return the product of which ``x`` is a view, or None."""
    product = x.operands[0] if x.operation == "reshape" else x
    if product is x or product.operation != "matmul" or product.ndim != 2 or product.operands[0].operation != "reshape":
        return None
    rows, b = product.operands
    a = rows.operands[0]
    count = next((k for k in range(2, a.ndim) if math.prod(a.shape[:k]) == rows.shape[0]), None)
    if count is None or x.shape[:count] != a.shape[:count]:
        return None
    leading = a.shape[:count]
    return RowsProduct(a, b, (*leading, rows.shape[1]), (*leading, b.shape[1]))


def absorbed(tensors: Sequence[Tensor]) -> set[int]:
    """Return the ids of the tensors that only a :func:`rows_product` takes, and that need no nodes."""
    uses = Counter(id(operand) for x in tensors for operand in x.operands)
    products = [x.operands[0] for x in tensors if rows_product(x) is not None]
    return {id(one) for x in products if uses[id(x)] == 1 for one in (x, x.operands[0]) if uses[id(one)] == 1}
