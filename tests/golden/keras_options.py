"""Programs that run with Keras and with numba_lstm: arguments of optimizers, losses and ``compile`` that change the numbers.

``KERAS_BACKEND=torch python -m golden.keras_options`` in ``tests/`` runs them with Keras 3.15 in float64 and writes
``keras_options.json`` beside this file; ``tests/test_keras_options.py`` runs them with numba_lstm and compares. Masks are left
out: PyTorch's backend scales the weights of metrics too then.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from golden.keras_training import STEP_WEIGHT, WEIGHT, Y_STEPS, X, Y, model

FILE = Path(__file__).with_suffix(".json")


def trained(k: ModuleType, optimizer: Any = None, loss: Any = "mse", *, sequences: bool = False, **options: Any) -> Any:
    """What three epochs of two full batches and a smaller one report, and the weights that they lead to."""
    m = model(k, sequences)
    name = m.layers[-1].name
    options = {key: {name: value["output"]} if isinstance(value, dict) else value for key, value in options.items()}
    fitted = {key: options.pop(key) for key in ("sample_weight", "epochs") if key in options}
    m.compile(k.optimizers.SGD(0.1) if optimizer is None else optimizer, loss, **options)
    y = Y_STEPS if sequences else Y
    history = m.fit(X, y, batch_size=4, shuffle=False, verbose=0, validation_split=0.2, **{"epochs": 3, **fitted})
    steps = [int(np.asarray(m.optimizer.iterations))]
    return {"history": history.history, "weights": [w.tolist() for w in m.get_weights()], "iterations": steps}


def optimizers(k: ModuleType) -> dict[str, Any]:
    o = k.optimizers
    made = {
        "Adadelta": o.Adadelta(0.5),
        "Adadelta with all": o.Adadelta(0.5, rho=0.8, epsilon=1e-3, weight_decay=0.01, clipnorm=0.1),
        "Adamax": o.Adamax(0.01),
        "Adamax with all": o.Adamax(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-2, weight_decay=0.01),
        "Lion": o.Lion(0.01),
        "Lion with all": o.Lion(0.01, beta_1=0.7, beta_2=0.8, weight_decay=0.01),
        "Ftrl": o.Ftrl(0.1),
        "Ftrl with all": o.Ftrl(0.1, -0.7, 0.2, 0.01, 0.02, 0.03, 0.1, weight_decay=0.01),
        "Adagrad with decay": o.Adagrad(0.05, weight_decay=0.01),
        "RMSprop with decay": o.RMSprop(0.01, weight_decay=0.01),
        "Nadam with decay": o.Nadam(0.01, weight_decay=0.01),
    }
    return {name: trained(k, optimizer) for name, optimizer in made.items()}


def averages(k: ModuleType) -> dict[str, Any]:
    o = k.optimizers
    made = {
        "SGD": o.SGD(0.1, use_ema=True, ema_momentum=0.8),
        "Adam": o.Adam(0.01, use_ema=True),
        "overwritten": o.Adam(0.01, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3),
        "overwritten each time": o.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=1),
        "not used": o.SGD(0.1, use_ema=False, ema_momentum=0.5, ema_overwrite_frequency=2),
    }
    return {name: trained(k, optimizer) for name, optimizer in made.items()}


def accumulations(k: ModuleType) -> dict[str, Any]:
    o = k.optimizers
    schedule = o.schedules.ExponentialDecay(0.1, 3, 0.5)
    made = {
        "SGD": o.SGD(0.1, gradient_accumulation_steps=2),
        "Adam": o.Adam(0.01, gradient_accumulation_steps=2),
        "Nadam": o.Nadam(0.01, gradient_accumulation_steps=4),
        "schedule": o.SGD(schedule, momentum=0.9, gradient_accumulation_steps=2),
        "clipnorm": o.SGD(0.1, clipnorm=0.1, weight_decay=0.01, gradient_accumulation_steps=3),
        "averaged": o.SGD(0.1, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.8),
        "averaged and overwritten": o.Adam(
            0.01, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.6, ema_overwrite_frequency=2
        ),
        "scaled": o.Adam(0.01, loss_scale_factor=1024.0),
    }
    return {name: trained(k, optimizer) for name, optimizer in made.items()}


def reductions(k: ModuleType) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for reduction in ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"):
        loss = k.losses.MeanSquaredError(reduction)
        result[reduction] = trained(k, k.optimizers.SGD(0.01), loss)
        result[f"{reduction}, weights"] = trained(k, k.optimizers.SGD(0.01), loss, sample_weight=WEIGHT, metrics=["mae"])
        result[f"{reduction}, steps"] = trained(
            k, k.optimizers.SGD(0.01), loss, sequences=True, sample_weight=STEP_WEIGHT, weighted_metrics=["mae"]
        )
        alone = [k.losses.Huber(0.7, reduction)(Y, Y[::-1]), k.losses.Huber(0.7, reduction)(Y, Y[::-1], WEIGHT)]
        result[f"{reduction}, alone"] = [float(value) for value in alone]
    result["none, alone"] = [np.asarray(k.losses.Huber(0.7, reduction=r)(Y, Y[::-1], WEIGHT)).tolist() for r in ("none", None)]
    return result


def outputs(k: ModuleType) -> dict[str, Any]:
    """Arguments of ``compile`` as they are written for many outputs, for the one of these models."""
    result = {
        "a list": trained(k, loss=["mse"], loss_weights=[0.3], metrics=["mae"]),
        "a list, a list of each": trained(k, loss=["mse"], metrics=[["mae", "mse"]], weighted_metrics=[["mae"]]),
        "a number": trained(k, loss="mse", loss_weights=2.0, sample_weight=WEIGHT),
        "dicts": trained(k, loss="mse", loss_weights={"output": 3.0}, metrics={"output": "mae"}, sample_weight=WEIGHT),
        "a dict of a list": trained(k, loss="mse", metrics={"output": ["mae"]}, weighted_metrics={"output": ["mse"]}),
        "weights and a sum": trained(k, k.optimizers.SGD(0.01), k.losses.MeanSquaredError("sum"), loss_weights=[0.25]),
    }
    m = model(k)
    m.compile("sgd", "mse", loss_weights=[2.5], metrics=["mse"])
    result["evaluate"] = m.evaluate(X, Y, verbose=0, batch_size=4, sample_weight=WEIGHT)
    return result


PROGRAMS = (optimizers, averages, accumulations, reductions, outputs)


def rounded(value: Any, digits: int = 8) -> Any:
    """JSON values; Keras keeps the sums of a history in float32, so eight digits are all there is, but weights have all."""
    if isinstance(value, dict):
        return {key: rounded(item, 13 if key == "weights" else digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits) for item in value]
    return float(f"{float(value):.{digits}g}")


if __name__ == "__main__":
    import keras
    from keras.src.backend.common import dtypes

    del dtypes.BIT64_TO_BIT32_DTYPE["float64"]  # else many of Keras's ops answer in float32
    keras.config.set_floatx("float64")
    lines = [f'"{program.__name__}": {json.dumps(rounded(program(keras)))}' for program in PROGRAMS]
    FILE.write_text("{" + ",\n".join(lines) + "}\n")
