"""Layers around the LSTM in Keras 3.15 on JAX, in float64: output, mask, moved statistics and gradients of each case.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_layers.py`` writes ``keras_layers.json`` beside this file;
``tests/layers/test_keras_layers.py`` runs the same cases with numba_lstm.

Keras's normalizing layers compute in float32 even in a float64 model, since ``backend.result_type("float64", "float32")`` is
``"float32"`` there. It is replaced here, so that the numbers are exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

N, T, D = 3, 4, 2
X = np.sin(0.37 * np.arange(N * T * D)).reshape(N, T, D) + 0.3
GAPS = X * np.array([[1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]])[..., None]
INDICES = np.array([[4, 0, 4, 1], [0, 0, 2, 3], [3, 1, 1, 4]])
MASK = np.array([[1, 1, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]], bool)


@dataclass(frozen=True)
class Case:
    """A layer, made of a module ``k`` with Keras's names, and how it is called."""

    make: Callable[[Any], Any]
    x: Any = None
    mask: Any = None
    training: bool = True


CASES = {
    "Embedding": Case(lambda k: k.Embedding(6, 3), INDICES),
    "Embedding with a mask": Case(lambda k: k.Embedding(6, 3, mask_zero=True), INDICES),
    "Embedding of rows": Case(lambda k: k.Embedding(6, 3, mask_zero=True), INDICES[:, 1]),
    "Masking": Case(lambda k: k.Masking(), GAPS),
    "Masking of a value": Case(lambda k: k.Masking(7.0), np.where(GAPS == 0, 7.0, X)),
    "RepeatVector": Case(lambda k: k.RepeatVector(5), X[:, 0]),
    "Flatten": Case(lambda k: k.Flatten(), X),
    "Flatten rows": Case(lambda k: k.Flatten(), X[:, 1]),
    "Reshape": Case(lambda k: k.Reshape((2, 4)), X),
    "Reshape to a row": Case(lambda k: k.Reshape((8,)), X),
    "Reshape with -1": Case(lambda k: k.Reshape((-1, 1)), X),
    "Reshape rows": Case(lambda k: k.Reshape((2, -1)), X[:, 1]),
    "TimeDistributed": Case(lambda k: k.TimeDistributed(k.Dense(3, "relu")), X, MASK),
    "TimeDistributed norm": Case(lambda k: k.TimeDistributed(k.LayerNormalization()), X),
    "LayerNormalization": Case(lambda k: k.LayerNormalization(), X, MASK),
    "LayerNormalization plain": Case(lambda k: k.LayerNormalization(epsilon=0.1, center=False, scale=False), X),
    "LayerNormalization of rows": Case(lambda k: k.LayerNormalization(center=False), X[:, 0]),
    "RMSNormalization": Case(lambda k: k.RMSNormalization(epsilon=0.1), X, MASK),
    "RMSNormalization of two axes": Case(lambda k: k.RMSNormalization([1, 2]), X),
    "GroupNormalization": Case(lambda k: k.GroupNormalization(2, epsilon=0.1), np.concatenate([X, X**2], -1), MASK),
    "GroupNormalization of another axis": Case(lambda k: k.GroupNormalization(-1, 1, center=False), X),
    "GroupNormalization of images": Case(lambda k: k.GroupNormalization(1, scale=False), X.reshape(N, 2, 2, D)),
    "EinsumDense": Case(lambda k: k.EinsumDense("btd,dhk->bthk", (None, 2, 3), "relu", "hk"), X, MASK),
    "EinsumDense over steps": Case(lambda k: k.EinsumDense("btd,ts->bsd", (5, None), bias_axes="s"), X),
    "EinsumDense of an ellipsis": Case(lambda k: k.EinsumDense("...d,df->...f", 3, "softmax"), X),
    "AlphaDropout in inference": Case(lambda k: k.AlphaDropout(0.3), X, MASK, training=False),
    "Identity": Case(lambda k: k.Identity(), X, MASK),
    "BatchNormalization": Case(lambda k: k.BatchNormalization(), X),
    "BatchNormalization with a mask": Case(lambda k: k.BatchNormalization(momentum=0.7), X, MASK),
    "BatchNormalization of rows": Case(lambda k: k.BatchNormalization(epsilon=0.1, center=False), X[:, 1]),
    "BatchNormalization plain": Case(lambda k: k.BatchNormalization(center=False, scale=False), X),
    "BatchNormalization in inference": Case(lambda k: k.BatchNormalization(), X, MASK, training=False),
    "BatchNormalization frozen": Case(lambda k: k.BatchNormalization(trainable=False), X, MASK),
}


def weight(k: int, shape: tuple[int, ...]) -> np.ndarray:
    """The k-th weight, above zero so that it may be a variance."""
    return 0.7 + 0.5 * np.sin(0.7 * np.arange(np.prod(shape)) + k).reshape(shape)


def slope(shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of an output of ``shape``."""
    return np.cos(0.9 * np.arange(np.prod(shape))).reshape(shape)


def run(case: Case) -> dict[str, Any]:
    """What Keras makes of a case."""
    import jax
    import keras

    layer = case.make(keras.layers)
    layer.build(case.x.shape)
    layer.set_weights([weight(k, w.shape) for k, w in enumerate(layer.get_weights())])
    given = {} if case.mask is None or not layer._call_has_mask_arg else {"mask": case.mask}
    if layer._call_has_training_arg:
        given["training"] = case.training
    others = [v.value for v in layer.non_trainable_variables]

    def scalar(trainable: Any, x: Any) -> Any:
        y, after = layer.stateless_call(trainable, others, x, **given)
        return (y * slope(y.shape)).sum(), (y, after)

    whole_numbers = case.x.dtype.kind == "i"
    arguments = [v.value for v in layer.trainable_variables], case.x
    differentiate = jax.value_and_grad(scalar, argnums=0 if whole_numbers else (0, 1), has_aux=True)
    (_, (y, after)), gradients = differentiate(*arguments)
    dweights, dx = (gradients, None) if whole_numbers else gradients
    mask = layer.compute_mask(case.x, case.mask) if layer.supports_masking else None
    seeds = {id(v) for v in layer.non_trainable_variables} - {id(v) for v in layer.non_trainable_weights}
    after = [value for v, value in zip(layer.non_trainable_variables, after, strict=True) if id(v) not in seeds]
    return {"y": y, "mask": mask, "after": after, "dx": dx, "gradients": dweights}


def rounded(value: Any) -> Any:
    """JSON values of twelve digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    return float(f"{value:.12g}") if isinstance(value, float) else rounded(np.asarray(value).tolist())


if __name__ == "__main__":
    import keras
    from keras.src import backend

    backend.result_type = lambda *dtypes: "float64"
    keras.config.set_floatx("float64")
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(rounded(run(case)))}' for name, case in CASES.items()) + "}\n")
