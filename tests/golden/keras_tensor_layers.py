"""Attention, merging and activation layers as Keras computes them on JAX, and their gradients, in float64.

``KERAS_BACKEND=jax python tests/golden/keras_tensor_layers.py`` runs them with Keras 3.15 on JAX 0.10 and writes
``keras_tensor_layers.npz`` beside this file: ``case/y`` and the gradients ``case/dx0`` ... of the inputs and ``case/dw0`` ...
of the weights. The inputs, the weights and the gradient that comes back are those of :func:`draw`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

Q, V, K = (3, 4, 6), (3, 5, 6), (3, 5, 6)
QUERY_MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]], bool)
VALUE_MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 1, 1, 0]], bool)

#: Name -> class, arguments, shapes of the inputs, arguments of the call.
CASES: dict[str, tuple[str, dict[str, Any], list[tuple[int, ...]], dict[str, Any]]] = {
    "attention": ("Attention", {}, [Q, V], {}),
    "attention_scaled": ("Attention", {"use_scale": True}, [Q, V, K], {"mask": [QUERY_MASK, VALUE_MASK]}),
    "attention_causal": ("Attention", {}, [Q, V], {"mask": [None, VALUE_MASK], "use_causal_mask": True}),
    "attention_concat": ("Attention", {"score_mode": "concat", "use_scale": True}, [Q, V], {"mask": [None, VALUE_MASK]}),
    "additive": ("AdditiveAttention", {}, [Q, V], {"mask": [QUERY_MASK, VALUE_MASK]}),
    "additive_plain": ("AdditiveAttention", {"use_scale": False}, [Q, V], {}),
    "heads": ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, [Q, V], {}),
    "heads_masked": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 3, "output_shape": 5, "use_bias": False},
        [Q, V, (3, 5, 2)],
        {"value_mask": VALUE_MASK},
    ),
    "heads_causal": ("MultiHeadAttention", {"num_heads": 3, "key_dim": 2}, [Q, Q], {"use_causal_mask": True}),
    "prelu": ("PReLU", {"shared_axes": [1]}, [Q], {}),
    "relu": ("ReLU", {"max_value": 1.5, "negative_slope": 0.2, "threshold": 0.3}, [Q], {}),
    "leaky_relu": ("LeakyReLU", {}, [Q], {}),
    "elu": ("ELU", {"alpha": 0.7}, [Q], {}),
    "softmax": ("Softmax", {"axis": 1}, [Q], {}),
    "softmax_axes": ("Softmax", {"axis": [1, 2]}, [Q], {}),
    "unit": ("UnitNormalization", {"axis": [1, 2]}, [Q], {}),
    "permute": ("Permute", {"dims": (2, 1)}, [Q], {}),
    "dot": ("Dot", {"axes": 2, "normalize": True}, [Q, V], {}),
}


def draw(name: str, shapes: list[tuple[int, ...]]) -> list[Any]:
    """Return arrays of a case, distinct ones for each name."""
    rng = np.random.default_rng([*name.encode()])
    return [rng.standard_normal(shape) for shape in shapes]


def run(name: str) -> dict[str, Any]:
    import jax
    import keras

    cls, arguments, shapes, call = CASES[name]
    layer, xs = getattr(keras.layers, cls)(**arguments), draw(f"{name} inputs", shapes)

    def compute(xs: Any) -> Any:
        if cls == "MultiHeadAttention":
            return layer(*xs, **call)
        return layer(xs if len(xs) > 1 else xs[0], **call)

    shape = compute(xs).shape
    weights = draw(f"{name} weights", [tuple(v.shape) for v in layer.weights])
    (dy,) = draw(f"{name} dy", [shape])

    def value(weights: Any, xs: Any) -> Any:
        with keras.StatelessScope(zip(layer.weights, weights, strict=True)):
            return (compute(xs) * dy).sum()

    dw, dx = jax.grad(value, argnums=(0, 1))([jax.numpy.asarray(w) for w in weights], [jax.numpy.asarray(x) for x in xs])
    layer.set_weights(weights)
    found = {"y": compute(xs), **{f"dx{k}": one for k, one in enumerate(dx)}, **{f"dw{k}": one for k, one in enumerate(dw)}}
    return {f"{name}/{key}": np.asarray(one) for key, one in found.items()}


def main() -> None:
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    found: dict[str, Any] = {}
    for name in CASES:
        found |= run(name)
    np.savez_compressed(FILE, **found)


if __name__ == "__main__":
    main()
