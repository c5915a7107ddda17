"""Cases in both dtypes of which an ordinary run takes one, for tests whose kernels take longer to compile than to check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

DTYPES = ("float32", "float64")


def dtypes_in_turn(cases: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    """Return parameters of each case and a dtype: all of both in a slow run, else every other case in each."""
    return [
        pytest.param(*case, dtype, id=f"{name}-{dtype}", marks=() if DTYPES[k % 2] == dtype else pytest.mark.slow)
        for k, (name, case) in enumerate(cases.items())
        for dtype in DTYPES
    ]
