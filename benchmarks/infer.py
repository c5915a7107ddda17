"""Inference: a batch through LSTM and Dense."""

from __future__ import annotations

from . import cases
from .cases import COMPILING, DEVICES, DTYPES, SHAPES, THREADS, TIMEOUT, compile_for, ours

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
        compile_for("infer", SHAPES, DTYPES, THREADS)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.call = ours("infer", shape, device, dtype, threads)

    def time_predict_on_batch(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.call()


class OfPeak(cases.OfPeak):
    """One thread, and what the processor can do."""

    mode = "infer"
    params = SHAPES


class BesidePyTorch(cases.BesidePyTorch):
    """One thread each."""

    mode = "infer"
    params = SHAPES


class Activations:
    """What another activation than tanh costs."""

    params = ACTIVATIONS
    param_names = ("activation",)
    timeout = TIMEOUT

    def setup(self, activation: str) -> None:
        self.call = ours("infer", BATCH, activation=activation)

    def time_predict_on_batch(self, activation: str) -> None:
        self.call()
