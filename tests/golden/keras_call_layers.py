"""Layers of users with ``call``, written once for Keras and for numba_lstm, and the losses of their training in Keras.

``KERAS_BACKEND=jax python tests/golden/keras_call_layers.py`` prints the losses that LOSSES holds (Keras 3.15.1).
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

#: Losses of three epochs of SGD(0.1) on one batch, by the model.
LOSSES = {
    "scores": [0.774853527545929, 0.77423495054245, 0.7737821936607361],
    "attention": [0.8030902743339539, 0.7890046238899231, 0.7777253985404968],
    "block": [0.7881290912628174, 0.7841314673423767, 0.7821879982948303],
    "difference": [1.4872387647628784, 0.7226521372795105, 4.651756763458252],
}

#: The model "attention" with other weights, as Keras has saved it, and its outputs.
ATTENTION_FILE = Path(__file__).parent / "keras_call_attention.keras"
ATTENTION_OUTPUTS = [0.24458523, 1.1960752, 1.5946944, 3.627002, -0.76233304, 0.6202808]


def classes(k: ModuleType) -> dict[str, Any]:
    """Return the classes of layers for ``keras`` or ``numba_lstm``."""
    Layer, ops, layers = k.layers.Layer, k.ops, k.layers

    class AdditiveScores(Layer):
        """Attention with a vector of weights (Yang et al. 2016), by functions and weights alone; it uses a mask."""

        def __init__(self, **kwargs: Any) -> None:
            self.supports_masking = True
            super().__init__(**kwargs)

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], input_shape[-1]), name="kernel")
            self.query = self.add_weight(shape=(input_shape[-1],), name="query", regularizer="l2")
            super().build(input_shape)

        def call(self, x: Any, mask: Any = None) -> Any:
            scores = ops.exp(ops.sum(ops.tanh(ops.dot(x, self.kernel) * 2) * self.query, axis=-1))
            if mask is not None:
                scores = scores * ops.cast(mask, "float32")
            weights = scores / ops.sum(scores, axis=1, keepdims=True)
            return ops.sum(x * ops.expand_dims(weights, -1), axis=1)

        def compute_mask(self, x: Any, mask: Any = None) -> None:
            return None

    class Bahdanau(Layer):
        """Additive attention (Bahdanau et al. 2015) by layers, of two arguments, with two outputs."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.of_query, self.of_values, self.score = layers.Dense(units), layers.Dense(units), layers.Dense(1)

        def call(self, query: Any, values: Any) -> Any:
            features = ops.tanh(self.of_query(ops.expand_dims(query, 1)) + self.of_values(values))
            weights = ops.softmax(self.score(features), axis=1)
            return ops.sum(weights * values, axis=1), weights

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    class Block(Layer):
        """A block of a transformer, with a weight of its own beside those of its layers."""

        def __init__(self, dim: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.dim = dim
            self.attention = layers.MultiHeadAttention(2, dim)
            self.feed_forward = k.Sequential([layers.Dense(5, activation="relu"), layers.Dense(dim)])
            self.norms = [layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)]
            self.drop = layers.Dropout(0.0)

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale", regularizer="l2")
            super().build(input_shape)

        def call(self, x: Any, training: Any = None) -> Any:
            attended = self.drop(self.attention(x, x), training=training)
            x = self.norms[0](x + attended) * (self.scale * self.scale)
            return self.norms[1](x + self.feed_forward(x))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "dim": self.dim}

    class Difference(Layer):
        """A function of a list of inputs."""

        def call(self, inputs: Any, mask: Any = None, absolute: bool = True) -> Any:
            one, other = inputs
            return ops.abs(one - other) if absolute else one - other

    return {cls.__name__: cls for cls in (AdditiveScores, Bahdanau, Block, Difference)}


def models(k: ModuleType) -> dict[str, tuple[Any, Any, Any]]:
    """Return models with these layers, each with inputs and targets."""
    layers, made, rng = k.layers, classes(k), np.random.default_rng(3)
    words, x = rng.integers(0, 9, (6, 5)), rng.standard_normal((6, 5, 4)).astype("float32")
    other, y = rng.standard_normal((6, 5, 4)).astype("float32"), rng.standard_normal((6, 1)).astype("float32")
    words[:, 0] = 3  # no sample is masked as a whole
    scores = k.Sequential(
        [k.Input((5,)), layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3, return_sequences=True), made["AdditiveScores"]()]
    )
    scores.add(layers.Dense(1))
    a, b = k.Input((5, 4)), k.Input((5, 4))
    context, weights = made["Bahdanau"](3)(layers.LSTM(4)(a), b)
    attention = k.Model([a, b], layers.Dense(1)(layers.concatenate([context, layers.Flatten()(weights)])))
    block = k.Sequential([k.Input((5, 4)), made["Block"](4), layers.GlobalAveragePooling1D(), layers.Dense(1)])
    c, d = k.Input((5, 4)), k.Input((5, 4))
    siamese = k.Model([c, d], layers.Dense(1)(layers.Flatten()(made["Difference"]()([c, d]))))
    return {
        "scores": (scores, words, y),
        "attention": (attention, [x, other], y),
        "block": (block, x, y),
        "difference": (siamese, [x, other], y),
    }


def losses(k: ModuleType, model: Any, x: Any, y: Any) -> list[float]:
    """Return the losses of three epochs from weights that depend on nothing but their shapes."""
    for weight in model.weights:
        weight.assign(0.3 * np.cos(np.arange(np.prod(weight.shape)) + len(weight.shape)).reshape(weight.shape))
    model.compile(k.optimizers.SGD(0.1), "mse")
    return [float(one) for one in model.fit(x, y, batch_size=6, epochs=3, shuffle=False, verbose=0).history["loss"]]


if __name__ == "__main__":
    import keras

    print({name: losses(keras, *case) for name, case in models(keras).items()})
