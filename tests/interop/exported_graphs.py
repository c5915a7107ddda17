"""Functional models of every kind of layer that can be written as ONNX, with random weights, and inputs for them."""

from __future__ import annotations

import numpy as np

from numba_lstm import Input, Model, ops
from numba_lstm import layers as L
from numba_lstm.layers import GRU, LSTM, Bidirectional, Concatenate, Dense, Masking, SimpleRNN
from numba_lstm.utils import clear_session

N, T, D = 3, 6, 4


def sequences(free=True):
    return Input((None if free else T, D), name="x")


def padded(draw):
    """Sequences of which two end early."""
    x = draw.normal(size=(N, T, D)).astype("f4")
    x[0, 4:] = x[1, 2:] = 0
    return x


def merging():
    x, z = sequences(), Input((1, D), name="z")
    a, b = Dense(D, "tanh")(x), Dense(D)(x)
    y = L.Add()([L.Multiply()([a, b]), L.Subtract()([a, z]), L.Average()([a, b, z])])
    y = L.Maximum()([y, L.Minimum()([a, b])])
    return Model([x, z], [Concatenate()([y, y[:, :1] + a * 0.5]), L.Concatenate(axis=1)([a, b])[:, 1:-1]])


def recurrent():
    x = sequences()
    y, h = GRU(3, return_sequences=True, return_state=True, reset_after=False)(x)
    y = Bidirectional(GRU(2, return_sequences=True), merge_mode="sum")(y)
    y = SimpleRNN(3, "relu", return_sequences=True, go_backwards=True)(y, initial_state=[h])
    return Model(x, [Bidirectional(SimpleRNN(2))(y), GRU(2, use_bias=False)(y)])


def masked():
    x = sequences()
    steps = Masking()(x)
    y = LSTM(3, return_sequences=True)(steps)
    y = L.Add()([Dense(3)(steps), y])
    merged = Bidirectional(GRU(2, return_sequences=True))(y)
    return Model(x, [merged, SimpleRNN(2, go_backwards=True)(merged), L.MultiHeadAttention(2, 3)(merged, merged)])


def convolutions():
    x = sequences(False)
    y = L.Conv1D(5, 3, padding="causal", activation="relu", dilation_rate=2)(x)
    y = L.MaxPooling1D(2, 1, padding="same")(L.Conv1D(4, 2, strides=2, padding="same")(L.ZeroPadding1D((1, 2))(y)))
    return Model(x, [L.AveragePooling1D(2)(y), L.GlobalMaxPooling1D()(L.UpSampling1D(2)(L.Cropping1D((1, 0))(y)))])


def images():
    x = Input((6, 5, 2), name="x")
    y = L.Conv2D(3, (3, 2), padding="same", dilation_rate=2)(x)
    y = L.AveragePooling2D((2, 2), padding="same")(L.BatchNormalization()(L.PReLU(shared_axes=[1, 2])(y)))
    return Model(x, [L.Flatten()(L.ZeroPadding2D(1)(y)), L.GlobalAveragePooling2D()(y)])


def transposed_convolutions():
    x = sequences()
    y = L.Conv1DTranspose(3, 4, 2, "same", activation="tanh")(L.Conv1DTranspose(5, 2, 3, "same")(x))
    y = L.Conv1DTranspose(2, 3, 1, "same", dilation_rate=2, use_bias=False)(L.Conv1DTranspose(2, 3, 2)(y))
    return Model(x, [y, L.Conv1DTranspose(2, 3, 3, "same", 1)(x)])


def enlarged():
    x = Input((3, 4, 2), name="x")
    y = L.Conv2DTranspose(3, (3, 2), (2, 1), "same", activation="softmax")(x)
    return Model(x, L.Conv2DTranspose(3, (3, 2), (2, 4), output_padding=(1, 3))(y))


def attention():
    x, memory = sequences(), Input((None, 3), name="memory")
    y = L.MultiHeadAttention(2, 3)(x, memory)
    y = L.LayerNormalization()(x + y)
    y = L.MultiHeadAttention(1, 2)(y, y, use_causal_mask=True)
    y = L.Dot(axes=-1)([y, L.Dense(D)(L.RepeatVector(5)(memory[:, -1]))])
    return Model([x, memory], [L.Softmax(axis=-1)(0.1 * y), L.Attention(use_scale=True)([x, Dense(D)(memory)])])


def functions():
    x = sequences()
    centred = x - ops.mean(x, axis=1, keepdims=True)
    y = ops.sqrt(ops.var(centred, axis=-1, keepdims=True) + 0.1) * ops.flip(x, axis=1)
    y = ops.where(y > 0.2, ops.log1p(ops.exp(y)), ops.expm1(ops.minimum(y, 0.0)))
    y = ops.concatenate([y, x[:, -1:] + ops.zeros_like(y), ops.softmax(x, axis=1)], axis=-1)
    y = ops.transpose(ops.expand_dims(y, 2), (0, 2, 1, 3))
    y = ops.clip(y[:, 0, 1:], -1.0, 1.0) ** 2 / 3 + ops.max(x, axis=1, keepdims=True)[:, :, :1]
    return Model(x, [L.ReLU(2.0, 0.1, 0.5)(y), L.Permute((2, 1))(y), ops.einsum("btd,btc->bdc", y, y), ops.sum(y, axis=1)])


def words():
    x = Input((None,), dtype="int64", name="x")
    y = LSTM(3)(L.Embedding(6, 3, mask_zero=True)(x))
    return Model(x, Dense(2, "softmax")(y))


CASES = {
    "words": (words, lambda draw: [np.array([[3, 1, 5, 0, 0], [2, 2, 2, 4, 1]])]),
    "merging": (merging, lambda draw: [padded(draw), draw.normal(size=(N, 1, D)).astype("f4")]),
    "recurrent": (recurrent, lambda draw: [padded(draw)]),
    "masked": (masked, lambda draw: [padded(draw)]),
    "convolutions": (convolutions, lambda draw: [padded(draw)]),
    "images": (images, lambda draw: [draw.normal(size=(N, 6, 5, 2)).astype("f4")]),
    "attention": (attention, lambda draw: [padded(draw), draw.normal(size=(N, 5, 3)).astype("f4")]),
    "functions": (functions, lambda draw: [padded(draw)]),
    "transposed convolutions": (transposed_convolutions, lambda draw: [padded(draw)]),
    "enlarged": (enlarged, lambda draw: [draw.normal(size=(N, 3, 4, 2)).astype("f4")]),
}


def build(case):
    """A model with random weights, and inputs."""
    clear_session()  # so that layers have the same names
    draw = np.random.default_rng(list(CASES).index(case))
    make, inputs = CASES[case]
    model = make().to("reference")
    model.set_weights([0.5 * draw.normal(size=w.shape) + (w.ndim == 1) for w in model.get_weights()])
    return model, inputs(draw)
