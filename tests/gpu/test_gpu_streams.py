"""The two streams of the real driver: right numbers however many batches are under way, and an upload that costs little."""

from __future__ import annotations

import time

import numpy as np
import pytest


@pytest.fixture
def device():
    from numba_lstm.kernels.cuda.runtime import driver

    return driver.current()


@pytest.mark.parametrize("rows", [3, 1000, 300_000])
def test_batches_come_whole_and_in_order(ops, device, rows):
    """Each is overwritten on the host as soon as it is sent, and on the device by those behind it."""
    total = np.zeros((rows, 8), np.float32)
    there = ops.asarray(total, "float32")
    for k in range(60):
        host = np.full((rows, 8), k, np.float64) + np.arange(8)
        total = total * np.float32(0.5) + host.astype(np.float32)
        x = device.send(host, np.float32)
        host[...] = np.nan
        there = ops.add(ops.scale(there, 0.5), x)
    np.testing.assert_allclose(ops.to_host(there), total, rtol=1e-6)


def test_memory_is_used_again(ops, device):
    x = ops.asarray(np.ones((500, 1000), np.float32), "float32")

    def free():
        for _ in range(50):
            ops.scale(ops.add(x, x), 2.0)
        device.synchronize()
        return device._api.memory_info()[0]

    assert free() == free()


def test_an_upload_hides_behind_the_kernels(device):
    """With both at once, less than half of the shorter one is added to the longer one."""
    from numba_lstm.kernels.cuda.gemm.gemm import product

    host = np.ones((4096, 4096), np.float32)
    a = device.send(host, np.float32)

    def seconds(compute, send):
        times = []
        for _ in range(7):
            device.synchronize()
            begin = time.perf_counter()
            kept = [product(a, a) for _ in range(compute)]
            sent = [device.send(host, np.float32) for _ in range(send)]
            device.synchronize()
            times.append(time.perf_counter() - begin)
            del kept, sent
        return min(times)  # what else the host does makes a turn slower, never faster

    kernels, uploads, concurrent = seconds(4, 0), seconds(0, 4), seconds(4, 4)
    print(f"kernels {kernels:.4f} s, uploads {uploads:.4f} s, concurrent {concurrent:.4f} s")
    assert concurrent < max(kernels, uploads) + 0.5 * min(kernels, uploads)
