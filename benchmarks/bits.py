"""Digests of what models compute, to compare two checkouts bit for bit.

Run ``python -m benchmarks.bits --write bits.json`` in one checkout and ``python -m benchmarks.bits --check bits.json`` in the
other, on the same processor: sums over batch and time depend on the width of its vectors. The cases are predictions, streams
and trainings with options of layers, in both dtypes, with one thread and with two. The check prints the cases that differ and
exits with 1 if there are any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from numba_lstm import Sequential, set_num_threads, set_random_seed
from numba_lstm.layers import (
    LSTM,
    Activation,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    Input,
    Layer,
    LayerNormalization,
    Masking,
    RepeatVector,
    SpatialDropout1D,
    TimeDistributed,
)

#: Steps, features and samples of a batch; the second batch is large enough for groups of rows and for threads.
T, D = 9, 6
BATCHES = (5, 40)

STACKS: dict[str, Callable[[], list[Layer]]] = {
    "plain": lambda: [LSTM(50), Dense(1)],
    "relu": lambda: [LSTM(33, activation="relu", recurrent_activation="hard_sigmoid"), Dense(2, "sigmoid")],
    "deep": lambda: [LSTM(17, return_sequences=True), Dropout(0.3), LSTM(8), Dense(5, "softmax")],
    "large": lambda: [LSTM(130, return_sequences=True), LSTM(64), Dense(3, "gelu")],
    "options": lambda: [LSTM(12, peephole=True, coupled=False, cell_clip=0.5, return_sequences=True), LSTM(9, coupled=True)],
    "recurrent dropout": lambda: [LSTM(12, dropout=0.2, recurrent_dropout=0.3, return_sequences=True), Dense(2)],
    "zoneout": lambda: [LSTM(12, zoneout=0.2, cell_zoneout=0.1), Dense(2)],
    "projection": lambda: [LSTM(12, projection=5, return_sequences=True), LSTM(7, layer_norm=True), Dense(2)],
    "two directions": lambda: [Bidirectional(LSTM(9, return_sequences=True)), Bidirectional(LSTM(6), "mul"), Dense(1)],
    "norms": lambda: [LSTM(8, return_sequences=True), BatchNormalization(), LayerNormalization(), LSTM(4), Dense(1)],
    "mask": lambda: [Masking(), LSTM(8, return_sequences=True), LSTM(5), Dense(1)],
    "autoencoder": lambda: [LSTM(8), RepeatVector(4), LSTM(8, return_sequences=True), TimeDistributed(Dense(3))],
    "noise": lambda: [GaussianNoise(0.1), SpatialDropout1D(0.2), LSTM(8, go_backwards=True), Activation("elu")],
    "flat": lambda: [LSTM(4, return_sequences=True), Flatten(), Dense(3, kernel_regularizer="l2")],
}

#: What else compile and fit are given.
TRAINING = {
    "adam": {"optimizer": "adam"},
    "clipped": {"optimizer": {"class_name": "SGD", "config": {"momentum": 0.9, "nesterov": True, "clipnorm": 0.1}}},
    "nadam": {"optimizer": "nadam", "loss": "huber"},
}


def digest(arrays: list[np.ndarray]) -> str:
    """Return the first digits of a digest of the bytes of arrays."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:16]


def build(layers: Callable[[], list[Layer]], dtype: str) -> Sequential:
    """Return the same model each time."""
    set_random_seed(1)
    return Sequential([Input((T, D)), *layers()], dtype=dtype)


def samples(N: int, output: tuple[int | None, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs, some steps of which are zero, and targets."""
    rng = np.random.default_rng(N)
    x = rng.normal(size=(N, T, D)) * (rng.random((N, T, 1)) > 0.2)
    return x, rng.normal(size=(N, *output[1:]))


def cases() -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield the name of each case and what it computes."""
    for threads in (1, 2):
        set_num_threads(threads)
        for dtype in ("float32", "float64"):
            for name, layers in STACKS.items():
                start = f"{name}, {dtype}, {threads} threads"
                for N in BATCHES:
                    model = build(layers, dtype)
                    x, _ = samples(N, model.output_shape)
                    yield f"predict {N}: {start}", [model.predict(x, batch_size=16, verbose=0) for _ in range(3)]
                    yield f"alone {N}: {start}", [model(x[:1]), model(x[-1:])]
                try:
                    stream = build(layers, dtype).stream()
                except NotImplementedError:
                    continue
                yield f"stream: {start}", [stream.step(step.astype(dtype)) for step in x[0]]
            for name, layers in STACKS.items():
                for training, given in TRAINING.items():
                    model = build(layers, dtype)
                    x, y = samples(BATCHES[1] + 6, model.output_shape)
                    model.compile(**{"loss": "mse", **given})
                    weight = np.arange(len(x)) % 3 / 2 if training == "nadam" else None
                    options = {"epochs": 2, "batch_size": BATCHES[1], "verbose": 0, "sample_weight": weight}
                    history = model.fit(x, y, **options)
                    found = [np.array(history.history["loss"]), *model.get_weights()]
                    yield f"fit {training}: {name}, {dtype}, {threads} threads", found


def main() -> int:
    """Write or check digests."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="file for the digests of this checkout")
    parser.add_argument("--check", type=Path, help="file of another checkout's digests")
    arguments = parser.parse_args()
    found = {name: digest(arrays) for name, arrays in cases()}
    if arguments.write is not None:
        arguments.write.write_text(json.dumps(found, indent=1))
    expected = json.loads(arguments.check.read_text()) if arguments.check is not None else found
    different = [name for name in sorted(found.keys() | expected.keys()) if found.get(name) != expected.get(name)]
    print(f"{len(found)} cases, {len(different)} differ", *different, sep="\n  ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
