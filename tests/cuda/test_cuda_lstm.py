"""The tests of the LSTM on all devices, with the CUDA kernels run on this processor."""

from __future__ import annotations

import pytest
from kernel_cases import DTYPES, assert_lstm_equals_reference, lstm_case
from test_ops_lstm import (
    test_absent_bias_and_states,
    test_absent_gradients,
    test_masks,
    test_prediction_has_the_bits_of_training,
    test_sizes,
    test_without_dx,
)
from tolerances import RECURRENT_OPTIONS

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def test_sums_of_more_rows_than_a_chunk_has(ops, dtype):
    case = lstm_case(N=300, T=2, D=1, H=2, peephole=True, dtype=dtype)
    assert_lstm_equals_reference(ops, case, 10 * RECURRENT_OPTIONS[dtype])


__all__ = [name for name in globals() if name.startswith("test_")]
