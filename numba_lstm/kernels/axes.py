"""Axes of arrays of any strides: the fewest loops that visit all elements."""

from __future__ import annotations

from collections.abc import Sequence


def merged_axes(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return ``[size, step of each array]`` for each loop, the outermost first: at least one.

    Neighbouring axes along which all arrays have even steps become one axis.
    """
    loops: list[list[int]] = []
    for size, *steps in zip(shape, *strides, strict=True):
        if size == 1:
            continue
        if loops and all(before == step * size for before, step in zip(loops[-1][1:], steps, strict=True)):
            loops[-1] = [loops[-1][0] * size, *steps]
        else:
            loops.append([size, *steps])
    return loops or [[1, *(0 for _ in strides)]]


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the steps of a C-ordered array of this shape, in elements."""
    steps = [1]
    for size in reversed(shape[1:]):
        steps.append(steps[-1] * size)
    return tuple(reversed(steps))[: len(shape)]
