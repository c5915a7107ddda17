"""Graphs, convolutions and other cells than the LSTM's: the modes of compare.py, at their first shapes."""

from __future__ import annotations

from .peers.modes import MODES
from .shared import cases
from .shared.cases import COMPILING, THREADS, TIMEOUT, compile_for, numba_lstm_call

NAMES = tuple(name for name, mode in MODES.items() if mode.task)


class Call:
    """Time of a prediction, a training step or a search."""

    params = (NAMES, THREADS)
    param_names = ("mode", "threads")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        for mode in NAMES:
            compile_for(mode, [str(MODES[mode].shapes[0])], threads=THREADS)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, mode: str, threads: int) -> None:
        self.call = numba_lstm_call(mode, str(MODES[mode].shapes[0]), threads=threads)

    def time_call(self, mode: str, threads: int) -> None:
        self.call()


class AttentionBesidePyTorch(cases.BesidePyTorch):
    """Ratio to the time of PyTorch for a training step with attention, on one thread each."""

    mode = "attention"
    params = tuple(map(str, MODES["attention"].shapes))


class EncoderDecoderBesidePyTorch(cases.BesidePyTorch):
    """Ratio to the time of PyTorch for a training step of an encoder-decoder, on one thread each."""

    mode = "encoder-decoder"
    params = tuple(map(str, MODES["encoder-decoder"].shapes))
