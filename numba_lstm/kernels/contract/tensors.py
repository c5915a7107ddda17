"""Ops on arrays of any rank: views, elementwise formulas, reductions, matrix products and joins.

Programs of :mod:`numba_lstm.ops` are composed of these. They work on the axes of an array as it is given. A program permutes
what layers give it, where the first two axes of a rank of 3 and more are swapped, to the order that the user sees.

An array that :meth:`permute`, :meth:`broadcast_to` or :meth:`take_slices` returns is a *view*, which only these ops take.
:meth:`dense` makes an array that all ops take. Floating arrays of a call have one dtype. Booleans count as 1 and 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..op_types import Array, ElementwiseFormula, Weight


class TensorOps(Protocol):
    """The ops on arrays of any rank."""

    def weight_array(self, weight: Weight) -> Array:
        """Return the value of a weight as an array, which must not be written to."""

    def permute(self, x: Array, axes: Sequence[int]) -> Array:
        """Return a view whose axis k is the axis ``axes[k]`` of x."""

    def broadcast_to(self, x: Array, shape: Sequence[int]) -> Array:
        """Return a view of x in ``shape`` by NumPy's rules of broadcasting."""

    def take_slices(self, x: Array, slices: Sequence[slice]) -> Array:
        """Return a view of x with one slice per axis, in NumPy's sense."""

    def reshape_elements(self, x: Array, shape: Sequence[int]) -> Array:
        """Return the elements of x, in the order of its axes, in another shape: a view or a copy."""

    def dense(self, x: Array) -> Array:
        """Return x in the layout that all other ops take, copied only if necessary."""

    def elementwise(self, formula: ElementwiseFormula, xs: Sequence[Array], dtype: str) -> Array:
        """Compute a formula on each element of arrays of one shape, floating, boolean or int64. The result has ``dtype``."""

    def reduce_axes(self, x: Array, kind: str, axes: Sequence[int]) -> Array:
        """Reduce x, floating, over ``axes``, which the result does not have.

        ==============  ====================================================================
        sum             in an order that depends on the sizes and strides alone
        max, min        NaN if any element is
        argmax, argmin  the index of the first one in the order of ``axes``, a floating number
        ==============  ====================================================================
        """

    def matrix_product(self, a: Array, b: Array, start: Array | None = None) -> Array:
        """Return ``a @ b``, or ``start + a @ b``, for a (..., M, K) and b (..., K, N) with equal leading axes.

        Every element is one sum in an order that K and N alone decide, so that its bits do not depend on the other elements.
        """

    def softmax_rows(self, x: Array) -> Array:
        """Return the softmax over the last axis."""

    def softmax_rows_backward(self, y: Array, dy: Array) -> Array:
        """Return the gradient ``y (dy - sum(y dy))`` of the argument of a softmax y over the last axis, for that of y."""

    def row_order(self, x: Array) -> Array:
        """Return the indices that sort each row along the last axis, as floating numbers.

        The order is ascending, of equal elements that of the row, and NaN comes last.
        """

    def take_elements(self, x: Array, indices: Array) -> Array:
        """Return ``y[..., k] = x[..., indices[..., k]]`` for whole floating numbers and equal leading axes.

        Indices below 0 count from the end of a row. Where there is no such element y is NaN.
        """

    def add_elements(self, dy: Array, indices: Array, n: int) -> Array:
        """Return the gradient of the x of :meth:`take_elements`, rows of ``n`` elements: sums in the order of the indices."""

    def join(self, xs: Sequence[Array], places: Sequence[Sequence[slice]], shape: Sequence[int]) -> Array:
        """Return an array of ``shape`` that holds each array of ``xs`` in its slices, and zeros elsewhere."""
