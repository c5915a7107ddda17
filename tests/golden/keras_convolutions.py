"""Files of models with convolutions and pooling that Keras 3.15 wrote on JAX, and what Keras computes with the models in them.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_convolutions.py`` writes the files of ``keras_convolutions/`` and
``keras_convolutions.json`` beside this file; ``tests/interop/test_keras_convolutions.py`` reads them with numba_lstm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

try:
    from golden.keras_files import rounded, run, train
except ImportError:  # run as a script
    from keras_files import rounded, run, train  # type: ignore[no-redef]

FOLDER = Path(__file__).with_suffix("")
FILE = Path(__file__).with_suffix(".json")

N = 4
draw = np.random.default_rng(19)
SERIES = draw.normal(size=(N, 16, 3)).round(3)
FILMS = draw.normal(size=(N, 3, 6, 6, 2)).round(3)
TARGETS = draw.normal(size=(N, 2)).round(3)


def series(k: Any) -> Any:
    """Layers of one axis."""
    L = k.layers
    stack = [
        L.ZeroPadding1D((1, 2)),
        L.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu", kernel_regularizer="l2"),
        L.MaxPooling1D(2, padding="same"),
        L.Conv1D(4, 2, strides=2, use_bias=False, kernel_constraint="max_norm", name="second"),
        L.UpSampling1D(2),
        L.Cropping1D((1, 0)),
        L.AveragePooling1D(2, 1),
        L.LSTM(3, return_sequences=True),
        L.GlobalAveragePooling1D(),
        L.Dense(2),
    ]
    model = k.Sequential([k.Input((16, 3)), *stack], name="series")
    model.compile(k.optimizers.Adam(0.01), "mse")
    return model


def films(k: Any) -> Any:
    """Layers of images, at each step of a sequence."""
    L = k.layers
    stack = [
        L.TimeDistributed(L.ZeroPadding2D(1)),
        L.TimeDistributed(L.Conv2D(4, (3, 2), activation="tanh", padding="same")),
        L.TimeDistributed(L.MaxPooling2D()),
        L.TimeDistributed(L.UpSampling2D((2, 1))),
        L.TimeDistributed(L.Conv2D(3, 2, strides=(2, 1))),
        L.TimeDistributed(L.AveragePooling2D(2)),
        L.TimeDistributed(L.GlobalMaxPooling2D()),
        L.LSTM(3),
        L.Dense(2),
    ]
    model = k.Sequential([k.Input((3, 6, 6, 2)), *stack], name="films")
    model.compile(k.optimizers.SGD(0.05, momentum=0.9), "mse")
    return model


def videos(k: Any) -> Any:
    """Convolutional LSTMs, one of them both ways."""
    L = k.layers
    x = k.Input((3, 6, 6, 2))
    y, h, c = L.ConvLSTM2D(3, (2, 3), padding="same", return_sequences=True, return_state=True, kernel_regularizer="l2")(x)
    y = L.ConvLSTM2D(3, 2, padding="same", return_sequences=True, recurrent_activation="hard_sigmoid")(y, [h, c])
    y = L.Reshape((3, 6, 18))(y)
    y = L.Bidirectional(L.ConvLSTM1D(2, 3, strides=2, use_bias=False))(y)
    model = k.Model(x, L.Dense(2)(L.Flatten()(L.Conv1D(4, 2, groups=2)(y))), name="videos")
    model.compile(k.optimizers.Adam(0.01), "mse")
    return model


def volumes(k: Any) -> Any:
    """Convolutions of volumes, then those of single features."""
    L = k.layers
    stack = [
        L.Conv3D(4, (2, 3, 3), groups=2, activation="relu"),
        L.MaxPooling3D((1, 2, 2)),
        L.Reshape((4, 2, 4)),
        L.DepthwiseConv2D(2, depth_multiplier=2, depthwise_regularizer="l2"),
        L.SeparableConv2D(3, (2, 1), activation="tanh", pointwise_constraint="max_norm"),
        L.Flatten(),
        L.Dense(2),
    ]
    model = k.Sequential([k.Input((3, 6, 6, 2)), *stack], name="volumes")
    model.compile(k.optimizers.SGD(0.05, momentum=0.9), "mse")
    return model


def enlarged(k: Any) -> Any:
    """Transposed convolutions."""
    L = k.layers
    stack = [
        L.Conv1DTranspose(4, 3, 2, "same", activation="relu", kernel_regularizer="l2"),
        L.LSTM(6, return_sequences=True),
        L.Reshape((8, 4, 6)),
        L.Conv2DTranspose(3, (3, 2), (1, 2), use_bias=False, kernel_constraint="max_norm"),
        L.Flatten(),
        L.Dense(2),
    ]
    model = k.Sequential([k.Input((16, 3)), *stack], name="enlarged")
    model.compile(k.optimizers.Adam(0.01), "mse")
    return model


class Case(NamedTuple):
    """A model, made of a module ``k`` with Keras's names, the end of its file's name, and what it learns."""

    make: Any
    ending: str
    x: Any
    y: Any
    draws: bool = False

    @property
    def path(self) -> Path:
        """The file that Keras wrote."""
        return FOLDER / f"{self.make.__name__}{self.ending}"


CASES = {
    "series": Case(series, ".keras", SERIES, TARGETS),
    "enlarged": Case(enlarged, ".keras", SERIES, TARGETS),
    "films": Case(films, ".h5", FILMS, TARGETS),
    "volumes": Case(volumes, ".h5", FILMS, TARGETS),
    "videos": Case(videos, ".keras", FILMS, TARGETS),
}


if __name__ == "__main__":
    import keras

    FOLDER.mkdir(exist_ok=True)
    results = {}
    for name, case in CASES.items():
        keras.utils.set_random_seed(5)
        model = case.make(keras)
        for _ in range(2):
            train(model, case)
        model.save(case.path)
        results[name] = rounded(run(model, case))
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(result)}' for name, result in results.items()) + "}\n")
