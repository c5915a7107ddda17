"""Cost of options of the LSTM: the ratio of training steps with and without an option, at N=32 T=100 D=64 H=128."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from .shared.cases import COMPILING, TIMEOUT

N, T, D, H = 32, 100, 64, 128
TURNS = 11


def mish(x):  # type: ignore[no-untyped-def]  # a custom activation
    return x * np.tanh(np.log1p(np.exp(x)))


def step(wrap: str = "", **options: object) -> Callable[[], object]:
    """Return a training step of an LSTM with ``options``, followed by Dense(1)."""
    from numba_lstm import Sequential
    from numba_lstm.layers import LSTM, Bidirectional, Dense, Input

    layer = LSTM(H, **options)
    model = Sequential([Input((T, D)), Bidirectional(layer) if wrap == "bidirectional" else layer, Dense(1)])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, T, D)).astype(np.float32), rng.normal(size=(N, 1)).astype(np.float32)
    lengths = np.full(N, T) if wrap == "mask" else None
    return lambda: model.train_on_batch(x, y, lengths=lengths)


def epoch(shortest: int) -> Callable[[], object]:
    """Return an epoch on ten batches of a list of sequences of ``shortest`` to T steps."""
    from numba_lstm import Sequential
    from numba_lstm.layers import LSTM, Dense, Input

    model = Sequential([Input((None, D)), LSTM(H), Dense(1)])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    lengths = np.linspace(shortest, T, 10 * N).round().astype(int)
    x = [rng.normal(size=(length, D)).astype(np.float32) for length in lengths]
    y = rng.normal(size=(10 * N, 1)).astype(np.float32)
    return lambda: model.fit(x, y, batch_size=N, epochs=1, verbose=0)


#: Name of an option -> (the calls with and without it, the threads of each).
OPTIONS: dict[str, tuple[Callable[[], Callable[[], object]], Callable[[], Callable[[], object]], tuple[int, int]]] = {
    "mask": (lambda: step("mask"), step, (1, 1)),
    "dropout": (lambda: step(dropout=0.2), step, (1, 1)),
    "recurrent_dropout": (lambda: step(recurrent_dropout=0.2), step, (1, 1)),
    "peephole": (lambda: step(peephole=True), step, (1, 1)),
    "cell_clip": (lambda: step(cell_clip=3.0), step, (1, 1)),
    "coupled": (lambda: step(coupled=True), step, (1, 1)),
    "zoneout": (lambda: step(zoneout=0.1, cell_zoneout=0.1), step, (1, 1)),
    "projection": (lambda: step(projection=H // 2), step, (1, 1)),
    "layer_norm": (lambda: step(layer_norm=True), step, (1, 1)),
    **{
        name: (partial(step, activation=name, cell_clip=3.0), partial(step, cell_clip=3.0), (1, 1))
        for name in ("relu", "hard_sigmoid", "softsign", "linear", "elu", "selu", "softplus", "silu", "gelu", "exponential")
    },
    "an activation of one's own": (lambda: step(activation=mish, cell_clip=3.0), lambda: step(cell_clip=3.0), (1, 1)),
    "bidirectional": (lambda: step("bidirectional"), step, (2, 2)),
    "bidirectional on two threads": (lambda: step("bidirectional"), step, (2, 1)),
    "lists half full": (lambda: epoch(1), lambda: epoch(T), (1, 1)),
}


def ratio(option: str, turns: int = TURNS) -> float:
    """Return the median over turns of the time with the option over the time without it."""
    from numba_lstm import get_num_threads, set_num_threads

    make, make_plain, (threads, plain_threads) = OPTIONS[option]
    before = get_num_threads()
    try:
        call, plain = make(), make_plain()
        times = [(_seconds(call, threads), _seconds(plain, plain_threads)) for _ in range(1 + turns)]
        return statistics.median(with_option / without for with_option, without in times[1:])  # the first ones may compile
    finally:
        set_num_threads(before)


def _seconds(call: Callable[[], object], threads: int) -> float:
    from numba_lstm import set_num_threads

    set_num_threads(threads)
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


class Cost:
    """Ratio of times with and without each option."""

    params = tuple(OPTIONS)
    param_names = ("option",)
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        for option in OPTIONS:
            ratio(option, turns=1)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def track_over_without(self, option: str) -> float:
        return ratio(option)

    track_over_without.unit = "times"  # type: ignore[attr-defined]


if __name__ == "__main__":
    for name in OPTIONS:
        print(f"{name:30}{ratio(name):.2f}", flush=True)
