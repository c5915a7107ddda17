"""The executor: it runs kernels as a GPU does, and finds faults."""

from __future__ import annotations

import signal

import executor
import numpy as np
import pytest
from check_driver import CheckDriver
from executor import Deadlock

from numba_lstm.kernels.cuda.runtime.compiler import cuda, float32, jit

FULL = 0xFFFFFFFF


def kernel(arguments):
    return jit(arguments, "float32")


def launch(device, kernel, arrays, blocks=1, threads=1, **options):
    """Launch a kernel. Returns the arrays after it."""
    buffers = [device.upload(np.asarray(a)) for a in arrays]
    device.launch(kernel, blocks, threads, tuple(buffers), **options)
    return [device.download(b) for b in buffers]


def numbers(n):
    return np.random.default_rng(7).standard_normal(n).astype("float32")


def reversal(*, barrier=True):
    """A block's numbers in reverse order, through shared memory."""

    @kernel("f1 f1")
    def reverse(x, y):
        shared = cuda.shared.array(32, float32)
        i = cuda.threadIdx.x
        shared[i] = x[cuda.grid(1)]
        if barrier:
            cuda.syncthreads()
        y[cuda.grid(1)] = shared[31 - i]

    return reverse


def test_a_barrier_is_kept(device):
    x = numbers(96)
    y = launch(device, reversal(), [x, x * 0], 3, 32)[1]
    np.testing.assert_array_equal(y, x.reshape(3, 32)[:, ::-1].ravel())


def test_a_missing_barrier_shows(device):
    y = launch(device, reversal(barrier=False), [numbers(96), numbers(96)], 3, 32)[1]
    assert np.isnan(y).any(), "shared memory that nobody has written is NaN"


def test_shared_memory_does_not_outlive_a_block(device):
    @kernel("f1")
    def leave(y):
        shared = cuda.shared.array(1, float32)
        y[cuda.blockIdx.x] = shared[0]
        shared[0] = float32(1)

    assert np.isnan(launch(device, leave, [numbers(3)], 3)[0]).all()


def test_dynamic_shared_memory_is_as_large_as_asked(device):
    @kernel("f1")
    def write(y):
        shared = cuda.shared.array(0, float32)
        for i in range(y.size):
            shared[i] = y[i]
            y[i] = float32(shared.size)

    assert launch(device, write, [numbers(8)], shared=32)[0].tolist() == [8] * 8
    with pytest.raises(IndexError, match="beyond the shared memory"):
        launch(device, write, [numbers(9)], shared=32)


@pytest.mark.parametrize(("name", "lanes"), [("xor", lambda i: i ^ 5), ("down", lambda i: i + 5 if i + 5 < 32 else i)])
def test_shuffles(device, name, lanes):
    shuffle = {"xor": cuda.shfl_xor_sync, "down": cuda.shfl_down_sync}[name]

    @kernel("f1 f1")
    def exchange(x, y):
        y[cuda.grid(1)] = shuffle(FULL, x[cuda.grid(1)], 5)

    x = numbers(64)
    expected = x.reshape(2, 32)[:, [lanes(i) for i in range(32)]]
    np.testing.assert_array_equal(launch(device, exchange, [x, x * 0], 1, 64)[1], expected.ravel())


def test_a_ballot(device):
    @kernel("f1 k1")
    def vote(x, y):
        y[cuda.grid(1)] = cuda.ballot_sync(FULL, x[cuda.grid(1)] > float32(0))

    x = numbers(32)
    found = launch(device, vote, [x, np.zeros(32, "int32")], 1, 32)[1].view("uint32")
    assert set(found.tolist()) == {sum(1 << i for i in range(32) if x[i] > 0)}


def test_blocks_of_a_cooperative_grid_meet(device):
    @kernel("f1 f1")
    def across(x, y):
        grid = cuda.cg.this_grid()
        y[cuda.grid(1)] = x[cuda.grid(1)]
        grid.sync()
        other = y[y.size - 1 - cuda.grid(1)]
        grid.sync()
        y[cuda.grid(1)] = other

    x = numbers(12)
    np.testing.assert_array_equal(launch(device, across, [x, x * 0], 3, 4, cooperative=True)[1], x[::-1])


def counting(arrivals):
    """A barrier of all blocks by a counter: it waits for so many."""

    @kernel("k1 f1")
    def count(counter, y):
        if cuda.threadIdx.x == 0:
            cuda.atomic.add(counter, 0, 1)
            while cuda.atomic.add(counter, 0, 0) < arrivals:
                pass
        cuda.syncthreads()
        y[cuda.grid(1)] = float32(1)

    return count


