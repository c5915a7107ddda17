"""Training: a step of the optimizer, and an epoch of fit."""

from __future__ import annotations

from .cases import COMPILING, DEVICES, DTYPES, SHAPES, THREADS, TIMEOUT, compile_for, ours, pytorch, rate, times_pytorch

WINDOWS = "32 100 1 50"


class Step:
    """The published shapes."""

    params = (DEVICES, SHAPES, DTYPES, THREADS)
    param_names = ("device", "N T D H", "dtype", "threads")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("train", SHAPES, DTYPES)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.step = ours("train", shape, device, dtype, threads)

    def time_train_on_batch(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.step()


class OfPeak:
    """One thread, and what the processor can do."""

    params = SHAPES
    param_names = ("N T D H",)
    timeout = TIMEOUT

    def setup(self, shape: str) -> None:
        ours("train", shape)

    def track_gflops(self, shape: str) -> float:
        return rate("train", shape)[0]

    track_gflops.unit = "GFLOP/s"  # type: ignore[attr-defined]

    def track_share_of_peak(self, shape: str) -> float:
        return rate("train", shape)[1]

    track_share_of_peak.unit = "of the fma peak"  # type: ignore[attr-defined]


class BesidePyTorch:
    """One thread each."""

    params = SHAPES
    param_names = ("N T D H",)
    timeout = TIMEOUT

    def setup(self, shape: str) -> None:
        pytorch("train", shape)
        ours("train", shape)

    def track_times_pytorch(self, shape: str) -> float:
        return times_pytorch("train", shape)

    track_times_pytorch.unit = "PyTorch's time / ours"  # type: ignore[attr-defined]


class Epoch:
    """``fit`` of LSTM(50, relu) and Dense(1) on 2,048 windows of 100 steps, in batches of 32."""

    params = THREADS
    param_names = ("threads",)
    timeout = TIMEOUT

    def setup(self, threads: int) -> None:
        self.epoch = ours("fit", WINDOWS, threads=threads)

    def time_fit(self, threads: int) -> None:
        self.epoch()


class EpochBesidePyTorch:
    """The same beside a loop written by hand, with tanh: ``nn.LSTM`` has no relu."""

    timeout = TIMEOUT

    def setup(self) -> None:
        pytorch("fit", WINDOWS)
        ours("fit", WINDOWS)

    def track_times_pytorch(self) -> float:
        return times_pytorch("fit", WINDOWS)

    track_times_pytorch.unit = "PyTorch's time / ours"  # type: ignore[attr-defined]
