"""Ops on windows of sequences and images: convolutions, pooling, padding, cropping and repeating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..op_types import Array, Tape, Weight
from ..specs import Activation, WindowSpec


class WindowOps(Protocol):
    """The ops on windows. x is (T, N, C), with windows over T, or (H, N, W, C), with windows over H and W.

    Convolutions and transposed convolutions also take volumes (D, N, H, W, C), with windows over D, H and W.
    """

    def conv_forward(
        self,
        x: Array,
        kernel: Weight,
        bias: Weight | None,
        activation: Activation,
        windows: WindowSpec,
        *,
        training: bool = False,
    ) -> tuple[Array, Tape | None]:
        """Compute a convolution, of a kernel (K, C / G, F), with one or two more axes before C, and the bias (F,).

        ``y[t] = activation(bias + sum over k of x[t * stride + k * dilation - before] @ kernel[k])``, and likewise for more
        axes, with zeros in place of x outside of it. Every output is summed in one fixed order: the bias, then k, then C. Not
        both a stride and a dilation are more than 1. The features of x and of y are in G groups of one size each, and a filter
        reads the features of its group only.
        """

    def conv_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
        """Return ``(dx, dkernel, dbias)`` for ``dy`` of the shape of y. dx is None unless ``need_dx``, dbias without a bias."""

    def conv_transpose_forward(
        self,
        x: Array,
        kernel: Weight,
        bias: Weight | None,
        activation: Activation,
        windows: WindowSpec,
        lengths: Sequence[int],
        *,
        training: bool = False,
    ) -> tuple[Array, Tape | None]:
        """Compute a transposed convolution, of a kernel (K, F, C), with one or two more axes before F, and the bias (F,).

        ``y = activation(bias + dx)``, where dx is that of :meth:`conv_backward` for ``dy = x`` and a linear convolution of an
        array with ``lengths`` along T, H and W, or D, H and W, by ``windows`` and the kernel: ``y[i * stride + k * dilation -
        before]`` adds up ``x[i] @ kernel[k].T``. The lengths of x are the counts of these windows.
        """

    def conv_transpose_backward(self, tape: Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
        """Return ``(dx, dkernel, dbias)`` for ``dy`` of the shape of y. dx is None unless ``need_dx``, dbias without a bias.

        dx is the convolution of dz, the gradient of the activation's argument, and dkernel that convolution's for ``dy = x``.
        """

    def pool_forward(
        self, x: Array, kind: str, windows: WindowSpec, *, mask: Array | None = None, training: bool = False
    ) -> tuple[Array, Tape | None]:
        """Compute the ``"max"``, the ``"average"`` or the ``"sum"`` of each window, for each feature.

        Elements outside of x do not count, nor do the steps where ``mask`` (T, N) is False, for kinds other than ``"max"``. An
        average of no elements is NaN. Sums go in the order of the elements. NaN is the largest of all. A dilation is 1.
        """

    def pool_backward(self, tape: Tape, dy: Array) -> Array:
        """Return ``dx`` for ``dy`` of the shape of y. The first of equal maxima has the gradient of its window."""

    def pad(self, x: Array, padding: Sequence[tuple[int, int]]) -> Array:
        """Return x with ``(before, after)`` zeros along T, or H and W. :meth:`crop` is its gradient."""

    def crop(self, x: Array, cropping: Sequence[tuple[int, int]]) -> Array:
        """Return x without ``(before, after)`` elements along T, or H and W. :meth:`pad` is its gradient."""

    def upsample(self, x: Array, factors: Sequence[int]) -> Array:
        """Return x with each element repeated along T, or H and W. Its gradient is :meth:`pool_forward` of ``"sum"``."""
