"""Training: a step of the optimizer, and an epoch of fit."""

from __future__ import annotations

from . import cases
from .cases import COMPILING, DEVICES, DTYPES, SHAPES, THREADS, TIMEOUT, compile_for, ours

WINDOWS = "32 100 1 50"


class Step:
    """The published shapes."""

    params = (DEVICES, SHAPES, DTYPES, THREADS)
    param_names = ("device", "N T D H", "dtype", "threads")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("train", SHAPES, DTYPES, THREADS)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.step = ours("train", shape, device, dtype, threads)

    def time_train_on_batch(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.step()


class OfPeak(cases.OfPeak):
    """One thread, and what the processor can do."""

    mode = "train"
    params = SHAPES


class BesidePyTorch(cases.BesidePyTorch):
    """One thread each."""

    mode = "train"
    params = SHAPES


class Epoch:
    """``fit`` of LSTM(50, relu) and Dense(1) on 2,048 windows of 100 steps, in batches of 32."""

    params = THREADS
    param_names = ("threads",)
    timeout = TIMEOUT

    def setup(self, threads: int) -> None:
        self.epoch = ours("fit", WINDOWS, threads=threads)

    def time_fit(self, threads: int) -> None:
        self.epoch()


class EpochBesidePyTorch(cases.BesidePyTorch):
    """The same beside a loop written by hand, with tanh: ``nn.LSTM`` has no relu."""

    mode = "fit"
    params = (WINDOWS,)
