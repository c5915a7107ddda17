"""Write keras_metrics.json: what Keras 3.15 reports by metrics, alone and in ``fit``.

``JAX_ENABLE_X64=1 KERAS_BACKEND=jax python tests/golden/keras_metrics.py``; ``tests/test_keras_training.py`` runs the same
programs.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

if __name__ == "__main__":
    from keras_training import LABELS, WEIGHT, YES_NO, C, X, Y, model, rounded
else:
    from .keras_training import LABELS, WEIGHT, YES_NO, C, X, Y, model, rounded

FILE = Path(__file__).with_suffix(".json")
ROWS = 9
OUTPUTS = 0.5 + 0.48 * np.cos(1.7 * np.arange(ROWS * 4) ** 1.1).reshape(ROWS, 4)
TARGETS = 0.5 + 0.5 * np.sin(2.3 * np.arange(ROWS * 4)).reshape(ROWS, 4)
CLASSES = np.array([0, 2, 1, 1, 3, 0, 2, 2, 3])
YES = (np.sin(1.9 * np.arange(ROWS * 4) + 1) > 0.2).astype(float).reshape(ROWS, 4)
WEIGHTS = 1.5 + np.sin(np.arange(ROWS))


def metrics_alone(k: ModuleType) -> dict[str, Any]:
    m, one_hot = k.metrics, np.eye(4)[CLASSES]
    cases: dict[str, tuple[Any, Any]] = {
        "mape": (m.MeanAbsolutePercentageError, TARGETS),
        "msle": (m.MeanSquaredLogarithmicError, TARGETS),
        "logcosh": (m.LogCoshError, TARGETS),
        "poisson": (m.Poisson, TARGETS),
        "kl": (m.KLDivergence, TARGETS),
        "cosine": (m.CosineSimilarity, TARGETS),
        "hinge": (m.Hinge, YES),
        "squared hinge": (m.SquaredHinge, YES),
        "categorical hinge": (m.CategoricalHinge, one_hot),
        "binary": (lambda: m.BinaryCrossentropy(label_smoothing=0.1), YES),
        "categorical": (lambda: m.CategoricalCrossentropy(from_logits=True), one_hot),
        "sparse": (m.SparseCategoricalCrossentropy, CLASSES),
        "sparse, ignored": (lambda: m.SparseCategoricalCrossentropy(ignore_class=2), CLASSES),
        "top k": (lambda: m.TopKCategoricalAccuracy(2), one_hot),
        "sparse top k": (lambda: m.SparseTopKCategoricalAccuracy(2), CLASSES),
        "true positives": (lambda: m.TruePositives([0.2, 0.6]), YES),
        "false positives": (m.FalsePositives, YES),
        "true negatives": (m.TrueNegatives, YES),
        "false negatives": (lambda: m.FalseNegatives(0.3), YES),
        "precision": (m.Precision, YES),
        "precision of two": (lambda: m.Precision(top_k=2), YES),
        "recall of a class": (lambda: m.Recall([0.3, 0.5], class_id=1), YES),
        "recall of two": (lambda: m.Recall(top_k=2), YES),
        "roc": (m.AUC, YES),
        "pr": (lambda: m.AUC(curve="PR"), YES),
        "pr minoring": (lambda: m.AUC(20, "PR", "minoring"), YES),
        "roc majoring": (lambda: m.AUC(20, "ROC", "majoring", thresholds=[0.1, 0.4, 0.8]), YES),
        "roc of labels": (lambda: m.AUC(multi_label=True, label_weights=[1.0, 2.0, 0.5, 1.0], from_logits=True), YES),
        "f1": (m.F1Score, one_hot),
        "f1 micro": (lambda: m.F1Score("micro", 0.4), YES),
        "fbeta weighted": (lambda: m.FBetaScore("weighted", 2.0, 0.4), YES),
        "fbeta macro": (lambda: m.FBetaScore("macro", 0.5), one_hot),
        "iou": (lambda: m.IoU(4, [0, 2], sparse_y_pred=False), CLASSES),
        "mean iou": (lambda: m.MeanIoU(4, ignore_class=2, sparse_y_pred=False), CLASSES),
        "one-hot iou": (lambda: m.OneHotIoU(4, [1, 3]), one_hot),
        "one-hot mean iou": (lambda: m.OneHotMeanIoU(4), one_hot),
        "pearson": (m.PearsonCorrelation, TARGETS),
        "pearson of units": (lambda: m.PearsonCorrelation(axis=0), TARGETS),
        "concordance": (m.ConcordanceCorrelation, TARGETS),
        "sensitivity": (lambda: m.SensitivityAtSpecificity(0.6), YES),
        "specificity": (lambda: m.SpecificityAtSensitivity(0.6, 20), YES),
        "precision at recall": (lambda: m.PrecisionAtRecall(0.4, 1), YES),
        "recall at precision": (lambda: m.RecallAtPrecision(0.6, class_id=1), YES),
        "r2": (m.R2Score, TARGETS),
        "r2 of units": (lambda: m.R2Score(None), TARGETS),
        "r2 by variance": (lambda: m.R2Score("variance_weighted_average", 3), TARGETS),
    }
    result: dict[str, Any] = {}
    for name, (make, y) in cases.items():
        some = np.floor(WEIGHTS) if name.endswith("iou") else WEIGHTS  # Keras cuts the others off there
        for kind, weights in (("plain", None), ("weighted", some)):
            if kind == "weighted" and name == "pearson of units":
                continue  # the units have no weights
            metric = make()
            for rows in (slice(0, 4), slice(4, ROWS)):
                metric.update_state(y[rows], OUTPUTS[rows], None if weights is None else weights[rows])
            if (name, kind) == ("sparse, ignored", "plain"):
                continue  # Keras leaves the ignored rows out where there are weights, and counts them as 0 where there are none
            result[f"{name} {kind}"] = np.asarray(metric.result()).tolist()
    binary = m.BinaryIoU(threshold=0.4)
    binary.update_state(YES, OUTPUTS)
    binary.update_state(YES[:, 1], OUTPUTS[:, 2], np.floor(WEIGHTS))
    result["binary iou"] = float(binary.result())
    equal = m.Accuracy()
    equal.update_state(CLASSES, np.arange(ROWS) % 4, WEIGHTS)
    result["equal"] = float(equal.result())
    for function, y in ((m.binary_accuracy, YES), (m.categorical_accuracy, YES), (m.sparse_categorical_accuracy, CLASSES)):
        result[function.__name__] = np.asarray(function(y, OUTPUTS)).tolist()
    result["top_k"] = np.asarray(m.top_k_categorical_accuracy(one_hot, OUTPUTS, k=2)).tolist()
    result["sparse_top_k"] = np.asarray(m.sparse_top_k_categorical_accuracy(CLASSES, OUTPUTS, k=2)).tolist()
    for cls in (m.Mean, m.Sum):
        metric = cls()
        metric.update_state([1.0, 2.0, 5.0])
        metric.update_state([[3.0, 4.0], [6.0, 1.0]], [0.5, 2.0])
        result[cls.__name__] = float(metric.result())
    return result


def metrics_in_fit(k: ModuleType) -> dict[str, Any]:
    m, result = k.metrics, {}
    cases: dict[str, tuple[Any, Any, int, str | None, list[Any]]] = {
        "yes or no": ("bce", YES_NO, 1, "sigmoid", ["auc", m.Precision(name="p"), m.Recall(name="r"), "bce", "true_positives"]),
        "labels": ("sparse_categorical_crossentropy", LABELS, C, "softmax", [m.SparseTopKCategoricalAccuracy(2, name="top")]),
        "classes": ("categorical_crossentropy", np.eye(C)[LABELS], C, "softmax", [m.F1Score("macro"), "kl_divergence"]),
        "numbers": ("mse", Y, C, None, ["r2_score", "mape", "cosine_similarity"]),
    }
    for name, (loss, y, units, activation, metrics) in cases.items():
        made = model(k, False, units, activation)
        made.compile(k.optimizers.SGD(0.1), loss, metrics=metrics, weighted_metrics=metrics[:1] if name == "numbers" else None)
        data = {"validation_data": (X[:5], y[:5]), "sample_weight": WEIGHT, "shuffle": False, "verbose": 0}
        result[f"fit {name}"] = made.fit(X, y, batch_size=4, epochs=2, **data).history
    return result


PROGRAMS = (metrics_alone, metrics_in_fit)

if __name__ == "__main__":
    import keras

    keras.config.set_floatx("float64")
    lines = [f'"{program.__name__}": {json.dumps(rounded(program(keras)))}' for program in PROGRAMS]
    FILE.write_text("{" + ",\n".join(lines) + "}\n")
