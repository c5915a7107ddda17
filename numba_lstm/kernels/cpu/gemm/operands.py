"""Operands of tiles: named tuples of pointers and 64-bit integers. Kernels build them, intrinsics read their LLVM values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NamedTuple, get_type_hints


class Matrix(NamedTuple):
    """Rows of numbers: row r begins with element ``at + r * rows`` of p."""

    p: Any
    at: Any
    rows: Any


class Blocks(NamedTuple):
    """Rows in blocks of columns: block k of row r begins with element ``at + r * rows + k * blocks`` of p."""

    p: Any
    at: Any
    rows: Any
    blocks: Any


class Weights(NamedTuple):
    """Packed weights from element ``at`` of p on. Blocks of columns are ``blocks`` elements apart."""

    p: Any
    at: Any
    blocks: Any


class RowProduct(NamedTuple):
    """A sum of ``terms`` terms: rows by packed weights."""

    rows: Matrix
    terms: Any
    weights: Weights


class Gates(NamedTuple):
    """Columns of each gate: of the first gates ``gate`` elements apart from p on, of the last one from ``last`` on."""

    p: Any
    gate: Any
    last: Any


class TapeRows(NamedTuple):
    """Rows of dz as the tape holds them.

    Row r of the ``whole`` panels without padding begins with element ``at + r * 4 V``, and each panel ``panel_stride`` elements
    after the one before. Row r of the last panel begins with ``last_at + r * 4 * lanes``. The panel has ``lanes`` units, of
    which the first ``rest`` are no padding.
    """

    p: Any
    at: Any
    panel_stride: Any
    whole: Any
    last_at: Any
    lanes: Any
    rest: Any


class Transposed(NamedTuple):
    """Transposed weights from element ``at`` of p on: blocks of columns with K rows each."""

    p: Any
    at: Any
    K: Any


def takes(*kinds: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate ``emit(tile, *operands)`` so that it takes the values of operands of these kinds in a row.

    A kind that is no named tuple takes a single value.
    """

    def decorate(emit: Callable[..., None]) -> Callable[..., None]:
        @wraps(emit)
        def emit_values(tile: Any, *values: Any, **options: Any) -> None:
            emit(tile, *_grouped(kinds, iter(values)), **options)

        return emit_values

    return decorate


def _grouped(kinds: tuple[Any, ...], values: Iterator[Any]) -> list[Any]:
    return [
        kind(*_grouped(tuple(get_type_hints(kind).values()), values)) if hasattr(kind, "_fields") else next(values)
        for kind in kinds
    ]
