"""The filters of each group of a convolution: the columns of a kernel, packed by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy.typing as npt

from ...contract import Weight
from ..arrays.arrays import buffer
from ..arrays.copy_tasks import copied, zeroed
from ..gemm import pack
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from .volumes import depth_beside_features

Array = npt.NDArray[Any]


class Filters(NamedTuple):
    """The filters of a group: ``index`` of ``groups`` equal parts of the columns of a kernel (..., C, F), or of a bias (F,)."""

    weight: Weight
    index: int = 0
    groups: int = 1

    @property
    def size(self) -> int:
        """The number of filters."""
        return int(self.weight.value.shape[-1]) // self.groups

    @property
    def columns(self) -> slice:
        """The columns of this group."""
        return slice(self.index * self.size, (self.index + 1) * self.size)

    @property
    def C(self) -> int:
        """The number of features that a filter reads of an image: of all its depth."""
        return features_of(self.weight)

    @property
    def features(self) -> slice:
        """The features of x that the group reads."""
        return slice(self.index * self.C, (self.index + 1) * self.C)

    def packed(self, form: str, make: Callable[[Array], Any]) -> Any:
        """Return ``make`` of the columns of this group, a kernel as (taps, C, columns); made once for each version."""
        name = form if self.groups == 1 else f"{form}.{self.index}.{self.groups}"
        return pack.packed(self.weight, name, lambda W: make(self._columns_of(W)))

    def _columns_of(self, W: Array) -> Array:
        planes = depth_beside_features(W) if W.ndim == 5 else W
        taps = planes if W.ndim < 3 else planes.reshape(-1, *planes.shape[-2:])
        return taps if self.groups == 1 else taps[..., self.columns]


def features_of(kernel: Weight) -> int:
    """Return the number of features that a filter of a kernel (..., C, F) reads; depth * C of one for volumes."""
    shape = kernel.value.shape
    return int(shape[-2] * (shape[0] if len(shape) == 5 else 1))


def filters_of(kernel: Weight, C: int) -> list[Filters]:
    """Return the filters of each group of the C features of x."""
    groups = C // features_of(kernel)
    return [Filters(kernel, index, groups) for index in range(groups)]


def packed_bias(bias: Weight | None, filters: Filters, columns: int, dtype: Any) -> Array:
    """Return the bias of a group in blocks of ``columns`` columns in all, zeros for none."""
    if bias is None:
        return pack.zero_bias(columns, dtype)
    return Filters(bias, filters.index, filters.groups).packed("cpu.blocks", pack.blocks)


def joined(groups: list[Array], F: int, padded: int) -> Array:
    """Return the first F columns of the rows of each group next to each other, as rows (M, padded) with zeros at their ends.

    The rows of a single group stay as they are.
    """
    if len(groups) == 1:
        return groups[0]
    out = aligned((len(groups[0]), padded), groups[0].dtype)
    copies = [copied(z[:, :F], out[:, k * F : (k + 1) * F]) for k, z in enumerate(groups)]
    run_eagerly([*([zeroed(out)] if padded > F * len(groups) else []), *copies])
    return out


def rows_of_group(dz: Array, filters: Filters, padded: int) -> Array:
    """Return the columns of a group of rows dz, as rows of ``padded`` columns: dz itself where there is one group."""
    return dz if filters.groups == 1 else buffer(dz[:, filters.columns], padded)
