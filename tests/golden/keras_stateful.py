"""Programs with stateful layers that run with Keras and with numba_lstm: what goes on from batch to batch.

``KERAS_BACKEND=tensorflow python tests/golden/keras_stateful.py`` runs them with Keras 3.15 on TensorFlow 2.21 and writes
``keras_stateful.json`` beside this file; ``tests/test_keras_training.py`` runs them with numba_lstm and compares. On JAX,
Keras loses the states of ``fit``, ``evaluate``, ``predict`` and the ``..._on_batch`` methods; on PyTorch it cannot train with
them. No row is masked as a whole: it would put out 0 on TensorFlow.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

N, T, D, BATCHES = 3, 4, 2, 3
draw = np.random.default_rng(6)
X = draw.normal(size=(BATCHES * N, T, D))
X[[1, 3, 8], 2:] = 0  # steps that Masking leaves out
Y = draw.normal(size=(BATCHES * N, 1))
ROWS = [slice(start, start + N) for start in range(0, BATCHES * N, N)]
QUIET: dict[str, Any] = {"batch_size": N, "verbose": 0}


def model(k: ModuleType, *recurrent: Any) -> Any:
    """The recurrent layers between Masking and Dense, in float64, all weights known; compiled."""
    made = k.models.Sequential([k.layers.Input(batch_shape=(N, T, D)), k.layers.Masking(), *recurrent, k.layers.Dense(1)])
    arrays = enumerate(made.get_weights())
    made.set_weights([0.9 * np.sin(0.7 * np.arange(array.size) + i).reshape(array.shape) for i, array in arrays])
    made.compile(k.optimizers.SGD(0.5), "mse")
    return made


def models(k: ModuleType) -> dict[str, Any]:
    lstm, stateful = k.layers.LSTM, {"stateful": True}
    made = {
        "one": [lstm(5, **stateful)],
        "two": [lstm(5, return_sequences=True, **stateful), lstm(4, **stateful)],
        "backwards": [lstm(5, go_backwards=True, **stateful)],
        "both ways": [k.layers.Bidirectional(lstm(5, **stateful), name="both")],
        "cells": [k.layers.RNN([k.layers.LSTMCell(5), k.layers.LSTMCell(4)], **stateful)],
    }
    return {name: model(k, *recurrent) for name, recurrent in made.items()}


def reset(made: Any) -> None:
    for layer in made.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def batches(k: ModuleType) -> dict[str, Any]:
    """Batch after batch, training first; then from zero again, and the same batch twice."""
    result = {}
    for name, m in models(k).items():
        trained = [float(m.train_on_batch(X[rows], Y[rows])) for rows in ROWS]
        judged = [float(m.test_on_batch(X[rows], Y[rows])) for rows in ROWS[:2]]
        answered = [np.asarray(m.predict_on_batch(X[rows])).tolist() for rows in ROWS[:2]]
        result[name] = {"trained": trained, "judged": judged, "answered": answered}
        if name != "cells":  # whose reset_state() is an error in Keras
            reset(m)
            result[name]["from zero"] = [np.asarray(m.predict_on_batch(X[ROWS[0]])).tolist() for _ in range(2)]
    return result


def epochs(k: ModuleType) -> dict[str, Any]:
    """Two epochs with a validation in each, then ``evaluate`` and ``predict``: nothing resets the states."""
    result = {}
    for name, m in models(k).items():
        held_out = {"validation_data": (X[: 2 * N], Y[: 2 * N]), "validation_batch_size": N}
        history = m.fit(X, Y, epochs=2, shuffle=False, **held_out, **QUIET).history
        result[name] = {"fit": history, "evaluate": m.evaluate(X, Y, **QUIET), "predict": m.predict(X, **QUIET).tolist()}
    return result


PROGRAMS = (batches, epochs)


if __name__ == "__main__":
    import keras
    from keras_training import rounded

    keras.config.set_floatx("float64")
    lines = [f'"{program.__name__}": {json.dumps(rounded(program(keras)))}' for program in PROGRAMS]
    FILE.write_text("{" + ",\n".join(lines) + "}\n")
