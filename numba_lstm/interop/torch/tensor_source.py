"""TensorSource: named tensors of a file or a state_dict, each read on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy.typing as npt


class TensorInfo(NamedTuple):
    """Dtype and shape of a tensor that is not read yet."""

    dtype: str  #: a name of :data:`..dtypes.DTYPES`
    shape: tuple[int, ...]


class TensorSource(NamedTuple):
    """Names of tensors, a function that reads one by name, and for a file dtype and shape of each."""

    names: Sequence[str]
    read: Callable[[str], npt.NDArray[Any]]
    infos: Mapping[str, TensorInfo] = {}
