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
    "autoencoder": [1.2911951541900635, 1.2010676860809326, 1.1431739330291748, 1.1093859672546387],
    "losses of layers": [2.0237483978271484, 1.565305233001709, 1.2938015460968018, 1.1969287395477295],
    "cell": [1.0924625396728516, 1.0757558345794678, 1.0628582239151, 1.0525962114334106],
    "losses of layers alone": [1.1244474649429321, 1.0917326211929321, 1.0667502880096436, 1.0490440130233765],
}

ALONE = "losses of layers alone"  #: the program without a loss of ``compile``, which takes no targets

N, T, D = 8, 5, 3
draw = np.random.default_rng(17)
X = draw.normal(size=(N, T, D)).astype(np.float32)
X[2, 3:] = X[5, 0] = 0  # steps that Masking leaves out


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


def added_losses(k: ModuleType) -> Any:
    """A layer of two inputs that adds their distance, which is all that is trained."""

    class Distance(k.layers.Layer):
        def call(self, inputs: Any) -> Any:
            a, b = inputs
            self.add_loss(k.ops.mean(k.ops.square(a - b)))
            return b

    x = k.Input((T, D))
    y = k.layers.Dense(D)(k.layers.LSTM(4, return_sequences=True)(x))
    return k.Model(x, Distance()([x, y]))


def cell_class(k: ModuleType) -> Any:
    """A minimal gated cell of a user with two states and an output of its own."""

    class Cell(k.layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.state_size, self.output_size, self.units = [units, units], 2 * units, units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], 2 * self.units), initializer="zeros", name="kernel")
            self.recurrent = self.add_weight(shape=(self.units, 2 * self.units), initializer="zeros", name="recurrent")

        def call(self, inputs: Any, states: Any) -> Any:
            h, c = states
            z = k.ops.matmul(inputs, self.kernel) + k.ops.matmul(h, self.recurrent)
            gate, candidate = k.ops.sigmoid(z[:, : self.units]), k.ops.tanh(z[:, self.units :])
            c = gate * c + (1 - gate) * candidate
            h = k.ops.tanh(c)
            return k.ops.concatenate([h, c], axis=-1), [h, c]

    return Cell


def cell(k: ModuleType) -> Any:
    """Two layers of cells of a user, over masked steps."""
    Cell = cell_class(k)
    first = k.layers.RNN(Cell(3), return_sequences=True, unroll=True)  # else Keras takes h for the last output on JAX
    last = [k.layers.RNN(Cell(2), unroll=True), k.layers.RepeatVector(T), k.layers.Dense(D)]
    return k.Sequential([k.Input((T, D)), k.layers.Masking(), first, *last])


PROGRAMS: dict[str, Callable[[ModuleType], Any]] = {
    "autoencoder": autoencoder,
    "losses of layers": losses_of_layers,
    "cell": cell,
    ALONE: added_losses,
}


def run(k: ModuleType, name: str, **compiled: Any) -> list[float]:
    """Return the losses of a program, whose weights are all known."""
    model = PROGRAMS[name](k)
    loss, y = (None, None) if name == ALONE else ("mse", X)
    model.compile(k.optimizers.SGD(0.1), loss, **compiled)
    model(X)
    names = [name for name in ("encoder", "mean", "log_var", "decoder", "output_layer") if hasattr(model, name)]
    layers = [getattr(model, name) for name in names] or model.layers
    for number, layer in enumerate(layers):
        arrays = enumerate(layer.get_weights(), number)
        layer.set_weights([0.5 * np.sin(0.7 * np.arange(array.size) + i).reshape(array.shape) for i, array in arrays])
    fitted = model.fit(X, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    return [*fitted.history["loss"], model.evaluate(X, y, batch_size=4, verbose=0)]


if __name__ == "__main__":
    import keras

    for program in PROGRAMS:
        print(f'    "{program}": {run(keras, program)},')
