"""The two streams of the real driver: no array is read before its upload or overwritten before its use, and they overlap."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fake_cuda import Card, install

from numba_lstm.kernels.cuda.runtime import gpu, gpu_memory
from numba_lstm.kernels.cuda.runtime.compiler import Kernel

SEEDS = range(30)
BATCHES = [np.random.default_rng(k).standard_normal((3, 40)).astype("float32") for k in range(20)]


def mix(total, x, y):
    total[...] = total * np.float32(0.5) + x - y


def clear(total):
    total[...] = 0


MIX, CLEAR = Kernel(mix, "mix", ("mix",)), Kernel(clear, "clear", ("clear",))


@pytest.fixture
def device(monkeypatch):
    """Return a function that makes a driver of a fake card and a memory module."""

    def made(card, memory=gpu_memory):
        monkeypatch.setattr(gpu, "UploadPool", memory.UploadPool)
        monkeypatch.setattr(gpu, "Pool", memory.Pool)
        return install(monkeypatch, gpu, card)

    return made


def epoch(driver):
    """Two arrays a batch, as in training; the host's are overwritten at once."""
    total = driver.empty((40, 3), np.float32)
    driver.launch(CLEAR, 1, 1, (total,))
    for batch in BATCHES:
        host = batch.astype(np.float64)
        x, y = driver.send(host.T, np.float32), driver.send(host.T**2, np.float32)
        host[...] = np.nan
        driver.launch(MIX, 1, 1, (total, x, y))
    return driver.download(total)


def expected():
    total = np.zeros((40, 3), np.float32)
    for batch in BATCHES:
        mix(total, batch.T, (batch.astype(np.float64).T ** 2).astype(np.float32))
    return total


@pytest.mark.parametrize("seed", SEEDS)
def test_every_order_that_events_allow_gives_the_same(device, seed):
    np.testing.assert_array_equal(epoch(device(Card(seed))), expected())


@pytest.mark.parametrize(
    "line",
    [
        "buffer.uploaded.synchronize()  # its pinned memory has been copied",
        "buffer.consumed.wait(self._copies)",
        "buffer.uploaded.wait(self._kernels)",
        "buffer.consumed.record(self._kernels)",
    ],
)
def test_each_wait_is_needed(device, monkeypatch, line):
    """Without one of them, some order of the work of the streams gives other numbers."""
    text = Path(gpu_memory.__file__).read_text()
    assert text.count(line) == 1
    mutated = ModuleType("mutated")
    monkeypatch.setitem(sys.modules, "mutated", mutated)
    mutated.__package__ = gpu_memory.__package__
    exec(compile(text.replace(line, "pass"), gpu_memory.__file__, "exec"), mutated.__dict__)
    assert any(not np.array_equal(epoch(device(Card(seed), mutated)), expected()) for seed in SEEDS)


@pytest.mark.parametrize("waits", [True, False])
def test_an_upload_has_read_its_array_before_it_returns(device, monkeypatch, waits):
    """Weights and the like; without its wait, some order of the work gives other numbers."""
    seen = []
    for seed in SEEDS:
        driver, host = device(Card(seed)), np.ones(5, np.float32)
        with monkeypatch.context() as patch:
            if not waits:
                patch.setattr(driver._stream, "synchronize", lambda: None)
            array = driver.upload(host)
        host[:] = -1
        seen.append(driver.download(array).tolist())
    assert all(numbers == [1] * 5 for numbers in seen) == waits


def test_the_next_batch_goes_up_while_the_present_one_is_computed(device):
    card = Card()
    driver = device(card)
    kernels, copies = card.streams
    total = driver.empty((40, 3), np.float32)
    for batch in BATCHES[:2]:
        x = driver.send(batch.T, np.float32)
        driver.launch(MIX, 1, 1, (total, x, x))
        del x
    while copies.left and copies.left[0][0]():
        copies.left.popleft()[1]()
    assert not copies.left, "both batches are up"
    assert sum(ready() for ready, _ in kernels.left) == len(kernels.left) > 2, "and no kernel has run"


def test_no_more_memory_is_pinned_than_for_two_batches(device):
    card = Card()
    pinned = []
    card.pinned = lambda nbytes: pinned.append(nbytes) or Card.pinned(card, nbytes)
    epoch(device(card))
    assert len(pinned) <= gpu_memory.MAX_BUFFERS


def test_a_download_waits_for_the_kernels_alone(device):
    card = Card()
    driver = device(card)
    total = driver.empty((2,), np.float32)
    driver.launch(CLEAR, 1, 1, (total,))
    card.streams[1].queue(lambda: None, lambda: False)
    assert driver.download(total).tolist() == [0, 0]
