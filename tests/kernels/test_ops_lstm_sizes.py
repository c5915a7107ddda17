"""Sizes at which a device may cut its work: many rows, long chains, many units of few rows, weights that are far."""

from __future__ import annotations

import numpy as np
import pytest
from dtypes_in_turn import dtypes_in_turn
from kernel_cases import DTYPES, LSTMCase, assert_lstm_equals_reference, lstm_case, lstm_forward
from lstm_streams import lstm_stream
from tolerances import RECURRENT_LONG

#: What is cut -> N, T, D, H. Where H does not matter, it is one that shares its time loops with other tests.
SIZES = {
    "rows": (70, 2, 3, 11),
    "rows, unevenly": (139, 2, 1, 5),
    "inputs": (7, 2, 600, 11),
    "units of one row": (1, 3, 2, 590),
    "units of five rows": (5, 2, 3, 146),
    "steps whose weights are far": (10, 16, 530, 132),
    "tiles whose units are far": (13, 2, 3, 514),
    "a tile whose units are far": (4, 2, 3, 514),
    "many tiles whose units are far": (75, 3, 3, 300),
    "tiles whose units and inputs are far": (50, 3, 330, 322),
    "rows that share a vector of a narrow panel": (7, 3, 2, 18),
    "fewer rows than share one": (2, 3, 2, 50),
    "columns of gradients that are left single": (7, 3, 35, 27),
    "single columns behind a block": (9, 3, 20, 68),
    "single columns in pieces": (66, 2, 18, 516),
}


def sized(sizes: tuple[int, ...], dtype: str) -> LSTMCase:
    return lstm_case(*sizes, dtype=dtype)


@pytest.mark.parametrize(("sizes", "dtype"), dtypes_in_turn({name: (sizes,) for name, sizes in SIZES.items()}))
def test_forward_and_backward(ops, dtype, sizes):
    assert_lstm_equals_reference(ops, sized(sizes, dtype), RECURRENT_LONG[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_a_row_has_its_bits_alone_and_streamed(ops, dtype, sizes):
    case = sized(sizes, dtype).but(h0=None, c0=None)
    whole = np.array(ops.to_host(lstm_forward(ops, case).y))
    alone = lstm_forward(ops, case.but(x=np.ascontiguousarray(case.x[:, -1:])))
    assert np.array(ops.to_host(alone.y))[:, 0].tobytes() == whole[:, -1].tobytes()
    stream = lstm_stream(ops, case, 1)
    steps = [stream(np.ascontiguousarray(x[-1])) for x in case.x]
    assert np.stack(steps).tobytes() == whole[:, -1].tobytes()
    assert lstm_stream(ops, case, 1).run_last(np.ascontiguousarray(case.x[:, -1:])).tobytes() == whole[-1, -1:].tobytes()
