"""Files of functional models that Keras 3.15 wrote on JAX, and what Keras computes with the models in them.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_functional.py`` writes the files of ``keras_functional/`` and
``keras_functional.json`` beside this file; ``tests/interop/test_keras_functional.py`` reads them with numba_lstm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_suffix("")
FILE = Path(__file__).with_suffix(".json")

N = 4
draw = np.random.default_rng(29)
STEPS = draw.normal(size=(N, 5, 3)).round(3)
ROWS = draw.normal(size=(N, 4, 2)).round(3)
INDICES = draw.integers(0, 6, size=(N, 5))


def translator(k: Any) -> Any:
    """Lists of inputs and outputs, states along edges, a shared layer, and models inside."""
    L = k.layers
    first, second = k.Input((5, 3), name="first"), k.Input((4, 2), name="second")
    codes, *states = L.LSTM(4, return_sequences=True, return_state=True, name="encoder")(first)
    steps = L.LSTM(4, return_sequences=True, name="decoder")(second, initial_state=states)
    point = k.Input((4,), name="point")
    inner = k.Model(point, [L.Dense(3, "tanh", name="left")(point), L.Dense(2, name="right")(point)], name="inner")
    shared = L.Dense(4, "tanh", name="shared")
    left, right = inner(shared(shared(L.LSTM(4, name="last")(codes))))
    head = k.Sequential([k.Input((3,)), L.Dense(2, name="head")], name="sequence")
    two = L.Bidirectional(L.LSTM(2, name="one"), name="both")(steps, initial_state=[*states_of(k, steps), *states_of(k, codes)])
    model = k.Model([first, second], [head(left), two, right, inner(shared(codes_of(k, codes)))[1]], name="translator")
    model.compile(k.optimizers.Adam(0.01), ["mse", "mae", None, "mse"], [1.0, 0.5, 1.0, 2.0], [["mae"], [], [], []])
    return model


def states_of(k: Any, steps: Any) -> Any:
    """The last states of a small LSTM."""
    return k.layers.LSTM(2, return_state=True, name=f"states_{steps.shape[1]}")(steps)[1:]


def codes_of(k: Any, codes: Any) -> Any:
    return k.layers.LSTM(4, name="again")(codes)


def reader(k: Any) -> Any:
    """Dicts of inputs and outputs, a mask, cells with states, and models inside of a model and of ``TimeDistributed``."""
    L = k.layers
    words, steps = k.Input((5,), name="words"), k.Input((5, 3), name="steps")
    codes = L.LSTM(3, return_sequences=True, name="codes")(L.Embedding(6, 3, mask_zero=True, name="table")(words))
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    inner = k.Model({"b": b, "a": a}, {"z": L.Dense(2, name="dense_b")(b), "y": L.Dense(2, name="dense_a")(a)}, name="inner")
    every = k.Sequential([k.Input((3,)), L.Dense(3, "relu", name="step"), L.Dense(3, name="step_2")], name="every")
    cells = [L.LSTMCell(3, name="low"), L.LSTMCell(2, name="high")]
    _, *states = L.RNN(cells, return_state=True, name="stack")(L.TimeDistributed(every, name="each")(steps))
    flat = [state for pair in states for state in (pair if isinstance(pair, (list, tuple)) else [pair])]
    pairs = [flat[:2], flat[2:]] if len(flat) == 4 else states
    top = L.RNN([L.LSTMCell(3, name="low_2"), L.LSTMCell(2, name="high_2")], name="top")(steps, initial_state=pairs)
    results = inner({"a": L.LSTM(3, name="masked")(codes), "b": flat[0]})
    outputs = {"z": results["z"], "top": top, "x": L.Dense(2, name="x")(results["y"]), "a": L.Dense(2, name="w")(results["z"])}
    model = k.Model({"words": words, "steps": steps}, outputs, name="reader")
    model.compile(
        k.optimizers.SGD(0.05, momentum=0.9), {"z": "mse", "x": "mae", "a": "mse", "top": "mse"}, metrics={"z": ["mae"]}
    )
    return model


CASES = {"translator": translator, "reader": reader}
ENDINGS = {"translator": (".keras", ".weights.h5"), "reader": (".keras", ".h5")}
X = {"translator": [STEPS, ROWS], "reader": {"words": INDICES, "steps": STEPS}}


def targets(name: str, y: Any) -> Any:
    """Zeros in the form of the outputs ``y``."""
    if isinstance(y, dict):
        return {key: np.zeros_like(value) for key, value in y.items()}
    return [np.zeros_like(value) for value in y]


def run(model: Any, name: str) -> dict[str, Any]:
    """What a trained model answers, and where training goes on from there."""
    y = model.predict(X[name], verbose=0)
    found: dict[str, Any] = {"y": y, "test": model.test_on_batch(X[name], targets(name, y), return_dict=True)}
    found["losses"] = [train(model, name, y) for _ in range(2)]
    return found


def train(model: Any, name: str, y: Any) -> float:
    return float(model.train_on_batch(X[name], targets(name, y), return_dict=True)["loss"])


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
    results = {}
    for name, make in CASES.items():
        keras.utils.set_random_seed(5)
        model = make(keras)
        model.set_weights([2 * weight for weight in model.get_weights()])
        y = model.predict(X[name], verbose=0)
        for _ in range(2):
            train(model, name, y)
        for ending in ENDINGS[name]:
            (model.save_weights if "weights" in ending else model.save)(FOLDER / f"{name}{ending}")
        results[name] = rounded(run(model, name))
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(result)}' for name, result in results.items()) + "}\n")
