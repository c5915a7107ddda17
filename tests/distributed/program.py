"""Trains small models in many ways on all processes of a job of MPI; rank 0 prints a digest and the logs of each.

``mpiexec -n 2 python tests/distributed/program.py``
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import numba_lstm
from numba_lstm import Input, Model, Sequential
from numba_lstm.callbacks import EarlyStopping, ReduceLROnPlateau
from numba_lstm.distributed import DataParallel
from numba_lstm.layers import LSTM, BatchNormalization, Dense, Dropout, GaussianDropout, GaussianNoise, Masking

rng = np.random.default_rng(0)
X = rng.standard_normal((42, 6, 3)).astype("float32")
X[::3, 4:] = 0
Y = X.sum(axis=(1, 2), keepdims=True)[:, :, 0]
LABELS = (Y[:, 0] > 0).astype(int)
STRATEGY: Any = None  #: made by :func:`main`, for tests import this module


def trained(layers: list[Any], x: Any = X, y: Any = Y, loss: str = "mse", strategy: Any = None, **arguments: Any) -> Any:
    compiled = {name: arguments.pop(name) for name in ("metrics", "weighted_metrics", "optimizer") if name in arguments}
    model = Sequential(layers, dtype=layers[0].dtype)
    model.compile(**{"optimizer": "adam", **compiled}, loss=loss, strategy=strategy or STRATEGY)
    return model, model.fit(x, y, **{"batch_size": 16, "epochs": 2, "verbose": 0, **arguments}).history


class Batches(numba_lstm.utils.PyDataset):
    """Batches from a list."""

    def __init__(self, batches: list[Any]) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


def plain() -> Any:
    return trained([LSTM(4), Dense(1)], optimizer=numba_lstm.optimizers.Adam(0.01, global_clipnorm=0.5), metrics=["mae"])


def masks() -> Any:
    return trained([Masking(), LSTM(4), Dense(1)], validation_split=0.25)


def steps_masked() -> Any:
    layers = [Masking(), LSTM(4, return_sequences=True), Dense(1)]
    return trained(layers, y=X[..., :1], metrics=["mae"], weighted_metrics=["mse"], sample_weight=np.linspace(0.5, 2, len(X)))


def ragged() -> Any:
    lengths = rng.integers(1, 7, len(X))
    return trained([LSTM(4), Dense(1)], x=[one[:length] for one, length in zip(X, lengths, strict=True)])


def classes() -> Any:
    layers = [LSTM(4), Dense(2, activation="softmax")]
    weights = {0: 1.0, 1: 3.0}
    return trained(layers, y=LABELS, loss="sparse_categorical_crossentropy", metrics=["accuracy"], class_weight=weights)


def normalized() -> Any:
    return trained([LSTM(4, dropout=0.2, recurrent_dropout=0.2), BatchNormalization(), Dropout(0.3), Dense(1)])


def dropped() -> Any:
    layers = [GaussianNoise(0.1), LSTM(4, dropout=0.2, recurrent_dropout=0.2), GaussianDropout(0.3)]
    return trained([*layers, Dropout(0.5), Dense(1)], validation_split=0.25)


def regularized() -> Any:
    return trained([LSTM(4, kernel_regularizer="l2", activity_regularizer="l2"), Dense(1)])


def windows() -> Any:
    return trained([LSTM(4, return_sequences=True), Dense(1)], y=X[..., :1], tbptt=3)


def callbacks() -> Any:
    stopping = [
        EarlyStopping(patience=1, min_delta=0.05, restore_best_weights=True),
        ReduceLROnPlateau(patience=0, min_delta=0.1),
    ]
    return trained([LSTM(4), Dense(1)], validation_split=0.3, epochs=8, callbacks=stopping)


def averaged() -> Any:
    optimizer = numba_lstm.optimizers.SGD(0.05, gradient_accumulation_steps=2, use_ema=True)
    return trained([LSTM(4), Dense(1)], optimizer=optimizer)


def double() -> Any:
    return trained([LSTM(4, dtype="float64"), Dense(1, dtype="float64")])


def few_samples() -> Any:
    return trained([LSTM(4), Dense(1)], batch_size=3, epochs=1)


def twelve_shards() -> Any:
    return trained([LSTM(4), Dense(1)], strategy=DataParallel(shards=12))


def batches() -> Any:
    return trained([LSTM(4), Dense(1)], x=Batches([(X[:16], Y[:16]), (X[16:], Y[16:])]), y=None, batch_size=None)


def local_batches() -> Any:
    """Each process brings the samples of its shards."""
    count = 16 // STRATEGY.ranks
    begin = STRATEGY.rank * count
    of_process = [(X[k + begin : k + begin + count], Y[k + begin : k + begin + count]) for k in (0, 16)]
    return trained(
        [LSTM(4), Dense(1)], x=Batches(of_process), y=None, batch_size=None, strategy=DataParallel(shards=4, local_batches=True)
    )


def rounded() -> Any:
    """Gradients travel in bfloat16, so bits depend on the number of processes."""
    strategy = DataParallel(shards=4, wire="bfloat16")
    layers = [LSTM(4), BatchNormalization(), Dense(1)]
    return trained(layers, strategy=strategy, optimizer=numba_lstm.optimizers.SGD(0.01), metrics=["mae"])


def exact() -> Any:
    return trained([LSTM(4), BatchNormalization(), Dense(1)], optimizer=numba_lstm.optimizers.SGD(0.01), metrics=["mae"])


def two_outputs() -> Any:
    given = Input((6, 3))
    steps = LSTM(4, return_sequences=True)(Masking()(given))
    model = Model(given, [Dense(1, name="each")(steps), Dense(1, name="last")(LSTM(3)(steps))])
    model.compile(
        "adam", {"each": "mse", "last": "mae"}, loss_weights={"last": 0.5}, metrics={"last": ["mse"]}, strategy=STRATEGY
    )
    return model, model.fit(X, {"each": X[..., :1], "last": Y}, batch_size=16, epochs=2, verbose=0).history


def single_batches() -> Any:
    model = Sequential([LSTM(4), Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], strategy=STRATEGY)
    return model, {
        "train": model.train_on_batch(X, Y),
        "test": model.test_on_batch(X, Y),
        "all": model.evaluate(X, Y, verbose=0),
    }


SCENARIOS: list[Callable[[], Any]] = [
    plain, masks, steps_masked, ragged, classes, normalized, dropped, regularized, windows, callbacks, averaged, double,
    few_samples, twelve_shards, batches, local_batches, two_outputs, single_batches,
]  # fmt: skip


SCENARIO_NAMES = [scenario.__name__ for scenario in SCENARIOS]

#: Those that compute nearly the same without a strategy.
COMPARED = (masks, dropped, regularized, two_outputs, classes)


def outcome(scenario: Callable[[], Any]) -> tuple[str, Any]:
    """Return the digest of the weights of a scenario, and its logs."""
    rng.bit_generator.state = np.random.default_rng(1).bit_generator.state
    numba_lstm.utils.set_random_seed(0)
    model, logs = scenario()
    return hashlib.sha1(b"".join(array.tobytes() for array in model.get_weights())).hexdigest(), logs


def main() -> None:
    global STRATEGY
    STRATEGY = DataParallel(shards=4)
    strategy, results = STRATEGY, {}
    for scenario in (*SCENARIOS, rounded, exact):
        digest, logs = outcome(scenario)
        results[scenario.__name__] = [STRATEGY.gather("digests", digest), logs]
    if strategy.ranks == 1:
        STRATEGY = None
        results |= {f"{scenario.__name__} without": outcome(scenario) for scenario in COMPARED}
    if strategy.rank == 0:
        json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
