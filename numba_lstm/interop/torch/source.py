"""Source: named tensors, wherever they are, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy.typing as npt


class Source(NamedTuple):
    """Names, and what answers the array of one."""

    names: Sequence[str]
    read: Callable[[str], npt.NDArray[Any]]
