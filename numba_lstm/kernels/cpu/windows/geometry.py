"""Where the windows of an array begin, and where the elements of a window are.

Every array counts as an image (H, N, W, C); a sequence (T, N, C) has H = T and W = 1. The elements of a window are *taps* of
C terms each. A tap is two numbers, kh along H and kw along W. Where the elements of neighbouring taps are contiguous, they
are one tap of more terms: the windows of a user's sequences (N, T, C) are one tap each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy.typing as npt

from ...specs import WindowSpec
from ..runtime.strides import element_strides

Array = npt.NDArray[Any]


class Taps(NamedTuple):
    """``sizes`` taps of ``terms`` terms, ``x`` elements of x apart."""

    sizes: tuple[int, int]
    x: tuple[int, int]
    terms: int


class Rows(NamedTuple):
    """Rows along three axes: their number, and the elements of x and the rows of the output from one to the next."""

    sizes: tuple[int, int, int]
    x: tuple[int, int, int]
    out: tuple[int, int, int]


def window_of(spec: WindowSpec) -> WindowSpec:
    """Return a spec of one or two axes along H and W."""
    if len(spec.size) == 2:
        return spec
    return WindowSpec((*spec.size, 1), (*spec.strides, 1), (*spec.dilation, 1), (*spec.padding, (0, 0)))


def as_image(x: Array) -> Array:
    """Return x (T, N, C) as (T, N, 1, C), and x (H, N, W, C) as it is."""
    return x if x.ndim == 4 else x[:, :, None]


def taps_of(strides: Sequence[int], sizes: Sequence[int], dilation: Sequence[int], C: int) -> Taps:
    """Return the taps of windows of x (H, N, W, C) with these strides in elements."""
    found, terms = [], C
    for size, dilated, stride in zip(reversed(sizes), reversed(dilation), (strides[2], strides[0]), strict=True):
        if not found and (size == 1 or stride * dilated == terms):
            terms *= size
        elif size > 1:
            found.append((size, stride * dilated))
    (n2, x2), (n1, x1) = [*found, (1, 0), (1, 0)][:2]
    return Taps((n1, n2), (x1, x2), terms)


def rows_of(sizes: Sequence[int], x: Sequence[int], out: Sequence[int], *, longest_last: bool) -> Rows:
    """Return rows along axes of these sizes and steps, neighbouring axes as one where the steps allow it.

    With ``longest_last`` the last axis is the longest. Else the rows stay in their order.
    """
    axes: list[tuple[int, int, int]] = []
    for size, x_step, out_step in zip(sizes, x, out, strict=True):
        if size == 1:
            continue
        if axes and axes[-1][1:] == (size * x_step, size * out_step):
            axes[-1] = (axes[-1][0] * size, x_step, out_step)
        else:
            axes.append((size, x_step, out_step))
    if longest_last and axes:
        axes.append(axes.pop(max(range(len(axes)), key=lambda axis: axes[axis][0])))
    return Rows(*zip(*[(1, 0, 0)] * (3 - len(axes)), *axes, strict=True))  # type: ignore[arg-type]


def window_rows(x: Array, window: WindowSpec, counts: tuple[int, int], *, longest_last: bool) -> Rows:
    """Return the rows of the windows of a padded x (H, N, W, C), of which there are ``counts`` along H and W."""
    sh, sn, sw, _ = element_strides(x)
    (h, w), N = counts, x.shape[1]
    steps = sh * window.strides[0], sn, sw * window.strides[1]
    return rows_of((h, N, w), steps, (N * w, w, 1), longest_last=longest_last)
