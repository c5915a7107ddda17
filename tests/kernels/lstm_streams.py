"""Streams through the LSTM of a case, on any device."""

from __future__ import annotations

from typing import Any

import numpy as np
from kernel_cases import Array, LSTMCase

from numba_lstm.kernels.contract import Ops, StreamPlan
from numba_lstm.kernels.packed_rows import PackedRows, RowEntry
from numba_lstm.kernels.specs import Activation
from numba_lstm.models.plans.streaming import EagerStream


def stream_of(ops: Ops, function: Any, N: int, D: int, dtype: Any, states: list[tuple[int, ...]]) -> StreamPlan:
    """The plan of the device, or one that runs its ops, for a function of one input to one output."""

    def step(xs: Any, states: Any) -> Any:
        y, after = function(xs[0], states)
        return [y], after

    inputs = PackedRows([RowEntry((D,), np.dtype(dtype))], dtype)
    return ops.stream_plan(step, N, inputs, states) or EagerStream(ops, step, N, inputs, states)


def lstm_stream(ops: Ops, case: LSTMCase, N: int, activation: Activation | None = None) -> StreamPlan:
    """A stream of N sequences through the LSTM of a case, and through an activation."""

    def step(x: Array, states: Any) -> tuple[Array, Any]:
        out = ops.lstm_forward(x, case.weights, *states, case.spec)
        return out.h if activation is None else ops.activation_forward(out.h, activation)[0], (out.h, out.c)

    P, columns = case.weights.recurrent_kernel.value.shape
    return stream_of(ops, step, N, case.x.shape[2], case.x.dtype, [(N, P), (N, columns // 4)])
