"""Sums in the order of a tree, however the shards are divided, and numbers in bfloat16."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm.distributed.tree import add_in_order, nodes_of
from numba_lstm.distributed.wire import from_bfloat16, to_bfloat16


@pytest.mark.parametrize("shards", [1, 2, 3, 6, 7, 8, 12, 24])
def test_the_sum_has_the_same_bits_for_each_division_of_the_shards(shards: int) -> None:
    vectors = np.random.default_rng(shards).standard_normal((shards, 50)).astype(np.float32)
    ((node, whole),) = add_in_order(shards, [((k, k + 1), vectors[k].copy()) for k in range(shards)])
    assert node == (0, shards)
    np.testing.assert_allclose(whole, vectors.sum(axis=0), rtol=1e-4, atol=1e-5)
    for ranks in (count for count in range(2, shards + 1) if shards % count == 0):
        count, sums = shards // ranks, []
        for rank in range(ranks):
            places = range(rank * count, (rank + 1) * count)
            of_rank = add_in_order(shards, [((k, k + 1), vectors[k].copy()) for k in places])
            assert [node for node, _ in of_rank] == nodes_of(shards, places.start, places.stop)
            sums += of_rank
        assert np.array_equal(add_in_order(shards, sums)[0][1], whole)


def test_bfloat16_rounds_to_nearest_with_ties_to_even() -> None:
    values = (
        np.random.default_rng(0).standard_normal(1000).astype(np.float32)
        * np.float32(10.0) ** np.arange(-30, 30).repeat(17)[:1000]
    )
    back = from_bfloat16(to_bfloat16(values))
    assert np.all(np.abs(back - values) <= np.abs(values) * 2.0**-8 + 1e-45)
    exact = np.array([1, 1 + 2**-8, 1 + 3 * 2**-8, 0, -0.0, np.inf, -np.inf, np.nan, 3.4e38], np.float32)
    expected = np.array([1, 1, 1 + 2**-6, 0, -0.0, np.inf, -np.inf, np.nan, np.inf], np.float32)
    np.testing.assert_array_equal(from_bfloat16(to_bfloat16(exact)), expected)
