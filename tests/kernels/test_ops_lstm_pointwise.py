"""A step of an LSTM from its preactivations: a device against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, in_float64, put
from tolerances import SUMS, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Activation, LSTMSpec

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

SPECS = [LSTMSpec(), LSTMSpec(Activation("softsign"), Activation("silu"), Activation("softplus"))]
SHAPES = [(3, 5), (4, 3, 5), (2, 3, 4, 16)]  #: of h


def case(shape, dtype="float64"):
    """zx, zh, h, c, dh, dc and a mask."""
    rng, wide = np.random.default_rng([4, *shape]), (*shape[:-1], 4 * shape[-1])
    arrays = [rng.standard_normal(s).astype(dtype) for s in (wide, wide, shape, shape, shape, shape)]
    return arrays, np.arange(shape[0] if len(shape) == 2 else shape[1]) != 1


def run(ops, spec, arrays, mask):
    """h, c, dz, dh, dc on the host."""
    zx, zh, h, c, dh, dc = (None if x is None else put(ops, x) for x in arrays)
    steps = None if mask is None else ops.asarray(mask, bool)
    h_new, c_new, tape = ops.lstm_pointwise_forward(zx, zh, h, c, spec, mask=steps, training=True)
    plain = ops.lstm_pointwise_forward(zx, zh, h, c, spec, mask=steps)
    for one, other in zip((h_new, c_new), plain, strict=False):
        assert ops.to_host(one).tobytes() == ops.to_host(other).tobytes()
    results = h_new, c_new, *ops.lstm_pointwise_backward(tape, dh, dc)
    return [None if x is None else np.array(ops.to_host(x)) for x in results]


@pytest.mark.parametrize("shape", SHAPES)
def test_step_from_preactivations(ops, dtype, shape):
    arrays, mask = case(shape, dtype)
    spec = SPECS[len(shape) % 2]
    for steps, none in ((mask, ()), (None, (1, 2, 3, 5))):
        given = [None if k in none else x for k, x in enumerate(arrays)]
        exact = [None if x is None else in_float64(x) for x in given]
        expected = run(get_ops("reference"), spec, exact, steps)
        for name, found, value in zip(("h", "c", "dz", "dh", "dc"), run(ops, spec, given, steps), expected, strict=True):
            assert (found is None) == (value is None)
            if found is not None:
                assert found.dtype == dtype
                assert_close(found, value, SUMS[dtype], name)
