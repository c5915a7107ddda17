"""The embedding ops: the reference's gradient against finite differences, and every device's results against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import assert_gradient
from kernel_cases import DTYPES, in_float64, put
from tolerances import SUMS, assert_close

from numba_lstm.device import get_ops
from numba_lstm.variables import Variable


def embedding_case(shape, dtype, rows=9, D=7):
    """Indices, most of them more than once and one never, a table, and the gradient of y."""
    rng = np.random.default_rng([5, *shape])
    table, dy = rng.standard_normal((rows, D)).astype(dtype), rng.standard_normal((*shape, D)).astype(dtype)
    return rng.integers(0, rows - 1, shape), table, dy


def run(ops, indices, table, dy):
    y, tape = ops.embedding_forward(put(ops, indices), Variable(table), training=True)
    return np.array(ops.to_host(y)), np.array(ops.to_host(ops.embedding_backward(tape, put(ops, dy))))


@pytest.mark.parametrize("shape", [(3,), (5, 3)], ids=str)
def test_the_reference_looks_up_rows_and_its_gradient_is_right(shape):
    ops = get_ops("reference")
    indices, table, dy = embedding_case(shape, "float64")
    y, dtable = run(ops, indices, table, dy)
    for place in np.ndindex(shape):
        np.testing.assert_array_equal(y[place], table[indices[place]])
    assert_gradient(dtable, lambda table: np.sum(run(ops, indices, table, dy)[0] * dy), table)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3,), (5, 3), (1, 1), (1,), (40, 30)], ids=str)
def test_embedding(ops, dtype, shape):
    case = embedding_case(shape, dtype)
    y, dtable = run(ops, *case)
    expected, gradient = run(get_ops("reference"), *map(in_float64, case))
    np.testing.assert_array_equal(y, expected)
    assert y.dtype == dtable.dtype == dtype
    assert_close(dtable, gradient, SUMS[dtype])
    assert not dtable[-1].any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_views_have_the_same_bits(ops, dtype):
    indices, table, dy = embedding_case((5, 3), dtype)
    wide = np.concatenate([dy, dy * np.nan], axis=-1)[..., :7]
    expected = run(ops, indices, table, dy)
    for found, value in zip(run(ops, np.asfortranarray(indices), table, wide), expected, strict=True):
        assert found.tobytes() == value.tobytes()


def test_no_tape_unless_asked_for(every_ops):
    indices, table, _ = embedding_case((5, 3), "float32")
    assert every_ops.embedding_forward(put(every_ops, indices), Variable(table))[1] is None
