"""The errors of the real driver when something is missing or memory is full, with a fake of numba.cuda."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import numpy as np
import pytest
from fake_cuda import Card, install

from numba_lstm.kernels.cuda.runtime import availability, gpu, gpu_memory


def fake(monkeypatch, module, **attributes):
    """Replace the numba.cuda of ``module`` by a fake with these attributes."""
    monkeypatch.setattr(module, "cuda", SimpleNamespace(**attributes))


class Broken:
    def __len__(self):
        raise OSError("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)")


@pytest.mark.parametrize(
    ("gpus", "available", "sentence"),
    [
        (Broken(), False, r"shows no device \(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH \(803\)\)\. See what `nvidia-smi` lists"),
        ([], False, r"shows no device \(none found\)\. See .*CUDA_VISIBLE_DEVICES"),
        ([0], False, r"no compiler of kernels \(libNVVM\)\. Install it with `pip install 'numba_lstm\[cuda13\]'`"),
    ],
)
def test_what_is_missing_and_what_installs_it(monkeypatch, gpus, available, sentence):
    fake(monkeypatch, availability, gpus=gpus, is_available=lambda: available)
    found = availability.obstacle()
    assert found is not None
    monkeypatch.setattr(gpu, "obstacle", lambda: found)
    with pytest.raises(RuntimeError, match=sentence):
        gpu.GPU()


def test_nothing_is_missing(monkeypatch):
    fake(monkeypatch, availability, gpus=[0], is_available=lambda: True)
    assert availability.obstacle() is None


@pytest.fixture
def device(monkeypatch):
    """Return a function that makes a driver of a fake card."""
    return lambda card: install(monkeypatch, gpu, card)


def test_full_memory_is_a_memory_error_that_says_what_to_try(device):
    driver = device(Card(memory=12 * 2**20))
    array = driver.empty((2, 2**20), np.float32)
    with pytest.raises(MemoryError, match=r"a card has 4 of 12 MiB free, and 8 more were needed\. Pass half the batch_size"):
        driver.empty((2, 2**20), np.float32)
    assert array.shape == (2, 2**20)


def test_free_blocks_are_released_where_memory_is_full(device):
    driver = device(Card(memory=12 * 2**20))
    driver.empty((2, 2**20), np.float32)
    driver.send(np.ones(2**18, np.float32), np.float32)
    assert driver.empty((3, 2**20), np.float32).shape == (3, 2**20)


def test_other_faults_stay_what_they_are(device):
    card = Card()
    driver = device(card)
    card.allocate = lambda nbytes: (_ for _ in ()).throw(RuntimeError("CUDA_ERROR_INVALID_CONTEXT"))
    with pytest.raises(RuntimeError, match="INVALID_CONTEXT"):
        driver.empty(3, np.float32)


def test_an_array_takes_the_block_of_one_that_is_gone_with_all_its_views(device):
    card = Card()
    driver = device(card)
    first = driver.empty((6, 100), np.float32)
    view = first[2:4].reshape(-1)
    del first
    second = driver.empty((6, 100), np.float32)
    taken = card.taken
    del view
    third = driver.empty((550,), np.float32)
    assert card.taken == taken
    assert second.address + second.nbytes <= third.address or third.address + third.nbytes <= second.address


def test_the_garbage_collector_frees_no_block(device):
    """It finalizes all objects of a cycle: if the array owned its memory, the pool would give away what is freed."""
    card = Card()
    driver = device(card)
    for array in (driver.empty((200,), np.float32), driver.send(np.ones(200), np.float32)):
        cycle = [array]
        cycle.append(cycle)
    taken = card.taken
    del array, cycle
    gc.collect()
    assert card.taken == taken


@pytest.mark.parametrize("nbytes", [0, 1, 512, 513, 1000, 1025, 5 * 2**20 + 1])
def test_a_block_is_at_most_a_quarter_too_large(nbytes):
    size = gpu_memory.block_size(nbytes)
    assert size % 128 == 0
    assert nbytes <= size <= max(512, 1.25 * nbytes + 128)
