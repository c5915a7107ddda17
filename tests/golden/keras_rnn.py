"""GRUs and simple RNNs as Keras computes them on JAX, and their gradients, in float64: masks, go_backwards and dropout.

``KERAS_BACKEND=jax python tests/golden/keras_rnn.py`` runs them with Keras 3.15 on JAX 0.10 and writes ``keras_rnn.npz`` beside
this file: the inputs once, and ``case/y``, ``case/h`` and the gradients ``case/dx`` ... of each case, batch first. ``dy`` and
``dh`` are the gradients that come back. Weights of a case are the first columns of those inputs that it needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

N, T, D, H = 3, 4, 2, 5
MASK = [[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1]]

#: Gates of the cell, reset_after, whether there is a mask, go_backwards, and whether dropout and recurrent dropout act.
CASES: dict[str, tuple[int, bool, bool, bool, bool]] = {
    "gru": (3, True, False, False, False),
    "gru, masked, backwards, dropout": (3, True, True, True, True),
    "gru, reset before": (3, False, True, False, False),
    "gru, reset before, dropout": (3, False, False, True, True),
    "simple": (1, True, True, True, False),
    "simple, dropout": (1, True, False, False, True),
}


def inputs() -> dict[str, Any]:
    rng = np.random.default_rng(8)
    shapes = {"x": (N, T, D), "W": (D, 3 * H), "U": (H, 3 * H), "b": (2, 3 * H), "h0": (N, H), "dy": (N, T, H), "dh": (N, H)}
    drawn = {name: (0.5 if name in "WUb" else 1) * rng.normal(size=shape) for name, shape in shapes.items()}
    drawn["inputs"], drawn["recurrent"] = ((rng.random((3, N, size)) < 0.7) / 0.7 for size in (D, H))
    return drawn


def weights(arrays: Any, gates: int, reset_after: bool) -> list[Any]:
    """The kernel, the recurrent kernel and the bias of a case."""
    b = arrays["b"] if gates > 1 and reset_after else arrays["b"][0]
    return [np.ascontiguousarray(a[..., : gates * H]) for a in (arrays["W"], arrays["U"], b)]


def run(arrays: dict[str, Any], gates: int, reset_after: bool, masked: bool, go_backwards: bool, dropout: bool) -> Any:
    import jax
    import keras

    rate = 0.3 if dropout else 0.0
    options = {"dropout": rate, "recurrent_dropout": rate, "go_backwards": go_backwards}
    options |= {"return_sequences": True, "return_state": True}
    # keras.ops.tanh casts to float32 on JAX
    if gates == 1:
        layer = keras.layers.SimpleRNN(H, jax.numpy.tanh, **options)
    else:
        layer = keras.layers.GRU(H, jax.numpy.tanh, reset_after=reset_after, **options)
    layer.build((N, T, D))
    if dropout:
        factors = (arrays["inputs"], arrays["recurrent"]) if gates > 1 else (arrays["inputs"][0], arrays["recurrent"][0])
        layer.cell.get_dropout_mask = lambda x: factors[0]
        layer.cell.get_recurrent_dropout_mask = lambda h: factors[1]

    def scalar(x: Any, h0: Any, values: Any) -> Any:
        others = [variable.value for variable in layer.non_trainable_variables]
        call = {"mask": np.array(MASK, bool) if masked else None, "initial_state": [h0], "training": dropout}
        outputs, _ = layer.stateless_call(values, others, x, **call)
        return sum((out * arrays[d]).sum() for out, d in zip(outputs, ("dy", "dh"), strict=True)), outputs

    gradient = jax.grad(scalar, argnums=(0, 1, 2), has_aux=True)
    (dx, dh0, (dW, dU, db)), (y, h) = gradient(arrays["x"], arrays["h0"], weights(arrays, gates, reset_after))
    found = {"y": y, "h": h, "dx": dx, "dh0": dh0, "dW": dW, "dU": dU, "db": db}
    return {name: np.asarray(a) for name, a in found.items()}


if __name__ == "__main__":
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    arrays = inputs()
    made = {f"{name}/{key}": a for name, case in CASES.items() for key, a in run(arrays, *case).items()}
    np.savez_compressed(FILE, **arrays, **made)
