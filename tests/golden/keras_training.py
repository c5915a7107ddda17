"""Programs that run with Keras and with numba_lstm: losses, metrics, optimizers, schedules, callbacks, and what fit reports.

``python tests/golden/keras_training.py`` runs them with Keras 3.15 (any backend; the file was made with PyTorch's) and writes
``keras_training.json`` beside this file; ``tests/test_keras_training.py`` runs them with numba_lstm and compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

N, T, D, C = 11, 5, 2, 3
draw = np.random.default_rng(3)
X = draw.normal(size=(N, T, D))
Y, Y_STEPS = draw.normal(size=(N, C)), draw.normal(size=(N, T, C))
LABELS, STEP_LABELS = draw.integers(0, C, size=N), draw.integers(0, C, size=(N, T))
YES_NO = draw.integers(0, 2, size=(N, 1)).astype(float)
WEIGHT, STEP_WEIGHT = draw.uniform(0.5, 2, size=N), draw.uniform(0.5, 2, size=(N, T))
SHARES = draw.dirichlet(np.ones(C), size=4)
RAW, HALVES = draw.uniform(0.01, 0.99, size=(4, C)), draw.integers(0, 2, size=(4, C)).astype(float)


def model(k: ModuleType, sequences: bool = False, units: int = C, activation: str | None = None) -> Any:
    """LSTM(4) and Dense in float64, all weights known."""
    made = k.models.Sequential([k.layers.Input((T, D)), k.layers.LSTM(4, return_sequences=sequences)])
    made.add(k.layers.Dense(units, activation=activation))
    arrays = enumerate(made.get_weights())
    made.set_weights([0.5 * np.sin(0.7 * np.arange(array.size) + i).reshape(array.shape) for i, array in arrays])
    return made


def schedules(k: ModuleType) -> dict[str, Any]:
    s = k.optimizers.schedules
    made = {
        "exponential": s.ExponentialDecay(0.1, 7, 0.8),
        "exponential staircase": s.ExponentialDecay(0.1, 7, 0.8, staircase=True),
        "inverse time": s.InverseTimeDecay(0.1, 7, 0.5),
        "inverse time staircase": s.InverseTimeDecay(0.1, 7, 0.5, staircase=True),
        "piecewise": s.PiecewiseConstantDecay([3, 9], [0.1, 0.05, 0.01]),
        "polynomial": s.PolynomialDecay(0.1, 10, 0.01, 2.0),
        "polynomial cycle": s.PolynomialDecay(0.1, 10, 0.01, 1.5, cycle=True),
        "cosine": s.CosineDecay(0.1, 20, 0.1),
        "cosine warmup": s.CosineDecay(0.01, 20, 0.1, warmup_target=0.2, warmup_steps=5),
        "restarts": s.CosineDecayRestarts(0.1, 5, 2.0, 0.9, 0.05),
        "restarts of one length": s.CosineDecayRestarts(0.1, 5, 1.0, 0.9),
    }
    return {name: [float(schedule(step)) for step in range(28)] for name, schedule in made.items()}


def optimizers(k: ModuleType) -> dict[str, Any]:
    o = k.optimizers
    made = {
        "SGD": o.SGD(0.1),
        "momentum": o.SGD(0.1, momentum=0.9),
        "nesterov": o.SGD(0.1, momentum=0.9, nesterov=True),
        "RMSprop": o.RMSprop(0.01),
        "RMSprop with all": o.RMSprop(0.01, momentum=0.5, centered=True),
        "Adagrad": o.Adagrad(0.05),
        "Adam": o.Adam(0.01),
        "amsgrad": o.Adam(0.01, amsgrad=True),
        "AdamW": o.AdamW(0.01),
        "Nadam": o.Nadam(0.01),
        "clipnorm": o.SGD(0.1, clipnorm=0.1),
        "global_clipnorm": o.SGD(0.1, global_clipnorm=0.1),
        "clipvalue": o.SGD(0.1, clipvalue=0.05),
        "weight decay": o.SGD(0.1, momentum=0.9, weight_decay=0.01),
        "schedule": o.Adam(o.schedules.ExponentialDecay(0.1, 3, 0.5)),
    }
    result = {}
    for name, optimizer in made.items():
        m = model(k)
        m.compile(optimizer, "mse", metrics=["mae"], weighted_metrics=["mae"])
        history = m.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0, sample_weight=WEIGHT, validation_split=0.2)
        result[name] = history.history
    return result


def losses(k: ModuleType) -> dict[str, Any]:
    one_hot, c = np.eye(C)[LABELS], k.losses
    cases: dict[str, tuple[Any, Any, str | None, bool]] = {
        "mse": (c.MeanSquaredError(), Y, None, False),
        "mae": ("mae", Y, None, False),
        "huber": (c.Huber(0.7), Y, None, False),
        "log_cosh": ("log_cosh", Y, None, False),
        "binary": ("binary_crossentropy", YES_NO, "sigmoid", False),
        "binary logits": (c.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), YES_NO, None, False),
        "categorical": (c.CategoricalCrossentropy(label_smoothing=0.1), one_hot, "softmax", False),
        "categorical logits": (c.CategoricalCrossentropy(from_logits=True), one_hot, None, False),
        "sparse": ("sparse_categorical_crossentropy", LABELS, "softmax", False),
        "sparse logits": (c.SparseCategoricalCrossentropy(from_logits=True), LABELS[:, None], None, False),
        "sparse steps": ("sparse_categorical_crossentropy", STEP_LABELS, "softmax", True),
        "mse steps": ("mse", Y_STEPS, None, True),
    }
    result: dict[str, Any] = {}
    for name, (loss, y, activation, sequences) in cases.items():
        classes = name.startswith(("binary", "categorical", "sparse"))
        metrics, weighted = (["accuracy"], ["acc"]) if classes else ([k.metrics.RootMeanSquaredError()], ["mse"])
        m = model(k, sequences, 1 if y is YES_NO else C, activation)
        m.compile(k.optimizers.SGD(0.1), loss, metrics=metrics, weighted_metrics=weighted)
        weight = {"sample_weight": STEP_WEIGHT if sequences else WEIGHT}
        data = {"validation_data": (X[:5], y[:5]), "validation_batch_size": 2}
        result[f"fit {name}"] = m.fit(X, y, batch_size=4, epochs=2, shuffle=False, verbose=0, **data, **weight).history
        result[f"evaluate {name}"] = m.evaluate(X, y, verbose=0, batch_size=3, **weight)
        result[f"evaluate {name} as dict"] = m.evaluate(X, y, verbose=0, return_dict=True)
    return result


def functions(k: ModuleType) -> dict[str, Any]:
    names = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "binary_crossentropy")
    result = {name: np.asarray(getattr(k.losses, name)(HALVES, RAW)).tolist() for name in names}
    labels = np.array([0, 2, 1, 1])
    result["categorical"] = np.asarray(k.losses.categorical_crossentropy(np.eye(C)[labels], SHARES)).tolist()
    result["sparse"] = np.asarray(k.losses.sparse_categorical_crossentropy(labels, SHARES)).tolist()
    return result


def arguments_of_fit(k: ModuleType) -> dict[str, Any]:
    def batches() -> Any:
        start = 0
        while True:
            rows = np.arange(start, start + 3) % N
            start += 3
            yield X[rows], Y[rows], WEIGHT[rows]

    plain = {"verbose": 0, "shuffle": False}
    result: dict[str, Any] = {}
    m = model(k, activation="softmax")
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
    weights = {0: 0.3, 2: 4.0}
    result["class_weight"] = m.fit(X, LABELS, 4, 2, class_weight=weights, validation_split=0.3, **plain).history
    m = model(k, units=1)
    m.compile("adam", "mse")
    result["y without an axis"] = m.fit(X, Y[:, 0], epochs=2, **plain).history
    m = model(k, sequences=True, units=1)
    m.compile("adam", "mse")
    result["y of steps without an axis"] = m.fit(X, Y_STEPS[:, :, 0], epochs=2, **plain).history
    m = model(k)
    m.compile(k.optimizers.SGD(0.1), "mse")
    steps = {"steps_per_epoch": 2, "initial_epoch": 1, "validation_data": (X, Y), "validation_steps": 2}
    result["steps"] = m.fit(X, Y, 3, 3, **steps, **plain).history
    m = model(k)
    m.compile(k.optimizers.SGD(0.1), "mse")
    result["generator"] = m.fit(batches(), epochs=3, steps_per_epoch=2, validation_data=(X, Y), verbose=0).history
    result["predict"] = m.predict(X, batch_size=4, verbose=0).tolist()
    result["predict a generator"] = m.predict(batches(), steps=3, verbose=0).tolist()
    return result


def callbacks(k: ModuleType) -> dict[str, Any]:
    cb = k.callbacks
    data = {"validation_data": (X[:3], Y[:3]), "batch_size": 6, "shuffle": False, "verbose": 0}

    def compiled(rate: float) -> Any:
        m = model(k)
        m.compile(k.optimizers.SGD(rate), "mse")
        return m

    result: dict[str, Any] = {}
    m = compiled(0.5)
    stopping = cb.EarlyStopping(patience=2, restore_best_weights=True, min_delta=0.2)
    result["early stopping"] = m.fit(X, Y, epochs=9, callbacks=[stopping], **data).history
    result["the best weights"] = m.evaluate(X, Y, verbose=0)
    plateau = cb.ReduceLROnPlateau(patience=2, factor=0.3, cooldown=1, min_lr=0.03, min_delta=0.1)
    result["plateau"] = compiled(0.5).fit(X, Y, epochs=12, callbacks=[plateau], **data).history
    halving = cb.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    result["scheduler"] = compiled(0.5).fit(X, Y, epochs=4, callbacks=[halving], **data).history
    return result


def hooks(k: ModuleType) -> dict[str, Any]:
    """The order of a fit's hooks, with their epochs or batches and the names in their logs."""
    calls: list[list[str]] = []

    def note(hook: str) -> Any:
        def called(self: Any, *arguments: Any, logs: Any = None) -> None:
            number = [str(argument) for argument in arguments if isinstance(argument, int)]
            found = [argument for argument in (*arguments, logs) if isinstance(argument, dict)]
            calls.append([hook, *number, *sorted(found[0] if found else {})])

        return called

    names = [name for name in dir(k.callbacks.Callback) if name.startswith("on_") and "predict" not in name]
    recorder = type("Recorder", (k.callbacks.Callback,), {name: note(name) for name in names})
    m = model(k)
    m.compile("adam", "mse", metrics=["mae"])
    m.fit(X, Y, epochs=2, batch_size=6, verbose=0, validation_data=(X, Y), validation_freq=2, callbacks=[recorder()])
    return {"fit": [" ".join(call) for call in calls]}


PROGRAMS = (schedules, optimizers, losses, functions, arguments_of_fit, callbacks, hooks)


def rounded(value: Any) -> Any:
    """JSON values; Keras keeps its sums in float32, so eight digits are all there is."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value if isinstance(value, str) else float(f"{float(value):.8g}")


if __name__ == "__main__":
    import keras

    keras.config.set_floatx("float64")
    lines = [f'"{program.__name__}": {json.dumps(rounded(program(keras)))}' for program in PROGRAMS]
    FILE.write_text("{" + ",\n".join(lines) + "}\n")
