"""Files that Keras 3.15 wrote on JAX, and what Keras computes with the models in them.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_files.py`` writes the files of ``keras_files/`` and
``keras_files.json`` beside this file, or those of the cases that arguments name.
``tests/interop/test_keras_files.py`` reads them with numba_lstm.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_suffix("")
FILE = Path(__file__).with_suffix(".json")

N, T, D = 4, 6, 3
draw = np.random.default_rng(17)
X = draw.normal(size=(N, T, D)).round(3)
GAPS = np.where(draw.uniform(size=(N, T, 1)) < 0.25, 0.5, X)
INDICES = draw.integers(0, 9, size=(N, T))
CLASSES = np.eye(3)[[2, 0, 1, 1]]
YES_NO = np.array([[1.0], [0.0], [0.0], [1.0]])
TARGETS = draw.normal(size=(N, 2)).round(3)


def leaky(k: Any) -> Any:
    """A leaky ReLU of another slope than the usual one; Keras writes it down as a layer."""
    if k.__name__ == "keras":
        return k.layers.LeakyReLU(negative_slope=0.07)
    return {"class_name": "leaky_relu", "config": {"negative_slope": 0.07}}


def everything(k: Any) -> Any:
    """Every layer for features."""
    L, r, c = k.layers, k.regularizers, k.constraints
    lstm = L.LSTM(4, return_sequences=True, dropout=0.1, recurrent_dropout=0.2, kernel_regularizer="l2", seed=3)
    cells = [L.LSTMCell(4, bias_regularizer=r.L1(0.02)), L.LSTMCell(3, recurrent_regularizer=r.L1L2(0.01, 0.02))]
    stack = [
        k.Input((T, D)),
        L.Masking(0.5),
        L.GaussianNoise(0.1),
        L.SpatialDropout1D(0.1),
        L.Bidirectional(lstm, merge_mode="sum"),
        L.LayerNormalization(epsilon=1e-4),
        L.TimeDistributed(L.Dense(3, "elu", kernel_constraint=c.MaxNorm(1.5), trainable=False)),
        L.BatchNormalization(momentum=0.9, gamma_initializer="uniform"),
        L.RNN(cells, return_sequences=True),
        L.LSTM(4, use_bias=False, return_sequences=True, zero_output_for_mask=True, recurrent_constraint=c.NonNeg()),
        L.Dropout(0.2, seed=7),
        L.Reshape((3, 8)),
        L.RNN(L.LSTMCell(2, activation="softsign", unit_forget_bias=False), return_sequences=True, go_backwards=True),
        L.Flatten(),
        L.Dense(5, leaky(k), activity_regularizer=r.L2(0.03)),
        L.RepeatVector(2),
        L.LSTM(3, recurrent_activation="hard_sigmoid", recurrent_initializer="glorot_normal"),
        L.Dense(3, name="last"),
        L.Activation("softmax"),
    ]
    model = k.Sequential(stack, name="everything")
    rate = k.optimizers.schedules.ExponentialDecay(0.02, 3, 0.7, staircase=True)
    loss = k.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(k.optimizers.Adagrad(rate, clipnorm=0.8), loss, metrics=["accuracy"], weighted_metrics=["mae"])
    return model


def indices(k: Any) -> Any:
    """A model of indices, with the optimizer that keeps most."""
    L = k.layers
    table = L.Embedding(9, 4, mask_zero=True, embeddings_regularizer="l1")
    model = k.Sequential([k.Input((None,)), table, L.LSTM(5, go_backwards=True), L.Dense(1, "sigmoid")], name="indices")
    optimizer = k.optimizers.RMSprop(0.005, momentum=0.6, centered=True, weight_decay=0.01)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy", k.metrics.RootMeanSquaredError(name="root")])
    return model


def doubles(k: Any) -> Any:
    """A stateful model in float64."""
    L = k.layers
    stack = [
        k.Input(batch_shape=(N, T, D), dtype="float64"),
        L.Bidirectional(L.LSTM(2, dtype="float64", return_sequences=True), dtype="float64"),
        L.LSTM(3, stateful=True, dtype="float64"),
        L.Dense(2, dtype="float64"),
    ]
    extra = {} if k.__name__ == "keras" else {"dtype": "float64"}
    model = k.Sequential(stack, name="doubles", **extra)
    model.compile(k.optimizers.Nadam(0.01), "mae")
    return model


def small(k: Any) -> Any:
    """Some layers, one of them frozen."""
    L = k.layers
    stack = [L.LSTM(4, return_sequences=True), L.BatchNormalization(), L.Bidirectional(L.LSTM(2)), L.Dense(4, trainable=False)]
    model = k.Sequential([k.Input((T, D)), *stack, L.Dense(2)], name="small")
    model.compile(k.optimizers.SGD(0.02, momentum=0.9, nesterov=True), k.losses.Huber(), metrics=["mse"])
    return model


def gates(k: Any) -> Any:
    """Recurrent layers of every kind of cell but the LSTM."""
    L = k.layers
    stack = [
        L.Bidirectional(L.GRU(3, return_sequences=True, bias_regularizer="l2", bias_initializer="normal")),
        L.GRU(4, reset_after=False, return_sequences=True, recurrent_activation="hard_sigmoid", go_backwards=True),
        L.SimpleRNN(4, "relu", return_sequences=True, zero_output_for_mask=True),
        L.RNN([L.GRUCell(3, use_bias=False), L.SimpleRNNCell(2)], return_sequences=True),
        L.GRU(2, stateful=True),
    ]
    model = k.Sequential([k.Input(batch_shape=(N, T, D)), *stack], name="gates")
    model.compile(k.optimizers.SGD(0.02, momentum=0.9), "mse")
    return model


def plain(k: Any) -> Any:
    """LSTM and Dense."""
    model = k.Sequential([k.Input((T, D)), k.layers.LSTM(3), k.layers.Dense(2)], name="plain")
    model.compile(k.optimizers.AdamW(0.01, weight_decay=0.1, amsgrad=True), "log_cosh")
    return model


def averages(k: Any) -> Any:
    """An optimizer that keeps nothing but the averages of the weights."""
    model = k.Sequential([k.Input((T, D)), k.layers.LSTM(3), k.layers.Dense(2)], name="averages")
    model.compile(k.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3), "mse")
    return model


def sums(k: Any) -> Any:
    """An optimizer that keeps averages, sums of gradients and slots; it is saved between two updates."""
    model = k.Sequential([k.Input((T, D)), k.layers.LSTM(3), k.layers.Dense(2)], name="sums")
    model.compile(k.optimizers.Adam(0.02, amsgrad=True, use_ema=True, gradient_accumulation_steps=3), "mse")
    return model


def frozen(k: Any) -> Any:
    """Layers that hold others, frozen, and a Dense that is trained."""
    L = k.layers
    stack = [
        L.Bidirectional(L.LSTM(2, return_sequences=True), trainable=False),
        L.RNN([L.LSTMCell(3), L.LSTMCell(2)], return_sequences=True, trainable=False),
        L.TimeDistributed(L.Dense(3), trainable=False),
        L.LSTM(2, trainable=False),
        L.Dense(2),
    ]
    model = k.Sequential([k.Input((T, D)), *stack], name="frozen")
    model.compile("adam", "mse")
    return model


@dataclass(frozen=True)
class Case:
    """A model, made of a module ``k`` with Keras's names, the end of its file's name, and what it learns."""

    make: Callable[[Any], Any]
    ending: str
    x: Any
    y: Any
    draws: bool = False  #: whether training depends on random numbers

    @property
    def path(self) -> Path:
        """The file that Keras wrote."""
        return FOLDER / f"{self.make.__name__}{self.ending}"


CASES = {
    "everything": Case(everything, ".keras", GAPS, CLASSES, draws=True),
    "indices": Case(indices, ".keras", INDICES, YES_NO),
    "doubles": Case(doubles, ".keras", X, TARGETS),
    "gates": Case(gates, ".keras", X, TARGETS),
    "small": Case(small, ".h5", X, TARGETS),
    "plain": Case(plain, ".weights.h5", X, TARGETS),
    "averages": Case(averages, ".h5", X, TARGETS),
    "sums": Case(sums, ".h5", X, TARGETS),
}


def run(model: Any, case: Case) -> dict[str, Any]:
    """What a trained model answers, and where training goes on from there."""
    found = {"y": np.asarray(model.predict(case.x, batch_size=N, verbose=0))}
    reset(model)
    found["test"] = model.test_on_batch(case.x, case.y, return_dict=True)
    reset(model)
    if not case.draws:
        found["losses"] = [train(model, case) for _ in range(3)]
    return found


def train(model: Any, case: Case) -> float:
    """The loss of a step from states of zero."""
    loss = model.train_on_batch(case.x, case.y, return_dict=True)["loss"]
    reset(model)
    return float(loss)


def reset(model: Any) -> None:
    """Let stateful layers begin anew."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def rounded(value: Any) -> Any:
    """JSON values of ten digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    array = np.asarray(value, np.float64)
    return [rounded(item) for item in array] if array.ndim else float(f"{array:.10g}")


if __name__ == "__main__":
    import keras

    FOLDER.mkdir(exist_ok=True)
    results = json.loads(FILE.read_text()) if FILE.exists() else {}
    for name in sys.argv[1:] or CASES:
        case = CASES[name]
        keras.utils.set_random_seed(5)
        model = case.make(keras)
        model.set_weights([2 * weight for weight in model.get_weights()])  # so that every layer is felt in the output
        for _ in range(2):
            train(model, case)
        (model.save_weights if "weights" in case.ending else model.save)(case.path)
        results[name] = rounded(run(model, case))
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(results[name])}' for name in CASES) + "}\n")
