"""The reference's step of an LSTM from its preactivations: gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import assert_gradient
from test_ops_lstm_pointwise import SPECS, case, run

from numba_lstm.device import get_ops


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("masked", [False, True])
def test_reference_gradient(spec, masked):
    arrays, mask = case((2, 3, 2, 2))
    ops, mask = get_ops("reference"), mask if masked else None
    _, _, dz, dh, dc = run(ops, spec, arrays, mask)

    def loss(zx=arrays[0], h=arrays[2], c=arrays[3]):
        new = ops.lstm_pointwise_forward(zx, arrays[1], h, c, spec, mask=mask)
        return np.sum(new[0] * arrays[4]) + np.sum(new[1] * arrays[5])

    assert_gradient(dz, loss, arrays[0])
    assert_gradient(dc, lambda c: loss(c=c), arrays[3])
    if masked:
        assert_gradient(dh, lambda h: loss(h=h), arrays[2])
    else:
        assert dh is None
