"""Source: named tensors, wherever they are, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy.typing as npt


class Form(NamedTuple):
    """What a tensor is, before it is read."""

    dtype: str  #: a name of :data:`..dtypes.DTYPES`
    shape: tuple[int, ...]


class Source(NamedTuple):
    """Names, what answers the array of one, and in a file what each is."""

    names: Sequence[str]
    read: Callable[[str], npt.NDArray[Any]]
    forms: Mapping[str, Form] = {}
