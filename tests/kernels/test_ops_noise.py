"""Gaussian noise: the numbers of the random module on every device."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, put
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import device, philox
from numba_lstm.kernels.specs import Key

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def noisy(ops, x, stddev, key):
    return np.array(ops.to_host(ops.noise_forward(put(ops, x), stddev, key)))


@pytest.mark.parametrize("shape", [(3, 7), (5, 3, 7), (1, 1), (64, 31)], ids=str)
@pytest.mark.parametrize("key", [Key(1), Key(2**64 - 1, 2**32 - 1, 2**32 - 1), Key(2**40 + 7, 9, 4)], ids=str)
def test_noise_is_that_of_the_random_module(every_ops, dtype, shape, key):
    x = np.random.default_rng(4).standard_normal(shape).astype(dtype)
    y = noisy(every_ops, x, 0.3, key)
    assert y.dtype == dtype
    assert_close(y, x + 0.3 * philox.normal(key, shape), ELEMENTWISE[dtype])


def test_noise_of_a_view_and_of_nan(every_ops, dtype):
    x = np.random.default_rng(5).standard_normal((5, 3, 7)).astype(dtype)
    x[1, 2, 3] = np.nan
    view = np.ascontiguousarray(x.swapaxes(0, 1)).swapaxes(0, 1)
    y = noisy(every_ops, view, 0.5, Key(3))
    assert y.tobytes() == noisy(every_ops, x, 0.5, Key(3)).tobytes()
    assert np.argwhere(np.isnan(y)).tolist() == [[1, 2, 3]]


def test_threads_do_not_change_a_bit_of_noise(every_ops, dtype):
    threads, answers = device.get_num_threads(), []
    try:
        for n in (1, 3):
            device.set_num_threads(n)
            answers.append(noisy(every_ops, np.ones((100, 201), dtype), 0.5, Key(3)).tobytes())
    finally:
        device.set_num_threads(threads)
    assert answers[0] == answers[1]
