"""Plans: none, since the reference computes op by op."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...op_types import DecodingPlan, Plan, StepFunction, StreamPlan
from ...packed_rows import PackedRows
from ...specs import Key

Array = npt.NDArray[Any]


def plan(
    function: Callable[..., Any],
    inputs: Sequence[Array | None],
    *,
    key: Key | None = None,
    training: bool = False,
    work: float = 0.0,
) -> Plan | None:
    """None."""
    return None


def stream_plan(
    function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]], threads: int = 1
) -> StreamPlan | None:
    """None."""
    return None


def decoding_plan(
    function: Callable[..., Any], width: int, tokens: Array, states: Sequence[Array], constants: Sequence[Array]
) -> DecodingPlan | None:
    """None."""
    return None


def copy_output(output: Any) -> Any:
    """A number is read."""
    return output.copy() if np.ndim(output) else float(output)
