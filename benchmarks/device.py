"""Devices: the same work on each, and copies between host and device."""

from __future__ import annotations

import numpy as np

from .shared.cases import DEVICES, TIMEOUT, compile_for, numba_lstm_call

#: All devices, also the NumPy reference, which shows what the kernels gain.
ALL = (*DEVICES, "reference")
BATCH = "32 100 1 50"
SAMPLES, STEPS, FEATURES = 1024, 100, 8


class Work:
    """Time of a batch on a device."""

    params = (ALL, ("infer", "train"))
    param_names = ("device", "mode")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        for mode in ("infer", "train"):
            compile_for(mode, [BATCH])

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]

    def setup(self, device: str, mode: str) -> None:
        self.call = numba_lstm_call(mode, BATCH, device)

    def time_one_call(self, device: str, mode: str) -> None:
        self.call()


class Stream:
    """Time of a thousand steps of a stream, since one step takes microseconds."""

    params = ALL
    param_names = ("device",)
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("stream", [BATCH])

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]

    def setup(self, device: str) -> None:
        self.step = numba_lstm_call("stream", BATCH, device)

    def time_1000_steps(self, device: str) -> None:
        step = self.step
        for _ in range(1000):
            step()


class Arrays:
    """Time of copies of batches to a device, and of outputs back."""

    params = ALL
    param_names = ("device",)
    timeout = TIMEOUT

    def setup(self, device: str) -> None:
        from numba_lstm.device import get_ops

        self.ops = get_ops(device)
        self.x = np.zeros((SAMPLES, STEPS, FEATURES), np.float32)
        self.rows = np.random.default_rng(0).permutation(SAMPLES)[:32]
        self.batch = self.ops.gather(self.x, self.rows, np.float32)
        assert np.array_equal(self.ops.to_host(self.batch), self.x[self.rows].swapaxes(0, 1))

    def time_gather(self, device: str) -> None:
        self.ops.gather(self.x, self.rows, np.float32)

    def time_to_host(self, device: str) -> None:
        self.ops.to_host(self.batch)
