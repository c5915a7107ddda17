"""Functional models whose calls have arguments, masks and scores, as Keras 3.15 computes them on JAX, and files of them.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_call_arguments.py`` writes the files of ``keras_call_arguments/``
and ``keras_call_arguments.json`` beside this file. ``tests/models/test_call_arguments.py`` reads them with numba_lstm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_suffix("")
FILE = Path(__file__).with_suffix(".json")

N = 3
draw = np.random.default_rng(31)
QUERY = draw.normal(size=(N, 4, 6)).round(3)
VALUE = draw.normal(size=(N, 5, 6)).round(3)
WORDS = np.array([[3, 1, 4, 0, 0], [2, 5, 0, 0, 0], [1, 2, 3, 4, 5]])
VALUE_MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 1, 1, 0]], bool)
PAIRS = draw.random((N, 4, 5)) < 0.6
PAIRS[..., 0] = True


def scores(k: Any) -> Any:
    """Scores as outputs, and one layer called with other arguments."""
    L = k.layers
    query, value = k.Input((4, 6), name="query"), k.Input((5, 6), name="value")
    mask, pairs = k.Input((5,), dtype="bool", name="mask"), k.Input((4, 5), dtype="bool", name="pairs")
    shared = L.Attention(use_scale=True, name="shared")
    y, weights = shared([query, value], mask=[None, mask], return_attention_scores=True)
    causal = shared([query, query], use_causal_mask=True)
    heads = L.MultiHeadAttention(2, 3, name="heads")
    z, more = heads(query, value, attention_mask=pairs, value_mask=mask, return_attention_scores=True)
    w = heads(query, value, key=value, use_causal_mask=True)
    u, other = L.AdditiveAttention(name="additive")([z, value], return_attention_scores=True, use_causal_mask=True)
    # Keras's softmax leaves its mask on the scores of heads, which no loss takes; a Permute drops it.
    ys = {
        "a": y,
        "b": weights,
        "c": causal,
        "d": z,
        "e": L.Permute((1, 3, 2), name="swapped")(more),
        "f": w,
        "g": u,
        "h": other,
    }
    return k.Model({"query": query, "value": value, "mask": mask, "pairs": pairs}, ys, name="scores")


def masked(k: Any) -> Any:
    """Masks from inputs and from operations in layers that take one."""
    L = k.layers
    words, mask = k.Input((5,), dtype="int32", name="words"), k.Input((5,), dtype="bool", name="mask")
    table = L.Embedding(6, 4, name="table")(words)
    real = k.ops.not_equal(words, 0)
    codes, *states = L.LSTM(3, return_sequences=True, return_state=True, name="lstm")(table, mask=real)
    again = L.GRU(3, name="gru")(codes)
    ys = {
        "a": again,
        "b": L.GRU(3, return_sequences=True, name="gru_2")(table, mask=mask, initial_state=states[0]),
        "c": L.Bidirectional(L.SimpleRNN(2), name="both")(table, mask=mask),
        "d": L.RNN(L.LSTMCell(2), name="rnn")(table, mask=real),
        "e": L.GlobalAveragePooling1D(name="mean")(codes),
        "f": L.GlobalAveragePooling1D(name="mean_2")(table, mask=mask),
        "g": L.GRU(2, name="gru_3")(L.TimeDistributed(L.Dense(2), name="each")(table, mask=mask)),
    }
    return k.Model({"words": words, "mask": mask}, ys, name="masked")


CASES = {"scores": scores, "masked": masked}
KEYS = {"scores": "abcdefgh", "masked": "abcdefg"}
X = {
    "scores": {"query": QUERY, "value": VALUE, "mask": VALUE_MASK, "pairs": PAIRS},
    "masked": {"words": WORDS, "mask": VALUE_MASK},
}


def weights(name: str, shapes: Any) -> list[Any]:
    """Return weights of a model, from -0.6 to 0.6."""
    rng = np.random.default_rng([*name.encode()])
    return [rng.uniform(-0.6, 0.6, shape).round(3) for shape in shapes]


def run(model: Any, name: str) -> dict[str, Any]:
    """Return the outputs of a model, the losses of two steps, and the outputs after them."""
    y = model.predict(X[name], verbose=0)
    targets = {key: np.full_like(value, 0.3) for key, value in y.items()}
    found: dict[str, Any] = {"y": y}
    found["losses"] = [float(model.train_on_batch(X[name], targets, return_dict=True)["loss"]) for _ in range(2)]
    return {**found, "after": model.predict(X[name], verbose=0)}


def make(k: Any, name: str) -> Any:
    """Return a compiled model with the weights of :func:`weights`."""
    model = CASES[name](k)
    model.set_weights(weights(name, [w.shape for w in model.get_weights()]))
    model.compile(k.optimizers.SGD(0.5), dict.fromkeys(KEYS[name], "mse"))
    return model


def rounded(value: Any) -> Any:
    """Return JSON values of eight digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    array = np.asarray(value, np.float64)
    return [rounded(item) for item in array] if array.ndim else float(f"{array:.8g}")


if __name__ == "__main__":
    import keras

    FOLDER.mkdir(exist_ok=True)
    results = {}
    for name in CASES:
        model = make(keras, name)
        model.save(FOLDER / f"{name}.keras")
        results[name] = rounded(run(model, name))
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(result)}' for name, result in results.items()) + "}\n")
