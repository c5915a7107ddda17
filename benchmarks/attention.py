"""Attention: a training step of an encoder-decoder of LSTM(128), batch 64, 30 steps."""

from __future__ import annotations

import numpy as np

import numba_lstm
from numba_lstm import layers

from .shared.cases import THREADS, TIMEOUT

N, T, D, H = 64, 30, 64, 128


class EncoderDecoder:
    """Time of a training step with each layer of attention over the encoder's outputs."""

    params = (("Attention", "AdditiveAttention", "MultiHeadAttention"), THREADS)
    param_names = ("attention", "threads")
    timeout = TIMEOUT

    def setup(self, attention: str, threads: int) -> None:
        numba_lstm.set_num_threads(threads)
        source, target = layers.Input((T, D)), layers.Input((T, D))
        encoded, decoded = (layers.LSTM(H, return_sequences=True)(x) for x in (source, target))
        arguments = {"num_heads": 4, "key_dim": 32} if attention == "MultiHeadAttention" else {}
        context = getattr(layers, attention)(**arguments)([decoded, encoded])
        y = layers.Dense(D)(layers.Concatenate()([decoded, context]))
        self.model = numba_lstm.Model([source, target], y)
        self.model.compile("adam", "mse")
        rng = np.random.default_rng(1)
        self.x = [rng.standard_normal((N, T, D)).astype("float32") for _ in range(2)]
        self.y = rng.standard_normal((N, T, D)).astype("float32")
        first = self.model.train_on_batch(self.x, self.y)
        for _ in range(3):
            last = self.model.train_on_batch(self.x, self.y)
        assert last < first

    def time_train_on_batch(self, attention: str, threads: int) -> None:
        self.model.train_on_batch(self.x, self.y)
