"""Models of every layer and option that can be written as ONNX, with random weights, and inputs for them."""

from __future__ import annotations

import numpy as np

from numba_lstm import activations, set_random_seed
from numba_lstm.layers import (
    LSTM,
    RNN,
    Activation,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    Input,
    LayerNormalization,
    LSTMCell,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    StackedRNNCells,
    TimeDistributed,
)
from numba_lstm.models import Sequential

N, T, D, H = 3, 5, 7, 4

#: Activations of a Dense layer that ONNX has from version 13 on.
PLAIN = ("linear", "tanh", "sigmoid", "hard_sigmoid", "relu", "leaky_relu", "elu", "selu", "softplus", "softsign")
PLAIN = (*PLAIN, "exponential", "silu", "softmax")


def bidirectional(mode, **options):
    return Bidirectional(LSTM(H, **options), merge_mode=mode)


CASES = {
    "last step": lambda: [LSTM(H), Dense(2)],
    "all steps": lambda: [LSTM(H, return_sequences=True), Dense(2, "softmax")],
    "three layers": lambda: [
        LSTM(H, return_sequences=True),
        Dropout(0.5),
        LSTM(5, return_sequences=True),
        LSTM(3, use_bias=False),
    ],
    "backwards": lambda: [LSTM(H, go_backwards=True)],
    "backwards, all steps": lambda: [LSTM(H, return_sequences=True, go_backwards=True), LSTM(2, return_sequences=True)],
    "both ways": lambda: [bidirectional("concat", return_sequences=True), bidirectional("concat")],
    "both ways, sum": lambda: [bidirectional("sum", return_sequences=True), bidirectional("sum")],
    "both ways, mean": lambda: [bidirectional("ave", return_sequences=True), bidirectional("ave")],
    "both ways, product": lambda: [bidirectional("mul", return_sequences=True), bidirectional("mul")],
    "activations": lambda: [LSTM(H, "softsign", "hard_sigmoid", output_activation="linear")],
    "parameters": lambda: [LSTM(H, activations.Activation("elu", (0.5,)), output_activation="relu"), Dense(2, "leaky_relu")],
    "two activations": lambda: [
        Bidirectional(LSTM(H, "elu"), backward_layer=LSTM(H, "leaky_relu", "hard_sigmoid", go_backwards=True, name="back"))
    ],
    "peepholes": lambda: [LSTM(H, peephole=True, peephole_initializer="normal")],
    "clip": lambda: [LSTM(H, cell_clip=0.25)],
    "coupled": lambda: [LSTM(H, coupled=True)],
    "cells": lambda: [RNN(StackedRNNCells([LSTMCell(H), LSTMCell(3)]), return_sequences=True)],
    "norms": lambda: [
        LayerNormalization(),
        BatchNormalization(),
        LSTM(H),
        BatchNormalization(),
        LayerNormalization(center=False),
    ],
    "every step": lambda: [TimeDistributed(Dense(3, "tanh")), GaussianNoise(0.1), SpatialDropout1D(0.2), LSTM(H)],
    "an autoencoder": lambda: [LSTM(H), RepeatVector(6), LSTM(H, return_sequences=True), TimeDistributed(Dense(D))],
    "shapes": lambda: [LSTM(H), Reshape((2, 2)), Flatten(), Reshape((-1, 1)), LSTM(2)],
    "no weights": lambda: [Dropout(0.5)],
    **{f"dense {name}": lambda name=name: [LSTM(H, return_sequences=True), Dense(3), Activation(name)] for name in PLAIN},
}

#: Options that only the reference has so far.
OPTIONS = ("peepholes", "clip", "coupled")


def build(case, dtype="float32"):
    """A model whose weights are all random, on the reference."""
    set_random_seed(sum(map(ord, case)))
    model = Sequential([Input((None, D)), *CASES[case]()], dtype=dtype).to("reference")
    rng = np.random.default_rng(3)
    model.set_weights(
        [
            np.abs(rng.normal(size=w.shape)) * 0.3 + 0.05 if "variance" in w.path else 0.3 * rng.normal(size=w.shape)
            for w in model.weights
        ]
    )
    return model


def words():
    """A model of indices."""
    model = Sequential([Input((T,), dtype="int64"), Embedding(11, D), LSTM(H), Dense(2)]).to("reference")
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


def inputs(n=N, t=T, dtype="float32"):
    return np.random.default_rng(n + t).normal(size=(n, t, D)).astype(dtype)
