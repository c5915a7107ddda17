"""Preprocessing layers of Keras 3.15 on JAX, and how it splits data.

``KERAS_BACKEND=jax python tests/golden/keras_preprocessing.py`` writes ``keras_preprocessing.json`` beside this file;
``tests/preprocessing/test_preprocessing_layers.py`` runs the same cases with numba_lstm. Layers of words need TensorFlow there.
Others ask whether data are a dataset of TensorFlow, which a class that has no objects stands for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

X = (3 * np.sin(0.37 * np.arange(24)) + 0.5).reshape(4, 3, 2).astype(np.float32)
ROWS = X[:, 0]
MANY = np.sin(np.arange(1000.0) ** 1.5).reshape(250, 4)
CATEGORIES = np.array([[3, 0, 3], [1, 1, 1], [2, 0, 1], [3, 2, 0]])


def normalization(k: Any, x: Any, data: Any = None, **arguments: Any) -> Any:
    """A call of a layer that was adapted, unless it has its statistics."""
    layer = k.Normalization(**arguments)
    if data is not None:
        layer.adapt(data)
    return layer(x)


def discretization(k: Any, data: Any, x: Any, **arguments: Any) -> Any:
    """The boundaries that were found, and a call."""
    layer = k.Discretization(**arguments)
    layer.adapt(data)
    return [layer.bin_boundaries, np.asarray(layer(x)).tolist()]


CASES: dict[str, Callable[[Any], Any]] = {
    "Normalization": lambda k: normalization(k, X, X + 1),
    "Normalization of rows": lambda k: normalization(k, ROWS, ROWS * 2),
    "Normalization of a constant": lambda k: normalization(k, ROWS * [1, 0] + [0, 7], ROWS * [1, 0] + [0, 7]),
    "Normalization of all": lambda k: normalization(k, X, X + 1, axis=None),
    "Normalization of steps": lambda k: normalization(k, X, X + 1, axis=1),
    "Normalization of steps and features": lambda k: normalization(k, X, X * 3, axis=(1, 2)),
    "Normalization of batches": lambda k: normalization(k, X, [X[:1], X[1:]]),
    "inverse Normalization": lambda k: normalization(k, X, X + 4, invert=True),
    "inverse Normalization of steps": lambda k: normalization(k, X, X + 4, axis=(1,), invert=True),
    "given Normalization": lambda k: normalization(k, X, mean=[1.0, 2.0], variance=[4.0, 0.25]),
    "given Normalization by numbers": lambda k: normalization(k, ROWS, mean=3.0, variance=2.0),
    "given inverse Normalization": lambda k: normalization(k, ROWS, mean=[1.0, -2], variance=[4.0, 0.25], invert=True),
    "Rescaling": lambda k: k.Rescaling(1 / 255, offset=-1)(X),
    "Rescaling of features": lambda k: k.Rescaling([2.0, 3.0], [1.0, 0.0])(ROWS),
    "CategoryEncoding": lambda k: k.CategoryEncoding(4)(CATEGORIES),
    "CategoryEncoding of samples": lambda k: k.CategoryEncoding(4, output_mode="one_hot")(CATEGORIES[:, 0]),
    "CategoryEncoding of columns": lambda k: k.CategoryEncoding(4, output_mode="one_hot")(CATEGORIES[:, :1]),
    "CategoryEncoding of steps": lambda k: k.CategoryEncoding(4, output_mode="one_hot")(CATEGORIES),
    "CategoryEncoding counts": lambda k: k.CategoryEncoding(4, output_mode="count")(CATEGORIES),
    "CategoryEncoding weights": lambda k: k.CategoryEncoding(4, output_mode="count")(CATEGORIES, count_weights=X[:, :, 0]),
    "Discretization": lambda k: k.Discretization([-1.0, 0.0, 2.0])(X[..., 0]),
    "Discretization one_hot": lambda k: k.Discretization([-1.0, 0.0, 2.0], output_mode="one_hot")(X[..., 0]),
    "Discretization counts": lambda k: k.Discretization([-1.0, 0.0, 2.0], output_mode="count")(X[..., 0]),
    "found Discretization": lambda k: discretization(k, MANY, MANY[:5], num_bins=7),
    "found Discretization of few": lambda k: discretization(k, X[..., 0], X[..., 0], num_bins=3),
    "found Discretization of batches": lambda k: discretization(k, [MANY[:9], MANY[9:]], MANY[:5], num_bins=4, epsilon=0.05),
}


def results(k: Any) -> dict[str, Any]:
    """Results of all cases, of a module ``k`` with Keras's names, as nested lists."""
    found = {name: case(k) for name, case in CASES.items()}
    return {name: result if isinstance(result, list) else np.asarray(result).tolist() for name, result in found.items()}


if __name__ == "__main__":
    from types import SimpleNamespace

    import keras
    from keras.src.layers.preprocessing import discretization as discretization_module
    from keras.src.layers.preprocessing import normalization as normalization_module

    missing = SimpleNamespace(data=SimpleNamespace(Dataset=type("Dataset", (), {})), is_tensor=lambda x: False)
    discretization_module.tf = normalization_module.tf = missing
    lines = [f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results(keras.layers).items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
