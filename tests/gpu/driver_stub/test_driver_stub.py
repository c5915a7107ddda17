"""What is around the kernels, on a stub of the driver library: launches, limits, shared memory, copies, and host calls."""

from __future__ import annotations

import struct
import threading
from functools import partial

import numpy as np
import pytest
from kernel_cases import lstm_case, run_lstm

from numba_lstm import Input, Sequential, philox
from numba_lstm.layers import LSTM, BatchNormalization, Dense, Dropout

LAUNCHES, COPIES, ALLOCATIONS, WAITS = 0, 2, 3, 4  # what the stub counts


@pytest.fixture
def probe(device):
    """A function that launches a kernel which takes three kinds of arguments, with so many blocks and bytes."""
    from numba_lstm.kernels.cuda.runtime.compiler import cuda, float32, jit

    @jit("f2 i r n", "float32", "probe")
    def probe(x, count, factor, n):
        fast = cuda.shared.array(0, float32)
        fixed = cuda.shared.array(1024, float32)  # 4 KiB
        fixed[cuda.threadIdx.x] = fast[cuda.threadIdx.x] = x[0, 0] * factor
        cuda.syncthreads()
        x[0, count] = fixed[n] + fast[n]

    x = device.empty((3, 5), np.float32)
    return lambda blocks=1, shared=0, x=x: device.launch(probe, blocks, 32, (x, 7, 0.5, -1), shared)


def test_arguments_lie_as_the_kernel_reads_them(stub, device, probe):
    x = device.empty((4, 3, 5), np.float32)[1:2].reshape(3, 5)
    probe((2, 3, 4), 64, x)
    factor = struct.unpack("<i", struct.pack("<f", 0.5))[0]
    assert stub.last_launch() == ([2, 3, 4, 32, 1, 1], 64, [0, 0, 15, 4, x.address, 3, 5, 20, 4, 7, factor, -1])


@pytest.mark.parametrize("blocks", [(1, 65_536), (1, 1, 65_536), 0, 2**31])
def test_a_grid_that_no_device_takes_is_an_error(probe, blocks):
    with pytest.raises(
        RuntimeError, match=r"The launch of .* blocks of .*probe>: the NVIDIA driver returned .*, no device takes"
    ):
        probe(blocks)


def test_static_shared_memory_counts_in_the_opt_in_which_is_made_once(stub, device, probe):
    probe()
    loaded = [loaded for kernel, loaded in device._kernels.items() if kernel.name == "probe"][-1]
    assert loaded.static_shared == 4096
    probe(shared=44 * 1024)
    assert stub.library.stub_opt_ins(loaded._function) == 0
    for shared in (44 * 1024 + 4, 48 * 1024, 200 * 1024, 200 * 1024):
        probe(shared=shared)
    assert stub.library.stub_opt_ins(loaded._function) == 1
    with pytest.raises(ValueError, match=r"<Kernel probe> needs \d+ bytes of shared memory, a block has 232448"):
        probe(shared=227 * 1024 - 4095)


def test_a_launch_without_the_opt_in_is_an_error(probe, monkeypatch):
    from numba_lstm.kernels.cuda.runtime.loaded_kernel import LoadedKernel

    monkeypatch.setattr(LoadedKernel, "opt_in", lambda *_: None)
    with pytest.raises(RuntimeError, match=r"bytes of shared memory and 4096 static ones, of 49152 without an opt-in"):
        probe(shared=200 * 1024)


@pytest.mark.parametrize(
    ("N", "H", "algorithm"), [(1, 90, "block"), (1000, 85, "block"), (1, 128, "block"), (64, 512, "grid"), (3, 5, "steps")]
)
def test_every_launch_of_an_lstm_is_within_the_limits_of_a_device(stub, ops, N, H, algorithm):
    """Static and dynamic shared memory, registers times threads, resident blocks: the stub refuses what a device refuses."""
    from numba_lstm.kernels.specs import LSTMSpec

    T = 3 if algorithm == "steps" else 4
    assert ops.lstm_path(N, T, 2, H, "float32", LSTMSpec(), training=True, rows=False, gatewise=False).startswith(
        f"cuda:{algorithm}"
    )
    before = stub.count(LAUNCHES)
    run_lstm(ops, lstm_case(N, T, 2, H, dtype="float32"))
    assert stub.count(LAUNCHES) > before


