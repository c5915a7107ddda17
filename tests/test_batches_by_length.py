"""``batches_by_length``: each sample once, batches of similar lengths, shuffles by key."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from numba_lstm.inputs.sequences import batches_by_length
from numba_lstm.kernels.specs import Key

# -- batches --------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=80), st.integers(1, 20), st.none() | st.builds(Key, st.integers(0, 99))
)
def test_each_sample_is_in_one_batch(lengths, size, key):
    batches = batches_by_length(np.array(lengths), size, key)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    full, rest = divmod(len(lengths), size)
    assert sorted(map(len, batches), reverse=True) == [size] * full + [rest] * (rest > 0)


def test_batches_are_of_near_lengths():
    lengths = np.random.default_rng(2).integers(1, 101, size=1000)
    for key in (None, Key(1)):
        computed = sum(len(rows) * lengths[rows].max() for rows in batches_by_length(lengths, 32, key))
        assert computed < 1.1 * lengths.sum()  # batches at random would take twice the sum


def test_another_key_makes_other_batches_in_another_order():
    lengths = np.random.default_rng(2).integers(1, 101, size=100)
    one, other = ([frozenset(rows) for rows in batches_by_length(lengths, 8, Key(1, step))] for step in (0, 1))
    assert len(set(one) & set(other)) < 2
    means = [lengths[list(rows)].mean() for rows in one]
    assert means != sorted(means)
