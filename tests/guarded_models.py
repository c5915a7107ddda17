"""A process of its own for test_guard_pages: random models whose arrays all lie between guard pages.

Arguments: the dtype, the number of rounds, the first round, and the units that recurrent layers may have, with commas.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from math import prod

import numpy as np
import numpy.typing as npt
from guard_pages import Guards
from other_memory import replace

from numba_lstm import Input, Model, Sequential, decoding, set_num_threads, set_random_seed
from numba_lstm.kernels.cpu.runtime import memory, thread_pool
from numba_lstm.layers import (
    GRU,
    LSTM,
    Attention,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Conv1DTranspose,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    Layer,
    LayerNormalization,
    Masking,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
)

#: All sizes but those of recurrent layers are from 1 to this.
LARGEST = 70

Array = npt.NDArray[np.generic]
Draw = Callable[[], int]


def plain(size: Draw, units: Draw) -> list[Layer]:
    return [LSTM(units(), return_sequences=True), Dense(size(), "tanh"), LSTM(units()), Dense(size())]


def last_only(size: Draw, units: Draw) -> list[Layer]:
    return [LSTM(units(), peephole=True), Dense(1, "sigmoid")]


def masked(size: Draw, units: Draw) -> list[Layer]:
    first = Bidirectional(LSTM(units(), return_sequences=True))
    return [
        Masking(),
        first,
        LayerNormalization(),
        LSTM(units(), peephole=True, go_backwards=True),
        Dense(size(), "softmax"),
    ]


def dropped(size: Draw, units: Draw) -> list[Layer]:
    first = LSTM(units(), dropout=0.3, recurrent_dropout=0.3, return_sequences=True)
    return [SpatialDropout1D(0.2), first, BatchNormalization(), GaussianNoise(0.1), LSTM(units()), Dropout(0.2), Dense(size())]


def rows(size: Draw, units: Draw) -> list[Layer]:
    return [LSTM(units(), layer_norm=True, return_sequences=True), LSTM(units(), projection=units()), Dense(size())]


def reshaped(size: Draw, units: Draw) -> list[Layer]:
    n = units()
    return [LSTM(n, return_sequences=True), Reshape((n, -1)), LSTM(1), RepeatVector(3), LSTM(units()), Flatten(), Dense(size())]


def gated(size: Draw, units: Draw) -> list[Layer]:
    return [GRU(units(), return_sequences=True), GRU(units(), reset_after=False), Dense(size())]


def windowed(size: Draw, units: Draw) -> list[Layer]:
    few, reach = size() % 4 + 1, size() % 5 + 1
    return [Conv1DTranspose(few, reach), Conv1D(size(), 3, padding="same"), Conv1DTranspose(size(), 2, strides=2)]


STACKS = (plain, last_only, masked, dropped, rows, reshaped, gated, windowed)


def attending(T: int, D: int, size: Draw, dtype: str) -> Model:
    """A model whose gradients of the keys are sums of products."""
    x = Input((T, D), dtype=dtype)
    y = Dense(size(), dtype=dtype)(x)
    return Model(x, Dense(size(), "softmax", dtype=dtype)(Attention(dtype=dtype)([y, y])))


def use(model: Sequential, x: Array) -> None:
    """Forward, in a batch and alone and as bound, and three training steps."""
    for batch in (x, x, x[:1], x[-1:]):
        model.predict(batch, verbose=0)
    y = np.ones((len(x), *model.output_shape[1:]), model.dtype)
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, y, batch_size=len(x), epochs=3, shuffle=False, verbose=0)


def streamed(model: Sequential, x: Array) -> None:
    for rows_ in (1, len(x)):
        stream = model.stream(rows_)
        for t in range(min(3, x.shape[1])):
            stream.step(np.ascontiguousarray(x[:rows_, t]))


def work(seed: int, dtype: str, units: tuple[int, ...]) -> None:
    """One round: each stack once, with sizes of its own."""
    rng = np.random.default_rng(seed)

    def size() -> int:
        return int(rng.integers(1, LARGEST + 1))

    def unit() -> int:
        return int(rng.choice(units))

    for stack in STACKS:
        N, T, D = size(), size() if stack is not reshaped else int(rng.integers(1, 9)), size()
        set_num_threads(int(rng.integers(1, 3)))
        set_random_seed(seed)
        model = Sequential([Input((T, D)), *stack(size, unit)], dtype=dtype)
        print(seed, dtype, stack.__name__, (N, T, D), [layer.get_config().get("units") for layer in model.layers], flush=True)
        x = rng.normal(size=(N, T, D)).astype(dtype)
        use(model, x)
        if stack in (plain, last_only, rows, gated):
            streamed(model, x)
        if stack is windowed:
            use(attending(T, D, size, dtype), x)
        if stack in (plain, last_only) and dtype == "float32":
            model.quantize("int8")
            model.predict(x, verbose=0)
            streamed(model, x)
    words = Sequential([Input((5,)), Embedding(7, size(), mask_zero=True), LSTM(unit()), Dense(size())], dtype=dtype)
    use(words, rng.integers(0, 7, (size(), 5)))
    for cell in (LSTM, GRU):
        inner = [Embedding(size() + 6, size()), cell(unit(), return_sequences=True)]
        speaker = Sequential([Input((None,)), *inner, Dense(7, "softmax")], dtype=dtype)
        decoding.beam_search(speaker, rng.integers(0, 7, size() % 5 + 1), steps=5, width=size() % 9 + 1, end=3)


def with_a_line(guards: Guards) -> Callable[..., Array]:
    """What makes arrays as :func:`memory.aligned` promises them, but for where they begin: a guard comes behind the line."""

    def aligned(shape: tuple[int, ...], dtype: np.dtype[np.generic] | str) -> Array:
        dtype = np.dtype(dtype)
        raw = np.empty(prod(shape) * dtype.itemsize + memory.LINE, np.uint8)
        guards.only_to_read(raw, memory.LINE)
        return np.ndarray(shape, dtype, raw)

    return aligned


def main(dtype: str, rounds: int, first: int, units: tuple[int, ...]) -> int:
    """Do all rounds with arrays that end at a page, then with arrays that begin at one."""
    # low thresholds, so that threads share the work of these small models
    thread_pool.MIN_WORK_PER_THREAD, thread_pool.MIN_WORK_PER_QUEUED_CALL = 100_000, 1_000_000
    guards = Guards()
    guards.install()
    aligned = with_a_line(guards)
    replace(aligned=aligned, allocate_slab=lambda dtype, *shapes: [aligned(shape, dtype) for shape in shapes])
    for guards.behind in (True, False):
        for seed in range(first, first + rounds):
            work(seed, dtype, units)
    print(f"{guards.made} arrays, beside {len(guards.overwritten)} of which something was written: {guards.overwritten[:20]}")
    return 1 if guards.overwritten or guards.made < 1000 else 0


if __name__ == "__main__":
    faulthandler.enable()
    warnings.simplefilter("ignore")
    answer = 1
    try:
        answer = main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), tuple(map(int, sys.argv[4].split(","))))
    except Exception:
        traceback.print_exc()
    finally:  # arrays that are left go with the process: at its end there is nobody to call
        sys.stdout.flush()
        os._exit(answer)
