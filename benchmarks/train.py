"""Training: a step of the optimizer, and an epoch of fit."""

from __future__ import annotations

from .shared import cases
from .shared.cases import COMPILING, DEVICES, DTYPES, SHAPES, THREADS, TIMEOUT, compile_for, numba_lstm_call

WINDOWS = "32 100 1 50"


class Step:
    """Time of a training step at the published shapes."""

    params = (DEVICES, SHAPES, DTYPES, THREADS)
    param_names = ("device", "N T D H", "dtype", "threads")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("train", SHAPES, DTYPES, THREADS)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.step = numba_lstm_call("train", shape, device, dtype, threads)

    def time_train_on_batch(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.step()


class OfPeak(cases.OfPeak):
    """One thread as a fraction of the processor's peak."""

    mode = "train"
    params = SHAPES


class BesidePyTorch(cases.BesidePyTorch):
    """Ratio to the time of PyTorch, on one thread each."""

    mode = "train"
    params = SHAPES


class Epoch:
    """Time of ``fit`` of LSTM(50, relu) and Dense(1) on 2,048 windows of 100 steps, in batches of 32."""

    params = THREADS
    param_names = ("threads",)
    timeout = TIMEOUT

    def setup(self, threads: int) -> None:
        self.epoch = numba_lstm_call("fit", WINDOWS, threads=threads)

    def time_fit(self, threads: int) -> None:
        self.epoch()


class EpochBesidePyTorch(cases.BesidePyTorch):
    """Ratio to the time of a loop in PyTorch, with tanh since ``nn.LSTM`` has no relu."""

    mode = "fit"
    params = (WINDOWS,)
