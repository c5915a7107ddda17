"""Files that Keras 2.15 wrote on TensorFlow 2.15, and what Keras 2 computes with the models in them.

``python tests/golden/keras2_files.py``, with tensorflow-cpu 2.15.1 and numpy 1.26 on Python 3.11, writes the files of
``keras2_files/`` and ``keras2_files.json`` beside this file; ``tests/interop/test_keras2_files.py`` reads them with numba_lstm.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_suffix("")
FILE = Path(__file__).with_suffix(".json")

N, T, D = 4, 6, 3
draw = np.random.default_rng(23)
X = draw.normal(size=(N, T, D)).round(3)
GAPS = np.where(draw.uniform(size=(N, T, 1)) < 0.25, 0.5, X)
TARGETS = draw.normal(size=(N, 2)).round(3)
INDICES = draw.integers(0, 9, size=(N, T))
CLASSES = np.eye(3)[[2, 0, 1, 1]]


def stack(k: Any) -> list[Any]:
    """Layers whose configurations Keras 2 writes otherwise than Keras 3."""
    L = k.layers
    shape = {"input_shape": (T, D)} if k.__name__ == "numba_lstm" else {"batch_input_shape": (None, T, D)}
    return [
        L.Masking(0.5, **shape),
        L.LSTM(4, return_sequences=True, kernel_regularizer=k.regularizers.L2(0.01)),
        L.BatchNormalization(momentum=0.9),
        L.TimeDistributed(L.LayerNormalization()),
        L.Bidirectional(L.LSTM(2), merge_mode="ave"),
        L.Dense(4, "relu", trainable=False),
        L.Dense(2),
    ]


def recent(k: Any) -> Any:
    """An optimizer as releases since 2.11 write it."""
    model = k.Sequential(stack(k), name="recent")
    model.compile(k.optimizers.Adam(0.01, amsgrad=True), k.losses.Huber(0.7), metrics=["mse"])
    return model


def early(k: Any) -> Any:
    """An optimizer as releases before 2.11 wrote it."""
    optimizers = k.optimizers if k.__name__ == "numba_lstm" else k.optimizers.legacy
    model = k.Sequential(stack(k), name="early")
    model.compile(optimizers.RMSprop(0.01, momentum=0.5, centered=True), "mse", metrics=["mae"])
    return model


def words(k: Any) -> Any:
    """A classifier of indices."""
    L = k.layers
    first = L.Embedding(9, 4, mask_zero=True, **({"input_length": T} if k.__name__ != "numba_lstm" else {}))
    inputs = k.Input((T,)) if k.__name__ == "numba_lstm" else k.layers.InputLayer((T,))
    model = k.Sequential([inputs, first, L.LSTM(5), L.Dense(3, "softmax")], name="words")
    model.compile(k.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])
    return model


@dataclass(frozen=True)
class Case:
    """A model, made of a module ``k`` with Keras's names, and what it learns."""

    make: Callable[[Any], Any]
    x: Any
    y: Any

    @property
    def path(self) -> Path:
        """The whole model."""
        return FOLDER / f"{self.make.__name__}.h5"

    @property
    def weights(self) -> Path:
        """Its weights alone."""
        return FOLDER / f"{self.make.__name__}_weights.h5"


CASES = {
    "recent": Case(recent, GAPS, TARGETS),
    "early": Case(early, GAPS, TARGETS),
    "words": Case(words, INDICES, CLASSES),
}


def run(model: Any, case: Case) -> dict[str, Any]:
    """What a trained model answers, and where training goes on from there."""
    return {
        "y": np.asarray(model.predict(case.x, batch_size=N, verbose=0)),
        "test": model.test_on_batch(case.x, case.y, return_dict=True),
        "losses": [train(model, case) for _ in range(3)],
    }


def train(model: Any, case: Case) -> float:
    """The loss of a step."""
    return float(model.train_on_batch(case.x, case.y, return_dict=True)["loss"])


if __name__ == "__main__":
    from keras_files import rounded
    from tensorflow import keras

    FOLDER.mkdir(exist_ok=True)
    results = {}
    for name, case in CASES.items():
        keras.utils.set_random_seed(5)
        model = case.make(keras)
        model.set_weights([2 * weight for weight in model.get_weights()])  # so that every layer is felt in the output
        for _ in range(2):
            train(model, case)
        model.save(case.path)
        model.save_weights(case.weights)
        results[name] = rounded(run(model, case))
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(result)}' for name, result in results.items()) + "}\n")
