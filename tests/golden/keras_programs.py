"""Programs of users with classes of their own, written once for Keras and for numba_lstm, and the losses in Keras.

``KERAS_BACKEND=jax python tests/golden/keras_programs.py`` prints the losses that LOSSES holds (Keras 3.15.1).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

#: Losses of three epochs in batches of 4 by Keras, and of ``evaluate`` afterwards.
LOSSES = {
    "autoencoder": [1.3810914754867554, 1.2905044555664062, 1.2319605350494385, 1.1972085237503052],
    "losses of layers": [2.1014251708984375, 1.6417732238769531, 1.386354684829712, 1.2213432788848877],
}

N, T, D = 8, 5, 3
draw = np.random.default_rng(17)
X = draw.normal(size=(N, T, D)).astype(np.float32)


def autoencoder(k: ModuleType) -> Any:
    """A variational autoencoder without a draw, whose divergence is a loss of the model."""

    class Autoencoder(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.mean, self.log_var = k.layers.LSTM(4), k.layers.Dense(2), k.layers.Dense(2)
            self.repeat, self.decoder = k.layers.RepeatVector(T), k.layers.LSTM(4, return_sequences=True)
            self.output_layer = k.layers.TimeDistributed(k.layers.Dense(D))

        def call(self, x: Any) -> Any:
            h = self.encoder(x)
            mean, log_var = self.mean(h), self.log_var(h)
            divergence = 1 + log_var - k.ops.square(mean) - k.ops.exp(log_var)
            self.add_loss(-0.5 * k.ops.mean(k.ops.sum(divergence, axis=-1)))
            return self.output_layer(self.decoder(self.repeat(mean + 0.1 * k.ops.exp(0.5 * log_var))))

    return Autoencoder()


def losses_of_layers(k: ModuleType) -> Any:
    """A layer that adds a loss of its own, and one that has variables as attributes."""

    class Sparse(k.layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(0.3 * k.ops.sum(k.ops.abs(x)) / N)
            return x

    class Affine(k.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.shift = k.Variable(np.float32(1.5)), k.Variable("zeros", shape=(4,), name="shift")

        def call(self, x: Any) -> Any:
            return x * self.scale.value + self.shift

    return k.Sequential([k.Input((T, D)), k.layers.LSTM(4, return_sequences=True), Affine(), Sparse(), k.layers.Dense(D)])


PROGRAMS: dict[str, Callable[[ModuleType], Any]] = {"autoencoder": autoencoder, "losses of layers": losses_of_layers}


def run(k: ModuleType, name: str, **compiled: Any) -> list[float]:
    """Return the losses of a program, whose weights are all known."""
    model = PROGRAMS[name](k)
    model.compile(k.optimizers.SGD(0.1), "mse", **compiled)
    model(X)
    names = [name for name in ("encoder", "mean", "log_var", "decoder", "output_layer") if hasattr(model, name)]
    layers = [getattr(model, name) for name in names] or model.layers
    for number, layer in enumerate(layers):
        arrays = enumerate(layer.get_weights(), number)
        layer.set_weights([0.5 * np.sin(0.7 * np.arange(array.size) + i).reshape(array.shape) for i, array in arrays])
    fitted = model.fit(X, X, batch_size=4, epochs=3, shuffle=False, verbose=0)
    return [*fitted.history["loss"], model.evaluate(X, X, batch_size=4, verbose=0)]


if __name__ == "__main__":
    import keras

    for program in PROGRAMS:
        print(f'    "{program}": {run(keras, program)},')
