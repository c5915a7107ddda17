"""The reference's dropout: Philox against its published vectors, the mask against its definition, the gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
from finite_differences import assert_gradient

import numba_lstm.philox
from numba_lstm.device import get_ops
from numba_lstm.kernels.reference.ops.dropout import philox, words
from numba_lstm.kernels.specs import Key

OPS = get_ops("reference")

#: Counter, key, words: the known-answer tests of Random123 (Salmon et al. 2011), philox 4x32 with 10 rounds.
VECTORS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def integers(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox(counter, key, expected):
    low, high = integers(key)
    found = philox(np.array(integers(counter), np.uint64)[:, None], low + (high << 32))
    assert found[:, 0].tolist() == integers(expected)


def test_words_lay_out_the_counter_as_the_key_says():
    key = Key(seed=0x299F31D0_A4093822, step=0x13198A2E, tag=0x03707344)
    blocks = np.array([[0, 1], [0, 0], [key.step, key.step], [key.tag, key.tag]], np.uint64)
    assert words(key, 7).tolist() == philox(blocks, key.seed).T.ravel()[:7].tolist()


def test_words_are_those_of_the_host():
    key = Key(seed=2**63 + 5, step=11, tag=3)
    np.testing.assert_array_equal(words(key, 101), numba_lstm.philox.words(key, 101))


@pytest.mark.parametrize("noise_shape", [None, (5, 1, 7), (1, 3, 7), (5, 3, 1)], ids=str)
def test_an_element_stays_where_its_word_is_large(noise_shape):
    x, key, rate = np.random.default_rng(1).standard_normal((5, 3, 7)), Key(9, 2, 1), 0.3
    shape = noise_shape or x.shape
    y, _ = OPS.dropout_forward(x, rate, key, noise_shape)
    keep = words(key, math.prod(shape)).reshape(shape) >= 0.3 * 2**32
    np.testing.assert_allclose(y, np.where(keep, x / 0.7, 0), rtol=1e-15)


def test_gradient():
    rng, key = np.random.default_rng(2), Key(5)
    x, dy = rng.standard_normal((3, 7)), rng.standard_normal((3, 7))
    _, tape = OPS.dropout_forward(x, 0.4, key)
    assert_gradient(OPS.dropout_backward(tape, dy), lambda x: np.sum(OPS.dropout_forward(x, 0.4, key)[0] * dy), x)


def test_rate_zero_changes_nothing():
    x = np.random.default_rng(3).standard_normal((3, 7))
    np.testing.assert_array_equal(OPS.dropout_forward(x, 0.0, Key(1))[0], x)


def test_the_mean_stays():
    """Of 100,000 elements the mean of the factors has a standard deviation of 0.002 at a rate of 0.3."""
    y, _ = OPS.dropout_forward(np.ones((100, 1000)), 0.3, Key(123))
    assert abs(y.mean() - 1) < 0.01
