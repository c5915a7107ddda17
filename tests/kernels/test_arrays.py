"""The array ops of every device."""

from __future__ import annotations

import numpy as np
import pytest

RNG = np.random.default_rng(1)
SEQUENCES = RNG.standard_normal((6, 5, 7))
ROWS = [slice(None), slice(1, 4), np.array([4, 0, 3, 3])]


@pytest.mark.parametrize("rows", ROWS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gather_makes_sequences_time_major(every_ops, dtype, rows):
    batch = every_ops.gather(SEQUENCES, rows, dtype)
    assert batch.dtype == dtype
    np.testing.assert_array_equal(every_ops.to_host(batch), SEQUENCES[rows].transpose(1, 0, 2).astype(dtype))


@pytest.mark.parametrize("rows", ROWS, ids=str)
@pytest.mark.parametrize("shape", [(6,), (6, 7)], ids=str)
def test_gather_keeps_the_axes_of_samples_without_time(every_ops, shape, rows):
    x = RNG.standard_normal(shape)
    np.testing.assert_array_equal(every_ops.to_host(every_ops.gather(x, rows, "float64")), x[rows])


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int64", "uint8", "bool"])
def test_gather_casts(every_ops, dtype):
    x = (10 * SEQUENCES).astype(dtype)
    batch = every_ops.gather(x, np.array([2, 1]), "float32")
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(every_ops.to_host(batch), x[[2, 1]].transpose(1, 0, 2).astype("float32"))


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_gather_keeps_the_dtype_if_none_is_asked_for(every_ops, dtype):
    assert every_ops.gather((10 * SEQUENCES).astype(dtype), slice(None), None).dtype == dtype


def test_gather_of_any_strides(every_ops):
    x = np.asfortranarray(SEQUENCES)[::-1, :, ::2]
    np.testing.assert_array_equal(every_ops.to_host(every_ops.gather(x, slice(None), "float64")), x.transpose(1, 0, 2))


def test_asarray_and_back(every_ops):
    for x in (SEQUENCES, SEQUENCES.T, SEQUENCES > 0, np.arange(4)):
        for dtype in (x.dtype, np.dtype("float32")):
            array = every_ops.asarray(x, dtype)
            assert (array.shape, array.dtype) == (x.shape, dtype)
            np.testing.assert_array_equal(every_ops.to_host(array), x.astype(dtype))


def test_flip_reverses_time(every_ops):
    for x in (SEQUENCES, SEQUENCES[..., 0] > 0):
        np.testing.assert_array_equal(every_ops.to_host(every_ops.flip(every_ops.asarray(x, x.dtype))), x[::-1])


def test_concat_joins_features(every_ops):
    xs = SEQUENCES, SEQUENCES[..., :1], SEQUENCES[..., 2:5]
    joined = every_ops.concat([every_ops.asarray(x, x.dtype) for x in xs])
    np.testing.assert_array_equal(every_ops.to_host(joined), np.concatenate(xs, axis=-1))
