"""Write keras_losses.json: what Keras 3.15 computes by losses, alone and in ``fit``, in float64.

``JAX_ENABLE_X64=1 KERAS_BACKEND=jax python tests/golden/keras_losses.py``;
``tests/test_keras_training.py`` runs the same programs.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

if __name__ == "__main__":
    from keras_training import LABELS, STEP_LABELS, WEIGHT, C, N, X, Y, model, rounded
else:
    from .keras_training import LABELS, STEP_LABELS, WEIGHT, C, N, X, Y, model, rounded

FILE = Path(__file__).with_suffix(".json")
TARGETS = 0.5 + 0.5 * np.sin(2.3 * np.arange(12)).reshape(4, 3)
OUTPUTS = 0.5 + 0.48 * np.cos(1.7 * np.arange(12) ** 1.1).reshape(4, 3)
SIGNS = np.sign(np.sin(1.9 * np.arange(12) + 1)).reshape(4, 3)
ONE_HOT = np.eye(3)[[0, 2, 1, 1]]
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0])
#: labels padded with 0, Keras's mask index
LINES = np.array([[1, 2, 0], [2, 2, 0], [1, 0, 0], [2, 1, 2]])
LOGITS = 2 * np.sin(1.1 * np.arange(4 * 6 * 3) ** 1.05).reshape(4, 6, 3)


def losses_alone(k: ModuleType) -> dict[str, Any]:
    c = k.losses
    cases: dict[str, tuple[Any, Any, Any]] = {
        "mape": (c.MeanAbsolutePercentageError, TARGETS, OUTPUTS),
        "msle": (c.MeanSquaredLogarithmicError, TARGETS, OUTPUTS - 0.3),
        "poisson": (c.Poisson, TARGETS, OUTPUTS),
        "kl": (c.KLDivergence, TARGETS, OUTPUTS),
        "cosine": (c.CosineSimilarity, TARGETS - 0.5, OUTPUTS),
        "hinge": (c.Hinge, SIGNS, OUTPUTS),
        "hinge of 0 and 1": (c.Hinge, ONE_HOT, OUTPUTS),
        "squared hinge": (c.SquaredHinge, ONE_HOT, OUTPUTS),
        "categorical hinge": (c.CategoricalHinge, ONE_HOT, OUTPUTS),
        "focal": (c.BinaryFocalCrossentropy, ONE_HOT, OUTPUTS),
        "focal with all": (lambda **a: c.BinaryFocalCrossentropy(True, 0.3, 1.5, True, 0.1, **a), ONE_HOT, OUTPUTS),
        "categorical focal": (c.CategoricalFocalCrossentropy, ONE_HOT, OUTPUTS),
        "categorical focal with all": (lambda **a: c.CategoricalFocalCrossentropy(0.3, 1.5, True, 0.1, **a), ONE_HOT, OUTPUTS),
        "ignored class": (lambda **a: c.SparseCategoricalCrossentropy(ignore_class=1, **a), [0, 2, 1, 1], OUTPUTS),
        "ctc": (c.CTC, LINES, LOGITS),
        "dice": (c.Dice, TARGETS, OUTPUTS),
        "dice of rows": (lambda **a: c.Dice(axis=-1, **a), ONE_HOT, OUTPUTS),
        "generalized": (lambda **a: c.CategoricalGeneralizedCrossEntropy(0.7, **a), [0, 2, 1, 1], OUTPUTS),
        "circle": (c.Circle, [0, 1, 1, 0], SIGNS / np.sqrt(3)),
        "circle with all": (lambda **a: c.Circle(4.0, 0.25, False, **a), [0, 1, 1, 2], SIGNS / np.sqrt(3)),
        "tversky": (lambda **a: c.Tversky(0.3, 0.9, axis=(1,), **a), ONE_HOT, OUTPUTS),
    }
    result: dict[str, Any] = {}
    for name, (make, y, outputs) in cases.items():
        for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
            loss = make(reduction=reduction)
            result[f"{name} {reduction}"] = [float(loss(np.array(y), outputs)), float(loss(np.array(y), outputs, WEIGHTS))]
        result[f"{name} none"] = np.asarray(make(reduction=None)(np.array(y), outputs)).tolist()
    return result


def losses_in_fit(k: ModuleType) -> dict[str, Any]:
    c, c_labels = k.losses, np.where(STEP_LABELS == 1, -1, STEP_LABELS)
    lines = np.stack([1 + LABELS % 2, np.where(LABELS == 2, 2, 0)], axis=1)
    cases: dict[str, tuple[Any, Any, str | None, bool, list[str]]] = {
        "hinge": ("hinge", np.eye(C)[LABELS], "tanh", False, ["squared_hinge"]),
        "kl": (c.KLDivergence(), np.eye(C)[LABELS], "softmax", False, ["kl_divergence"]),
        "mape": ("mape", Y, None, False, ["msle", "MAPE"]),
        "ignored": (c.SparseCategoricalCrossentropy(ignore_class=-1), c_labels, "softmax", True, []),
        "ctc": (c.CTC(), lines, None, True, []),
    }
    result: dict[str, Any] = {}
    for name, (loss, y, activation, sequences, metrics) in cases.items():
        m = model(k, sequences, C, activation)
        m.compile(k.optimizers.SGD(0.1), loss, metrics=metrics)
        data = {"validation_data": (X[:5], y[:5]), "sample_weight": WEIGHT, "shuffle": False, "verbose": 0}
        if sequences and name != "ctc":
            data["sample_weight"] = np.repeat(WEIGHT[:, None], y.shape[1], axis=1)
        result[f"fit {name}"] = m.fit(X[:N], y, batch_size=4, epochs=2, **data).history
    return result


PROGRAMS = (losses_alone, losses_in_fit)

if __name__ == "__main__":
    import keras

    keras.config.set_floatx("float64")
    lines = [f'"{program.__name__}": {json.dumps(rounded(program(keras)))}' for program in PROGRAMS]
    FILE.write_text("{" + ",\n".join(lines) + "}\n")
