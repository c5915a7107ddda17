"""Inference: a batch through LSTM and Dense."""

from __future__ import annotations

from .shared import cases
from .shared.cases import COMPILING, DEVICES, DTYPES, SHAPES, THREADS, TIMEOUT, compile_for, numba_lstm_call

ACTIVATIONS = (
    "tanh", "relu", "hard_sigmoid", "softsign", "linear",
    "elu", "selu", "softplus", "silu", "gelu", "exponential",
)  # fmt: skip
BATCH = "32 100 64 128"


class Batch:
    """Time of a batch at the published shapes."""

    params = (DEVICES, SHAPES, DTYPES, THREADS)
    param_names = ("device", "N T D H", "dtype", "threads")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("infer", SHAPES, DTYPES, THREADS)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.call = numba_lstm_call("infer", shape, device, dtype, threads)

    def time_predict_on_batch(self, device: str, shape: str, dtype: str, threads: int) -> None:
        self.call()


class OfPeak(cases.OfPeak):
    """One thread as a fraction of the processor's peak."""

    mode = "infer"
    params = SHAPES


class BesidePyTorch(cases.BesidePyTorch):
    """Ratio to the time of PyTorch, on one thread each."""

    mode = "infer"
    params = SHAPES


class Activations:
    """Time of a batch with other activations than tanh."""

    params = ACTIVATIONS
    param_names = ("activation",)
    timeout = TIMEOUT

    def setup(self, activation: str) -> None:
        self.call = numba_lstm_call("infer", BATCH, activation=activation)

    def time_predict_on_batch(self, activation: str) -> None:
        self.call()
