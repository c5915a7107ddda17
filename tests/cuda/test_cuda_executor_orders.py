"""What the executor finds beyond a missing barrier: races that no order of whole blocks has, and reads beside an array."""

from __future__ import annotations

import numpy as np
import pytest
from check_driver import CheckDriver
from test_cuda_executor import kernel, launch, numbers

from numba_lstm.kernels.cuda.runtime.compiler import cuda, float32


def over_seeds(kernel, arrays, *sizes, **options):
    """The last array after a launch, for each of several orders of the threads."""
    return [launch(CheckDriver(seed), kernel, arrays, *sizes, **options)[-1].tolist() for seed in range(20)]


@pytest.mark.parametrize("barrier", [True, False])
def test_a_warp_may_be_ahead_of_another_by_more_than_one_phase(barrier):
    """So that a barrier of a warp in the place of a block's is seen."""

    @kernel("f1 f1")
    def rotate(x, y):
        shared = cuda.shared.array(64, float32)
        i = cuda.threadIdx.x
        shared[i] = x[i]
        cuda.syncwarp()
        if barrier:
            cuda.syncthreads()
        y[i] = shared[(i + 32) % 64]

    x = numbers(64)
    found = over_seeds(rotate, [x, x * 0], 1, 64)
    assert all(y == np.roll(x, 32).tolist() for y in found) == barrier


@pytest.mark.parametrize("atomic", [True, False])
def test_blocks_that_need_not_run_together_may(atomic):
    """So that a sum of two blocks without an atomic is seen."""

    @kernel("k1")
    def add(y):
        before = y[0]
        cuda.syncthreads()
        if atomic:
            cuda.atomic.add(y, 0, 1)
        else:
            y[0] = before + 1

    sums = over_seeds(add, [np.zeros(1, "int32")], 8)
    assert all(y == [8] for y in sums) == atomic


@pytest.mark.parametrize("barrier", [True, False])
def test_a_block_may_be_half_way_while_others_run(barrier):
    """So that a block is seen that arrives at a counter before all its threads have written."""

    @kernel("k1 f2 f1")
    def exchange(counter, x, y):
        i = cuda.grid(1)
        for t in range(x.shape[0]):
            x[t, i] = float32(1)
            if barrier:
                cuda.syncthreads()
            if cuda.threadIdx.x == 0:
                cuda.atomic.add(counter, 0, 1)
                while cuda.atomic.add(counter, 0, 0) < 2 * (t + 1):
                    pass
            cuda.syncthreads()
            y[i] += x[t, y.size - 1 - i]

    arrays = [np.zeros(1, "int32"), np.zeros((8, 80), "float32"), np.zeros(80, "float32")]
    found = over_seeds(exchange, arrays, 2, 40, cooperative=True)
    assert all(y == [8] * 80 for y in found) == barrier


def test_a_read_behind_an_array_whose_number_changes_nothing(device):
    @kernel("n1 f1")
    def count(indices, y):
        for i in range(indices.size + 1):
            if indices[i] == 7:
                y[0] += float32(1)

    with pytest.raises(IndexError, match="touched what is no memory"):
        launch(device, count, [np.arange(5), numbers(1)])