def test_what_grows_is_the_first_axis_of_a_grid(device, ops):
    from numba_lstm.kernels.cuda.gemm.gemm import product

    rows = 65_535 * 128 + 1
    product(device.empty((rows, 1), np.float32), device.empty((1, 1), np.float32))
    pairs = device.empty((65_536, 1, 1), np.float32)
    ops.matrix_product(pairs, pairs)


def test_many_steps_of_a_layer_norm_are_within_the_limits_of_a_grid(ops, monkeypatch):
    from numba_lstm.kernels.cuda.lstm.steps import stepwise_algorithm

    steps = []
    monkeypatch.setattr(stepwise_algorithm, "forward", lambda call: steps.append(call))
    monkeypatch.setattr(stepwise_algorithm, "backward", lambda call, dy, dh, dc, *_, **__: dh)
    run_lstm(ops, lstm_case(1, 65_536, 1, 1, dtype="float32", normed=True))
    assert len(steps) == 1


def test_an_upload_has_read_its_array_before_it_returns(device):
    for send in (device.upload, lambda host: device.send(host, np.float32)):
        host = np.arange(6, dtype=np.float32)
        array = send(host)
        host[:] = -1
        assert device.download(array).tolist() == [0, 1, 2, 3, 4, 5]


def test_batches_arrive_in_order_with_few_buffers(stub, device):
    device.download(device.send(np.zeros(1000, np.float32), np.float32))
    before = stub.count(ALLOCATIONS)
    arrays = []
    for k in range(40):
        arrays = [*arrays[-1:], device.send(np.full(1000, k, np.float64), np.float32)]
    assert device.download(arrays[-1])[-1] == 39
    assert stub.count(ALLOCATIONS) - before <= 5


def test_full_memory_is_a_memory_error(stub, device):
    with pytest.raises(MemoryError, match=r"MiB free, and 4096 more were needed\. Pass half the batch_size"):
        device.empty((2**30,), np.float32)
    assert device.empty((2**10,), np.float32).size == 2**10


def test_a_thread_without_a_context_gets_one(device, probe):
    failures = []
    probe()  # compiling the kernel would make a context current

    def work():
        try:
            probe()
            device.download(device.upload(np.ones(3, np.float32)))
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failures


def test_a_model_trains_predicts_and_streams_without_a_warning(stub):
    """Warnings are errors: numba-cuda's of small grids, and of what it deprecates."""
    model = Sequential([Input((5, 3)), LSTM(8), Dense(1)], device="cuda")
    model.compile("adam", "mse")
    x = np.zeros((20, 5, 3), np.float32)
    model.fit(x, x[:, 0, :1], batch_size=10, epochs=2, verbose=0)
    assert model.predict(x, verbose=0).shape == (20, 1)
    stream = model.stream()
    assert stream.step(np.zeros(3, np.float32)).shape == (1,)


def without_addresses(launches):
    """Launches with 0 in the place of the addresses of arrays."""
    return [
        (kernel, sizes, shared, [0 if word >= 2**32 else word for word in words]) for kernel, (sizes, shared, words) in launches
    ]


def test_a_plan_makes_the_launches_of_single_ops(stub):
    """The same kernels with the same sizes and numbers, those of a key and of the optimizer's step too, at other addresses."""
    found, x = {}, np.zeros((4, 5, 3), np.float32)
    for eager in (False, True):
        philox.set_random_seed(5)
        model = Sequential([Input((5, 3)), LSTM(8), Dropout(0.5), BatchNormalization(), Dense(1)], device="cuda")
        model.compile("adam", "mse", run_eagerly=eager)
        steps = [stub.launches(partial(model.train_on_batch, x, x[:, 0, :1])) for _ in range(3)]
        steps += [stub.launches(partial(model.predict, x, verbose=0)) for _ in range(2)]
        assert len(model.training_plans) == (not eager)
        found[eager] = [without_addresses(launches) for launches in steps]
    assert found[False] == found[True]
    assert found[True][1] != found[True][2]  # another step of the key, and of the optimizer


def test_steps_of_a_stream_make_equal_launches_without_allocations(stub):
    stream = Sequential([Input((None, 3)), LSTM(8), Dense(1)], device="cuda").stream()
    first = stub.launches(lambda: stream.step(np.zeros(3, np.float32)))
    allocations = stub.count(ALLOCATIONS)
    assert stub.launches(lambda: stream.step(np.ones(3, np.float32))) == first
    assert stub.count(ALLOCATIONS) == allocations
    assert len(first) == 3
