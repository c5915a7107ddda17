"""Programs with masks that run with Keras and with numba_lstm: masked losses, metrics and weights, and padding.

``KERAS_BACKEND=tensorflow python tests/golden/keras_masks.py`` runs them with Keras 3.15 on TensorFlow 2.21 and writes
``keras_masks.json`` beside this file; ``tests/test_keras_training.py`` runs them with numba_lstm and compares. On JAX, ``fit``
loses the output's mask before its metrics are computed; on PyTorch it has the mask, but the loss multiplies sample weights in
place by ``total / valid``, before the metrics see them.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

N, T, D, C, K = 7, 5, 2, 3, 6
draw = np.random.default_rng(8)
MASK = draw.uniform(size=(N, T)) < 0.6
MASK[0], MASK[1], MASK[2] = True, False, [True, True, False, False, False]
X = np.where(MASK[:, :, None], draw.normal(size=(N, T, D)), -1.0)
INDICES = np.where(MASK, draw.integers(1, K, size=(N, T)), 0)
Y = draw.normal(size=(N, T, C))
LABELS = draw.integers(0, C, size=(N, T))
WEIGHT = draw.uniform(0.5, 2, size=(N, T))
SEQUENCES = [[3], [], [1, 4, 1, 5], [9, 2]]
ROWS = [[[0.5, 1.5]], [[2.5, 3.5], [4.5, 5.5], [6.5, 7.5]]]


def model(k: ModuleType, indices: bool, activation: str | None = None) -> Any:
    """Masked steps into two LSTMs and a Dense layer in float64, all weights known."""
    first = [k.layers.Embedding(K, D, mask_zero=True)] if indices else [k.layers.Masking(-1.0)]
    made = k.models.Sequential([k.layers.Input((T,) if indices else (T, D)), *first])
    made.add(k.layers.LSTM(4, return_sequences=True))
    made.add(k.layers.Activation("sigmoid"))
    made.add(k.layers.LSTM(3, "softsign", return_sequences=True))
    made.add(k.layers.Dense(C, activation=activation))
    arrays = enumerate(made.get_weights())
    made.set_weights([0.5 * np.sin(0.7 * np.arange(array.size) + i).reshape(array.shape) for i, array in arrays])
    return made


def features(k: ModuleType) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, weight in {"plain": {}, "weighted": {"sample_weight": WEIGHT}}.items():
        m = model(k, indices=False)
        m.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
        data = {"validation_data": (X[:5], Y[:5]), "validation_batch_size": 3}
        result[f"fit {name}"] = m.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0, **data, **weight).history
        result[f"evaluate {name}"] = m.evaluate(X, Y, batch_size=3, verbose=0, **weight)
        result[f"predict {name}"] = m.predict(X, batch_size=4, verbose=0).tolist()
        result[f"a batch without steps {name}"] = m.evaluate(X[1:2], Y[1:2], verbose=0, **_some(weight, slice(1, 2)))
    return result


def indices(k: ModuleType) -> dict[str, Any]:
    m = model(k, indices=True, activation="softmax")
    m.compile(k.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["acc"])
    history = m.fit(INDICES, LABELS, batch_size=3, epochs=3, shuffle=False, verbose=0, sample_weight=WEIGHT).history
    return {"fit": history, "evaluate": m.evaluate(INDICES, LABELS, verbose=0, sample_weight=WEIGHT)}


def padding(k: ModuleType) -> dict[str, Any]:
    pad = k.utils.pad_sequences
    made = {
        "defaults": pad(SEQUENCES),
        "post": pad(SEQUENCES, padding="post"),
        "cut before": pad(SEQUENCES, maxlen=2),
        "cut behind": pad(SEQUENCES, maxlen=2, truncating="post"),
        "longer": pad(SEQUENCES, maxlen=6, padding="post", value=-1),
        "rows": pad(ROWS, dtype="float64", value=9.0),
    }
    return {name: {"values": array.tolist(), "dtype": str(array.dtype)} for name, array in made.items()}


def _some(weight: dict[str, Any], rows: slice) -> dict[str, Any]:
    return {name: array[rows] for name, array in weight.items()}


PROGRAMS = (features, indices, padding)


if __name__ == "__main__":
    import keras
    from keras_training import rounded

    keras.config.set_floatx("float64")
    lines = [f'"{program.__name__}": {json.dumps(rounded(program(keras)))}' for program in PROGRAMS]
    FILE.write_text("{" + ",\n".join(lines) + "}\n")
