"""Models for tests of training plans, and their samples."""

from __future__ import annotations

import numpy as np

from numba_lstm import Sequential
from numba_lstm.layers import (
    LSTM,
    RNN,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    GaussianNoise,
    Input,
    LayerNormalization,
    LSTMCell,
    Masking,
    RepeatVector,
    SpatialDropout1D,
    TimeDistributed,
)
from numba_lstm.philox import Stream

D = 3
MSE, LABELS = "mean_squared_error", "sparse_categorical_crossentropy"

STACKS = {
    "keras example": (lambda: [LSTM(50, activation="relu"), Dense(1)], MSE),
    "deep": (lambda: [LSTM(17, return_sequences=True), LSTM(8), Dense(5, activation="softmax")], LABELS),
    "each step": (lambda: [LSTM(8, return_sequences=True), Dense(2, activation="gelu"), Dense(3)], "huber"),
    "each step's class": (lambda: [LSTM(9, return_sequences=True), Dense(4, activation="softmax")], LABELS),
    "dense first": (lambda: [Dense(4, activation="tanh"), LSTM(11, coupled=True), Dense(2)], "log_cosh"),
    "no dense": (lambda: [LSTM(16, use_bias=False, cell_clip=0.3)], MSE),
    "all outputs": (lambda: [LSTM(5, return_sequences=True)], "mean_absolute_error"),
    "a cell": (lambda: [RNN(LSTMCell(7)), Dense(1, use_bias=False)], MSE),
    "dropout": (lambda: [LSTM(4, dropout=0.5, return_sequences=True), SpatialDropout1D(0.5), LSTM(3), Dropout(0.2)], MSE),
    "recurrent dropout": (lambda: [LSTM(4, dropout=0.3, recurrent_dropout=0.5, return_sequences=True), Dense(2)], MSE),
    "zoneout": (lambda: [LSTM(4, zoneout=0.5, cell_zoneout=0.1), Dense(2)], MSE),
    "noise": (lambda: [GaussianNoise(0.1), LSTM(4, peephole=True), Dense(2)], MSE),
    "projection": (lambda: [LSTM(4, projection=2, recurrent_dropout=0.3, dropout=0.2)], MSE),
    "layer norm": (lambda: [LSTM(4, layer_norm=True, peephole=True, return_sequences=True), LayerNormalization()], MSE),
    "batch norm": (lambda: [LSTM(4, return_sequences=True), BatchNormalization(), LSTM(3)], MSE),
    "backwards": (lambda: [LSTM(4, go_backwards=True), Dense(2)], MSE),
    "two directions": (lambda: [Bidirectional(LSTM(4, return_sequences=True), "ave"), Bidirectional(LSTM(3), "mul")], MSE),
    "a wrapped layer": (lambda: [TimeDistributed(Dense(3)), LSTM(2)], MSE),
    "autoencoder": (lambda: [LSTM(5), RepeatVector(7), LSTM(4, return_sequences=True), TimeDistributed(Dense(3))], MSE),
    "a mask": (lambda: [Masking(), LSTM(4, return_sequences=True), LSTM(3), Dense(2)], MSE),
    "a mask of the output": (lambda: [Masking(), LSTM(4, return_sequences=True), Dense(2)], MSE),
    "a penalty of weights": (lambda: [LSTM(4, recurrent_regularizer="l1"), Dense(2, kernel_regularizer="l2")], MSE),
}


def made(layers, loss=MSE, optimizer="adam", dtype="float32", cls=Sequential):
    model = cls([Input((7, D)), *layers()], dtype=dtype)
    rng = np.random.default_rng(3)
    for variable in model.weights:
        value = rng.normal(size=variable.shape) * 0.4
        variable.assign(np.abs(value) if variable.name == "moving_variance" else value)
    model.compile(optimizer, loss)
    model.random = Stream(7)
    return model


def samples(model, N, seed=5):
    rng = np.random.default_rng(seed)
    shape = (N, *model.compute_output_shape((N, 7, D))[1:])
    y = rng.integers(0, shape[-1], shape[:-1]) if model.loss.spec.name == LABELS else rng.random(shape)
    return rng.normal(size=(N, 7, D)) * (rng.random((N, 7, 1)) > 0.2), y


def run_ops(model):
    """The model, without plans."""
    model.run_eagerly = True
    return model


def planned(model):
    """How many steps have plans."""
    return len(model.training_plans)


def assert_equal_weights(a, b):
    for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()
