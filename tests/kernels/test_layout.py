"""How arrays lie in memory: every array op returns rows whose elements are side by side, whatever sizes of one hide."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from numba_lstm.kernels import cpu, reference
from numba_lstm.kernels.cpu.arrays.copy_tasks import as_rows, zeroed
from numba_lstm.kernels.cpu.runtime.strides import element_strides, has_contiguous_rows

SIZES = list(product((1, 2, 3), repeat=3))
RNG = np.random.default_rng(5)


def time_major(x):
    """As an op leaves it that computes step after step."""
    return x


def batch_major(x):
    """As a batch of whole samples is seen."""
    return np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2)


def padded(x):
    """Rows of a wider buffer."""
    wide = np.full((*x.shape[:-1], x.shape[-1] + 5), np.nan)
    wide[..., : x.shape[-1]] = x
    return wide[..., : x.shape[-1]]


def odd(x):
    """With strides of their own along axes of one element, as NumPy may leave them."""
    return as_strided(x, strides=[s if n > 1 else 8 * k + 3 for k, (n, s) in enumerate(zip(x.shape, x.strides, strict=True))])


LAYOUTS = [time_major, batch_major, padded, odd]


def laid(layout, *shape):
    return layout(RNG.standard_normal(shape))


def check(found, expected):
    assert has_contiguous_rows(found)
    assert not any(s % found.itemsize for n, s in zip(found.shape, found.strides, strict=True) if n > 1)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_what_reshape_answers(sizes, layout):
    T, N, D = sizes
    x = laid(layout, T, N, D)
    targets = [(T * D,), (1, T * D), (T * D, 1), (D, T), (T, D)]
    for target in targets:
        y = cpu.reshape(x, target)
        check(y, reference.reshape(x, target))
        check(cpu.reshape(y, (T, D)), x)
    rows = as_rows(x)[0]
    for target in [(D,), (1, D), (D, 1)]:
        check(cpu.reshape(rows, target), reference.reshape(rows, target))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_what_the_other_ops_answer(sizes, layout):
    T, N, D = sizes
    x = cpu.asarray(laid(layout, T, N, D), np.float64)
    check(x, x)
    other = laid(time_major, T, N, D)
    check(cpu.flip(x), x[::-1])
    check(cpu.concat([x, other]), np.concatenate([x, other], axis=-1))
    for part in cpu.split(cpu.concat([x, other]), [D, D]):
        check(part, part)
    check(cpu.add(x, other), x + other)
    check(cpu.multiply(x, other), x * other)
    check(cpu.scale(x, 0.5), x * 0.5)
    check(cpu.merge_steps(x), reference.merge_steps(x))
    check(cpu.split_steps(cpu.merge_steps(x), T), x)
    check(cpu.sum_steps(x), reference.sum_steps(x))
    check(cpu.repeat(x[0], 3), reference.repeat(x[0], 3))
    mask = cpu.steps_not_equal(x, 0.0)
    check(cpu.zero_masked(x, mask), x)
    check(cpu.gather(x.transpose(1, 0, 2), slice(None), np.float64), x)
    check(cpu.gather(x.transpose(1, 0, 2), np.array([N - 1, 0]), np.float64), x[:, [N - 1, 0]])


def test_samples_of_one_unit_are_flattened_into_rows():
    """NumPy's view of them has steps N elements apart."""
    outputs = np.arange(20.0).reshape(5, 4, 1)  # (T, N, 1)
    assert cpu.reshape(outputs, (5,)).strides == (40, 8)


def test_repeated_rows_are_joined_into_rows():
    """NumPy's order of the joined array would follow the stride of repeated steps, which is 0."""
    x = np.arange(2.0).reshape(2, 1, 1)
    repeated = cpu.repeat(np.ones((1, 2)), 2)
    joined = cpu.concat([x, repeated])
    assert joined.strides[-1] == 8
    np.testing.assert_array_equal(joined, [[[0, 1, 1]], [[1, 1, 1]]])


@pytest.mark.parametrize("shape", [(0, 4, 3), (5, 0, 3), (5, 4, 0), (0,), ()], ids=str)
def test_arrays_without_elements_or_axes(shape):
    x = np.zeros(shape)
    assert has_contiguous_rows(x)
    assert as_rows(x) is x


def test_only_what_lies_otherwise_is_copied():
    x = np.arange(60.0).reshape(5, 4, 3)
    for view in (x, x[::-1], x[:, ::2], x[..., 1:], x.transpose(1, 0, 2), np.broadcast_to(x[0], (5, 4, 3)), odd(x[:1])):
        assert as_rows(view) is view
    for view in (x[..., ::2], x[..., ::-1], x.transpose(0, 2, 1), np.frombuffer(b"\0" * 25, np.uint8)[1:].view(np.float64)):
        answer = as_rows(view)
        assert answer.flags.c_contiguous
        assert not np.shares_memory(answer, view)
        np.testing.assert_array_equal(answer, view)


def test_distances_are_in_elements_and_zero_along_axes_of_one():
    x = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    assert element_strides(x.transpose(1, 0, 2)) == (3, 12, 1)
    assert element_strides(odd(x[:1, :, :1])) == (0, 3, 0)


def test_what_would_fill_a_copy_is_refused():
    x = np.zeros((4, 6))
    with pytest.raises(ValueError, match=r"cannot zero float64 \(4, 3\), strides \(48, 16\): it is not contiguous."):
        zeroed(x[:, ::2])
