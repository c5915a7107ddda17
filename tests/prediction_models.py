"""Models for tests of prediction plans, and their outputs with plans and without."""

from __future__ import annotations

import numpy as np

from numba_lstm import Sequential
from numba_lstm.layers import (
    LSTM,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    Input,
    LayerNormalization,
    Masking,
    RepeatVector,
    Reshape,
    TimeDistributed,
)

D = 3

STACKS = {
    "keras example": lambda: [LSTM(50, activation="relu"), Dense(1)],
    "deep": lambda: [LSTM(17, return_sequences=True), Dropout(0.5), LSTM(8), Dense(5, activation="softmax")],
    "dense between": lambda: [TimeDistributed(Dense(4, activation="tanh")), LSTM(11, peephole=True), Dense(2)],
    "no dense": lambda: [LSTM(1, use_bias=False)],
    "sequences": lambda: [LSTM(9, return_sequences=True), LSTM(20, return_sequences=True)],
    "answers of all steps": lambda: [LSTM(6, return_sequences=True), TimeDistributed(Dense(3, activation="softmax"))],
    "layer norm": lambda: [LSTM(12, layer_norm=True), Dense(2)],
    "backwards": lambda: [LSTM(4, go_backwards=True)],
    "a mask of its own": lambda: [Masking(), LSTM(4)],
    "flat": lambda: [LSTM(4, return_sequences=True), Flatten(), Dense(2)],
    "two directions": lambda: [Bidirectional(LSTM(4, return_sequences=True)), Bidirectional(LSTM(3), "mul")],
    "norms": lambda: [LSTM(5, return_sequences=True), BatchNormalization(), LayerNormalization(), LSTM(3, projection=2)],
    "repeated": lambda: [LSTM(5), RepeatVector(3), LSTM(4, return_sequences=True), Reshape((2, 6))],
    "nothing": lambda: [Dropout(0.5)],
    "nothing at each step": lambda: [TimeDistributed(Dropout(0.5)), GaussianNoise(0.5)],
}


def built(layers, dtype="float32"):
    return Sequential([Input((7, D)), *layers()], dtype=dtype)


def run_ops(model, x):
    ops = model.ops
    y = np.array(ops.to_host(model.forward(model.gather(ops, x, slice(None))).y))
    return np.ascontiguousarray(y.transpose(1, 0, 2)) if y.ndim == 3 else y


def planned(model, x):
    """The output when a batch's shape comes a second time, and the same the first time if it had a plan."""
    first = model.prediction_plans(x)
    second = model.prediction_plans(x)
    assert second is not None
    assert first is None or first.tobytes() == second.tobytes()
    return second


def sequences(N):
    return np.random.default_rng(5).normal(size=(N, 7, D))
