"""The ops of every device that move, join or compare whole arrays."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, lstm_case, put

RNG = np.random.default_rng(2)
X = RNG.standard_normal((5, 3, 7))  # (T, N, D)
Y = RNG.standard_normal((5, 3, 7))
IMAGES = RNG.standard_normal((4, 3, 2, 7))  # (H, N, W, C)
FILMS = RNG.standard_normal((5, 3, 4, 2, 7))  # (T, N, H, W, C)


def batch_first(x):
    return x.swapaxes(0, 1) if x.ndim > 2 else x


def layouts(x):
    """The same values in C order, and as a view of rows that come sample by sample and are wider."""
    wide = np.concatenate([x, x * np.nan], axis=-1)
    return x, np.ascontiguousarray(batch_first(wide)).swapaxes(0, 1)[..., : x.shape[-1]] if x.ndim > 2 else wide[:, :7]


@pytest.mark.parametrize("sizes", [(7,), (2, 5), (1, 4, 2)], ids=str)
@pytest.mark.parametrize("x", [X, X[0]], ids=["steps", "rows"])
def test_split_takes_apart_what_concat_joined(every_ops, x, sizes):
    for view in layouts(x):
        pieces = every_ops.split(put(every_ops, view), sizes)
        assert [piece.shape for piece in pieces] == [(*x.shape[:-1], size) for size in sizes]
        np.testing.assert_array_equal(every_ops.to_host(every_ops.concat(pieces)), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_and_products(every_ops, dtype):
    ops, x, y = every_ops, X.astype(dtype), Y.astype(dtype)
    for a, b in zip(layouts(x), layouts(y), strict=True):
        for found, expected in (
            (ops.add(put(ops, a), put(ops, b)), x + y),
            (ops.multiply(put(ops, a), put(ops, b)), x * y),
            (ops.scale(put(ops, a), 0.3), x * np.dtype(dtype).type(0.3)),
        ):
            assert found.dtype == dtype
            np.testing.assert_array_equal(ops.to_host(found), expected)


@pytest.mark.parametrize(
    ("x", "shape"),
    [
        (IMAGES, (56,)),
        (IMAGES, (2, 28)),
        (IMAGES, (4, 14)),
        (IMAGES, (2, 4, 7)),
        (X, (7, 5, 1)),
        (FILMS, (5, 8, 7)),
        (X, (35,)),
        (X, (7, 5)),
        (X, (5, 7)),
        (X, (1, 35)),
        (X[0], (7,)),
        (X[0], (7, 1)),
        (X[0], (1, 7)),
    ],
)
def test_reshape_keeps_the_order_within_a_sample(every_ops, x, shape):
    for view in layouts(x):
        y = every_ops.to_host(every_ops.reshape(put(every_ops, view), shape))
        np.testing.assert_array_equal(batch_first(y), batch_first(x).reshape(3, *shape))
        assert y.strides[-1] == y.itemsize or y.shape[-1] == 1


def test_reshape_comes_back(every_ops):
    there = every_ops.reshape(put(every_ops, X), (7, 5))
    np.testing.assert_array_equal(every_ops.to_host(every_ops.reshape(there, (5, 7))), X)


def test_repeat_and_its_gradient(every_ops):
    y = every_ops.to_host(every_ops.repeat(put(every_ops, X[0]), 4))
    np.testing.assert_array_equal(y, np.stack([X[0]] * 4))
    for view in layouts(X):
        total = every_ops.to_host(every_ops.sum_steps(put(every_ops, view)))
        np.testing.assert_array_equal(total, X[0] + X[1] + X[2] + X[3] + X[4])


def test_the_sum_over_one_step_is_that_step(every_ops):
    np.testing.assert_array_equal(every_ops.to_host(every_ops.sum_steps(put(every_ops, X[:1]))), X[0])


def test_an_lstm_takes_repeated_rows(every_ops):
    """A device may return a view whose steps are one piece of memory."""
    ops, case = every_ops, lstm_case()
    inputs = ops.repeat(put(ops, case.x[0]), 5), put(ops, np.stack([case.x[0]] * 5))
    answers = []
    for x in inputs:
        y, *_, tape = ops.lstm_forward(x, case.weights, None, None, case.spec, sequences=True, training=True)
        y = np.array(ops.to_host(y))  # the backward op may consume what it shares with the tape
        dx, *_, weights = ops.lstm_backward(tape, put(ops, case.dy), None, None, need_dx=True)
        answers.append([y, *(np.array(ops.to_host(a)) for a in (dx, *weights[:3]))])
    for found, expected in zip(*answers, strict=True):
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("x", [X, X > 0, X[..., 0] > 0], ids=["sequence", "boolean", "mask"])
def test_steps_as_rows_and_back(every_ops, x):
    for view in layouts(x) if x.dtype == float else (x, np.asfortranarray(x)):
        rows = every_ops.merge_steps(put(every_ops, view))
        np.testing.assert_array_equal(every_ops.to_host(rows), x.reshape(15, *x.shape[2:]))
        np.testing.assert_array_equal(every_ops.to_host(every_ops.split_steps(rows, 5)), x)


@pytest.mark.parametrize("x", [IMAGES, FILMS], ids=["sequences", "images"])
def test_steps_as_samples_and_back(every_ops, x):
    for view in layouts(x):
        samples = every_ops.merge_steps(put(every_ops, view))
        np.testing.assert_array_equal(batch_first(every_ops.to_host(samples)), x.reshape(len(x) * 3, *x.shape[2:]))
        np.testing.assert_array_equal(every_ops.to_host(every_ops.split_steps(samples, len(x))), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_not_equal_if_any_feature_is(every_ops, dtype):
    x = np.full((2, 3, 2), 0.1, dtype)
    x[0, 1, 1], x[1, 2, 0], x[1, 1] = 0.2, np.nan, 0
    mask = every_ops.steps_not_equal(put(every_ops, x), 0.1)
    assert every_ops.to_host(mask).tolist() == [[False, True, False], [False, True, True]]


def test_indices_not_equal_to_a_value(every_ops):
    indices = put(every_ops, np.array([[0, 2, 1], [3, 0, 0]]))
    assert every_ops.to_host(every_ops.not_equal(indices, 0)).tolist() == [[False, True, True], [True, False, False]]


def test_masked_steps_become_zeros_even_of_nan(every_ops):
    mask = RNG.random((5, 3)) < 0.5
    x = np.where(mask[..., None], X, np.nan)
    for view in layouts(x):
        for m in (mask, np.asfortranarray(mask)):
            y = every_ops.to_host(every_ops.zero_masked(put(every_ops, view), put(every_ops, m)))
            np.testing.assert_array_equal(y, np.where(mask[..., None], X, 0))
