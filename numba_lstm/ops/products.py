"""Products of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .elementwise import cast, multiply
from .reducing import sum as sum_
from .shaping import reshape, transpose
from .tensor import Tensor, TensorShapeError, UntraceableError, as_tensor, broadcast, is_traced


def matmul(x1: Any, x2: Any) -> Any:
    """Return ``x1 @ x2``: products of matrices over the last two axes, whose leading axes are broadcast."""
    if not is_traced(x1, x2):
        return np.matmul(x1, x2)
    a, b = cast(as_tensor(x1), "float32"), cast(as_tensor(x2), "float32")
    if a.ndim == 1 or b.ndim == 1:
        y = matmul(reshape(a, (1, -1)) if a.ndim == 1 else a, reshape(b, (-1, 1)) if b.ndim == 1 else b)
        gone = {y.ndim - 2} if a.ndim == 1 else set()
        gone |= {y.ndim - 1} if b.ndim == 1 else set()
        return reshape(y, tuple(n for k, n in enumerate(y.shape) if k not in gone))
    if a.shape[-1] != b.shape[-2]:
        raise TensorShapeError(f"matmul takes (..., m, k) and (..., k, n), got {a.shape} and {b.shape}.")
    if a.shape[-1] == 1:  # products of single elements, which join other elementwise operations
        return multiply(a, b)
    if b.ndim == 2 and a.ndim > 2:  # one product of all rows
        return reshape(matmul(reshape(a, (-1, a.shape[-1])), b), (*a.shape[:-1], b.shape[-1]))
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = broadcast(a, (*leading, *a.shape[-2:])), broadcast(b, (*leading, *b.shape[-2:]))
    return Tensor("matmul", (a, b), None, (*a.shape[:-1], b.shape[-1]))


def dot(x1: Any, x2: Any) -> Any:
    """Return the sum product over the last axis of ``x1`` and the last but one of ``x2``, as ``numpy.dot``."""
    if not is_traced(x1, x2):
        return np.dot(x1, x2)
    a, b = as_tensor(x1), as_tensor(x2)
    if a.ndim < 2 or b.ndim < 3:
        return matmul(a, b) if a.ndim and b.ndim else a * b
    return tensordot(a, b, ([-1], [-2]))


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Return the sum product over axes of each, as ``numpy.tensordot``."""
    if not is_traced(x1, x2):
        return np.tensordot(x1, x2, axes)
    a, b = as_tensor(x1), as_tensor(x2)
    if isinstance(axes, int):
        axes = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    of_a, of_b = ([axes[0]], [axes[1]]) if isinstance(axes[0], int) else axes
    letters = [chr(97 + k) for k in range(a.ndim + b.ndim)]
    left, right = letters[: a.ndim], letters[a.ndim :]
    for i, j in zip(of_a, of_b, strict=True):
        right[j % b.ndim] = left[i % a.ndim]
    summed = {left[i % a.ndim] for i in of_a}
    target = [letter for letter in (*left, *right) if letter not in summed]
    return einsum(f"{''.join(left)},{''.join(right)}->{''.join(target)}", a, b)


def einsum(subscripts: str, *operands: Any) -> Any:
    """Return the sum product of one or two arrays, as ``numpy.einsum``, with an explicit result: ``"btd,dh->bth"``.

    Raises
    ------
    TypeError
        For more than two traced arrays, an ellipsis, a letter that occurs twice in one array, and no ``->``.
    """
    if not is_traced(*operands):
        return np.einsum(subscripts, *operands)
    given, arrow, target = subscripts.replace(" ", "").partition("->")
    letters = given.split(",")
    if not arrow or len(letters) != len(operands) or len(operands) > 2 or "." in subscripts:
        raise UntraceableError(f"einsum takes one or two arrays and letters as 'btd,dh->bth', got {subscripts!r}.")
    tensors = [cast(as_tensor(x), "float32") for x in operands]
    sizes: dict[str, int] = {}
    for names, x in zip(letters, tensors, strict=True):
        if len(names) != x.ndim or len(set(names)) != len(names):
            raise TensorShapeError(f"einsum {subscripts!r} does not fit an array of shape {x.shape}: one letter for each axis.")
        for letter, n in zip(names, x.shape, strict=True):
            if sizes.setdefault(letter, n) != n:
                raise TensorShapeError(f"einsum {subscripts!r} has sizes {sizes[letter]} and {n} for {letter!r}.")
    if not set(target) <= set(sizes):
        raise UntraceableError(f"einsum {subscripts!r} has a letter in its result that no array has.")
    if len(tensors) == 1:
        return _ordered(*_summed(tensors[0], letters[0], set(target)), target)
    (a, left), (b, right) = (
        _summed(x, names, {*target, *other}) for x, names, other in zip(tensors, letters, reversed(letters), strict=True)
    )
    return _product(a, left, b, right, target, sizes)


def _summed(x: Tensor, names: str, needed: set[str]) -> tuple[Tensor, str]:
    """Sum over the letters that nothing else needs."""
    axes = [k for k, letter in enumerate(names) if letter not in needed]
    return (sum_(x, axes), "".join(letter for letter in names if letter in needed)) if axes else (x, names)


def _ordered(x: Tensor, names: Sequence[str], target: Sequence[str]) -> Tensor:
    return transpose(x, [list(names).index(letter) for letter in target])  # type: ignore[no-any-return]


def _product(a: Tensor, left: str, b: Tensor, right: str, target: str, sizes: dict[str, int]) -> Tensor:
    """Record the product of two arrays whose letters are in the other one or in the result."""
    shared = [letter for letter in left if letter in right and letter in target]
    summed = [letter for letter in left if letter in right and letter not in target]
    rows, columns = [c for c in left if c not in right], [c for c in right if c not in left]

    def count(names: Sequence[str]) -> int:
        return math.prod(sizes[letter] for letter in names)

    leading = tuple(sizes[letter] for letter in shared)
    a = reshape(_ordered(a, left, [*shared, *rows, *summed]), (*leading, count(rows), count(summed)))
    b = reshape(_ordered(b, right, [*shared, *summed, *columns]), (*leading, count(summed), count(columns)))
    y = reshape(matmul(a, b), tuple(sizes[letter] for letter in (*shared, *rows, *columns)))
    return _ordered(y, [*shared, *rows, *columns], target)
