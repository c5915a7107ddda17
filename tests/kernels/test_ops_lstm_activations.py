"""The LSTM of a device against the reference: each activation in each role.

A triple of activations compiles three kernels for each dtype. Random combinations of options (test_ops_lstm_options.py) have
each activation in each role in both, so the ordinary run takes the dtypes in turn here.
"""

from __future__ import annotations

import pytest
from kernel_cases import CELLS, DTYPES, assert_lstm_equals_reference, lstm_case, name_of
from tolerances import RECURRENT

CASES = [
    pytest.param(spec, dtype, id=f"{name_of(spec)}-{dtype}", marks=() if DTYPES[k % 2] == dtype else pytest.mark.slow)
    for k, spec in enumerate(CELLS)
    for dtype in DTYPES
]


@pytest.mark.parametrize(("spec", "dtype"), CASES)
def test_every_activation_in_every_role(ops, spec, dtype):
    assert_lstm_equals_reference(ops, lstm_case(dtype=dtype, spec=spec), RECURRENT[dtype])
