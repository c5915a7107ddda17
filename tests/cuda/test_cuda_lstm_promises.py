"""The promises of the LSTM on all devices about bits, and its longest rows, with the CUDA kernels run on this processor.

float64 is left to slow runs, and to those on a GPU: its only algorithm is one of the three of float32, and test_cuda_lstm.py
shows its numbers. Each size compiles kernels of its own.
"""

from __future__ import annotations

import pytest
from kernel_cases import assert_lstm_equals_reference, lstm_case
from test_ops_lstm_promises import (
    test_a_row_in_a_batch_has_the_bits_of_the_row_alone,
    test_a_step_in_a_sequence_has_the_bits_of_the_step_alone,
    test_any_layout_has_the_same_bits,
    test_inputs_are_left_alone,
    test_nan_in_a_masked_step_is_not_looked_at,
    test_views_that_ops_make,
)
from tolerances import RECURRENT_OPTIONS

pytestmark = pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])


def test_rows_longer_than_a_block_has_threads(ops, dtype):
    assert_lstm_equals_reference(ops, lstm_case(N=2, T=2, D=3, H=131, P=3, normed=True, dtype=dtype), RECURRENT_OPTIONS[dtype])


__all__ = [name for name in globals() if name.startswith("test_")]