def test_a_counter_barrier_is_passed_by_blocks_that_run_together(device):
    arrays = [np.zeros(1, "int32"), numbers(6)]
    assert launch(device, counting(3), arrays, 3, 2, cooperative=True)[1].tolist() == [1] * 6


def test_a_block_may_be_ahead_of_another_by_more_than_a_turn(device):
    """So that a counter that waits for one block too few is seen."""
    arrays = [np.zeros(1, "int32"), numbers(3), numbers(3)]

    @kernel("k1 f1 f1")
    def early(counter, x, y):
        x[cuda.blockIdx.x] = float32(1)
        cuda.atomic.add(counter, 0, 1)
        while cuda.atomic.add(counter, 0, 0) < 2:
            pass
        y[cuda.blockIdx.x] = x[0] + x[1] + x[2]

    seen = [launch(CheckDriver(seed), early, arrays, 3, cooperative=True)[2].tolist() for seed in range(8)]
    assert any(sums != [3, 3, 3] for sums in seen)
    assert len({tuple(sums) for sums in seen}) > 1


def test_blocks_that_need_not_run_together_must_not_wait_for_each_other(device):
    with pytest.raises(Deadlock, match="a value that nobody writes"):
        launch(device, counting(3), [np.zeros(1, "int32"), numbers(6)], 3, 2)


def test_a_counter_that_is_never_reached(device):
    with pytest.raises(Deadlock, match="a value that nobody writes"):
        launch(device, counting(4), [np.zeros(1, "int32"), numbers(6)], 3, 2, cooperative=True)


def test_a_barrier_that_some_threads_leave_out(device):
    @kernel("f1")
    def some(y):
        if cuda.threadIdx.x < 2:
            cuda.syncthreads()
        y[cuda.threadIdx.x] = float32(1)

    with pytest.raises(Deadlock, match="stands still: 2 at syncthreads"):
        launch(device, some, [numbers(4)], 1, 4)


def test_threads_at_different_barriers(device):
    @kernel("f1")
    def apart(y):
        if cuda.threadIdx.x < 2:
            cuda.syncthreads()
            y[0] = float32(1)
        else:
            y[1] = float32(2)
            cuda.syncthreads()

    with pytest.raises(Deadlock, match="different barriers"):
        launch(device, apart, [numbers(4)], 1, 4)


def test_a_loop_without_an_end(device, monkeypatch):
    @kernel("f1 i")
    def turn(y, stop):
        i = 0
        while i != stop:
            y[i % 4] += float32(1)
            i += 2

    monkeypatch.setattr(executor, "LIMIT", 0.5)
    with pytest.raises(Deadlock, match="has no end"):
        device.launch(turn, 1, 2, (device.upload(numbers(4)), 7))


@pytest.mark.parametrize(("place", "message"), [(-5, "wrote before an array of shape"), (4, "touched what is no memory")])
def test_a_write_beside_an_array(device, place, message):
    @kernel("f1 i")
    def write(y, i):
        y[i] = float32(1)

    with pytest.raises(IndexError, match=message):
        device.launch(write, 1, 1, (device.upload(numbers(4)), place))


@pytest.mark.parametrize("threads", [1, 40])
@pytest.mark.parametrize("waits", [False, True])
def test_what_is_no_memory_is_an_error_and_not_the_end(device, waits, threads):
    @kernel("f1 n")
    def write(y, i):
        if waits:
            cuda.syncthreads()
        y[i] = float32(1)

    before = signal.getsignal(signal.SIGSEGV)
    for _ in range(2):
        with pytest.raises(IndexError, match="touched what is no memory"):
            device.launch(write, 2, threads, (device.upload(numbers(4)), 2**44))
    device.launch(write, 1, threads, (device.upload(numbers(4)), 3))
    assert signal.getsignal(signal.SIGSEGV) == before


def test_a_shuffle_from_a_lane_that_takes_no_part(device):
    @kernel("f1")
    def exchange(y):
        y[cuda.threadIdx.x] = cuda.shfl_xor_sync(0xF, y[cuda.threadIdx.x], 4)

    with pytest.raises(IndexError, match="takes no part"):
        launch(device, exchange, [numbers(4)], 1, 4)


def test_a_launch_that_no_gpu_takes(device):
    for blocks, threads, options in ((1, 2048, {}), ((1, 70000), 1, {}), (1, 1, {"shared": 2**20})):
        with pytest.raises(ValueError, match="no GPU takes|shared memory"):
            launch(device, reversal(), [numbers(4), numbers(4)], blocks, threads, **options)


def test_arguments_of_other_types_are_refused(device):
    with pytest.raises(TypeError, match="the kernel takes"):
        launch(device, reversal(), [numbers(32), numbers(32).astype("float64")], 1, 32)
