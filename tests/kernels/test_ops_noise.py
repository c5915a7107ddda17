"""Gaussian noise: the numbers of the random module on every device."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, put
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import device, philox
from numba_lstm.kernels.specs import Key, PartKey

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


@pytest.mark.parametrize("shape", [(7, 3), (5, 7, 3), (1, 7, 2, 3), (2, 14, 3)], ids=str)
def test_a_part_of_a_batch_has_the_numbers_and_factors_of_the_batch(every_ops, dtype, shape):
    """Also where a part begins in the middle of a block of words, and where steps lie behind each other."""
    axis, steps = (0, 1) if len(shape) == 2 else (1, shape[1] // 7)
    by_step = np.random.default_rng(6).standard_normal(shape).astype(dtype)
    by_step = by_step.reshape(*shape[:axis], steps, 7, *shape[axis + 1 :])

    def computed(samples, key):
        x = samples.reshape(*shape[:axis], -1, *shape[axis + 1 :])
        dropped = np.array(every_ops.to_host(every_ops.dropout_forward(put(every_ops, x), 0.5, key)[0]))
        return [found.reshape(samples.shape) for found in (noisy(every_ops, x, 0.3, key), dropped)]

    whole = computed(by_step, Key(3, 4, 5))
    for begin, end in ((0, 7), (0, 2), (2, 3), (3, 7)):
        rows = (slice(None),) * (axis + 1) + (slice(begin, end),)
        part = computed(by_step[rows], PartKey(3, 4, 5, begin, end - begin, 7))
        for found, expected in zip(part, whole, strict=True):
            np.testing.assert_array_equal(found, expected[rows])
