"""Inference: a batch through LSTM and Dense."""

from __future__ import annotations

from .cases import COMPILING, DEVICES, DTYPES, SHAPES, THREADS, TIMEOUT, compile_for, ours, pytorch, rate, times_pytorch

ACTIVATIONS = (
    "tanh", "relu", "hard_sigmoid", "softsign", "linear",
    "elu", "selu", "softplus", "silu", "gelu", "exponential",
)  # fmt: skip
BATCH = "32 100 64 128"


class Batch:
    """The published shapes."""

    params = (DEVICES, SHAPES, DTYPES, THREADS)
    param_names = ("device", "N T D H", "dtype", "threads")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("infer", SHAPES, DTYPES)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.call = ours("infer", shape, device, dtype, threads)

    def time_predict_on_batch(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.call()


class OfPeak:
    """One thread, and what the processor can do."""

    params = SHAPES
    param_names = ("N T D H",)
    timeout = TIMEOUT

    def setup(self, shape: str) -> None:
        ours("infer", shape)

    def track_gflops(self, shape: str) -> float:
        return rate("infer", shape)[0]

    track_gflops.unit = "GFLOP/s"  # type: ignore[attr-defined]

    def track_share_of_peak(self, shape: str) -> float:
        return rate("infer", shape)[1]

    track_share_of_peak.unit = "of the fma peak"  # type: ignore[attr-defined]


class BesidePyTorch:
    """One thread each."""

    params = SHAPES
    param_names = ("N T D H",)
    timeout = TIMEOUT

    def setup(self, shape: str) -> None:
        pytorch("infer", shape)
        ours("infer", shape)

    def track_times_pytorch(self, shape: str) -> float:
        return times_pytorch("infer", shape)

    track_times_pytorch.unit = "PyTorch's time / ours"  # type: ignore[attr-defined]


class Activations:
    """What another activation than tanh costs."""

    params = ACTIVATIONS
    param_names = ("activation",)
    timeout = TIMEOUT

    def setup(self, activation: str) -> None:
        self.call = ours("infer", BATCH, activation=activation)

    def time_predict_on_batch(self, activation: str) -> None:
        self.call()
