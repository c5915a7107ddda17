"""The same work on every device, and the way there and back."""

from __future__ import annotations

import numpy as np

from .cases import DEVICES, TIMEOUT, compile_for, ours

#: With the NumPy twin: what the kernels gain over plain NumPy.
ALL = (*DEVICES, "reference")
BATCH = "32 100 1 50"
SAMPLES, STEPS, FEATURES = 1024, 100, 8


class Work:
    """A batch on a device."""

    params = (ALL, ("infer", "train"))
    param_names = ("device", "mode")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        for mode in ("infer", "train"):
            compile_for(mode, [BATCH])

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]

    def setup(self, device: str, mode: str) -> None:
        self.call = ours(mode, BATCH, device)

    def time_one_call(self, device: str, mode: str) -> None:
        self.call()


class Stream:
    """A step of a stream takes microseconds, so a sample is a thousand of them."""

    params = ALL
    param_names = ("device",)
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("stream", [BATCH])

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]

    def setup(self, device: str) -> None:
        self.step = ours("stream", BATCH, device)

    def time_1000_steps(self, device: str) -> None:
        step = self.step
        for _ in range(1000):
            step()


class Arrays:
    """Batches on their way to a device, and outputs on their way back."""

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
