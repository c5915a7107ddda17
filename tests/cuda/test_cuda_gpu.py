"""What the driver of a real device says when something is missing; what numba.cuda would answer is played here."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from numba_lstm.kernels.cuda import gpu, usable


def play(monkeypatch, module, **answers):
    """Let ``module`` see a numba.cuda of these answers."""
    monkeypatch.setattr(module, "cuda", SimpleNamespace(**answers))


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
    play(monkeypatch, usable, gpus=gpus, is_available=lambda: available)
    found = usable.obstacle()
    assert found is not None
    monkeypatch.setattr(gpu, "obstacle", lambda: found)
    with pytest.raises(RuntimeError, match=sentence):
        gpu.GPU()


def test_nothing_is_missing(monkeypatch):
    play(monkeypatch, usable, gpus=[0], is_available=lambda: True)
    assert usable.obstacle() is None


@pytest.fixture
def full(monkeypatch):
    """A device whose memory is all taken, or that fails otherwise."""

    def device(error):
        def device_array(shape, dtype):
            raise RuntimeError(error)

        context = SimpleNamespace(get_memory_info=lambda: (3 * 2**20, 2**30))
        facts = dict.fromkeys(
            ("MULTIPROCESSOR_COUNT", "MAX_SHARED_MEMORY_PER_BLOCK", "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"), 1
        ) | dict.fromkeys(("MAX_REGISTERS_PER_BLOCK", "COOPERATIVE_LAUNCH"), 1)
        card = SimpleNamespace(name=b"a card", compute_capability=(9, 0), **facts)
        play(monkeypatch, gpu, device_array=device_array, current_context=lambda: context, get_current_device=lambda: card)
        monkeypatch.setattr(gpu, "obstacle", lambda: None)
        return gpu.GPU()

    return device


def test_full_memory_is_a_memory_error_that_says_what_to_try(full):
    card = full("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")
    with pytest.raises(MemoryError, match=r"a card has 3 of 1024 MiB free, and 8 more were needed\. Pass half the batch_size"):
        card.empty((2, 2**20), np.float32)


def test_other_faults_stay_what_they_are(full):
    with pytest.raises(RuntimeError, match="INVALID_CONTEXT"):
        full("CUDA_ERROR_INVALID_CONTEXT").empty(3, np.float32)
