"""LSTMs as Keras computes them on JAX, and their gradients, in float64: masks, go_backwards, and four masks of dropout.

``KERAS_BACKEND=jax python tests/golden/keras_lstm.py`` runs them with Keras 3.15 on JAX 0.10 and writes ``keras_lstm.npz``
beside this file: the inputs once, and ``case/y``, ``case/h``, ``case/c`` and the gradients ``case/dx`` ... of each case, batch
first. ``dy``, ``dh`` and ``dc`` are the gradients that come back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".npz")

N, T, D, H = 4, 5, 3, 6

#: (N, T): nothing hidden; padding on the right, on the left; gaps; and a row of nothing.
MASKS = {
    "right": [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]],
    "left": [[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [0, 1, 1, 1, 1]],
    "gaps": [[1, 0, 1, 0, 1], [0, 1, 0, 1, 1], [1, 1, 0, 0, 1], [0, 1, 1, 1, 0]],
    "nothing": [[1, 1, 0, 1, 1], [0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [1, 1, 1, 1, 1]],
}

#: Mask, go_backwards, and whether dropout and recurrent dropout act, with the masks that are among the inputs.
CASES: dict[str, tuple[str | None, bool, bool]] = {
    **{f"{name} mask": (name, False, False) for name in MASKS},
    **{f"{name} mask, backwards": (name, True, False) for name in MASKS},
    "backwards": (None, True, False),
    "dropout": (None, False, True),
    "dropout, gaps mask, backwards": ("gaps", True, True),
}


def inputs() -> dict[str, Any]:
    rng = np.random.default_rng(8)
    shapes = {"x": (N, T, D), "W": (D, 4 * H), "U": (H, 4 * H), "b": (4 * H,), "h0": (N, H), "c0": (N, H)}
    shapes |= {"dy": (N, T, H), "dh": (N, H), "dc": (N, H)}
    drawn = {name: (0.5 if name in "WUb" else 1) * rng.normal(size=shape) for name, shape in shapes.items()}
    drawn["inputs"], drawn["recurrent"] = ((rng.random((4, N, size)) < 0.7) / 0.7 for size in (D, H))
    return drawn


def run(arrays: dict[str, Any], mask: str | None, go_backwards: bool, dropout: bool) -> dict[str, Any]:
    import jax
    import keras

    rate = 0.3 if dropout else 0.0
    # keras.ops.tanh casts to float32 on JAX
    layer = keras.layers.LSTM(
        H, jax.numpy.tanh, dropout=rate, recurrent_dropout=rate,
        go_backwards=go_backwards, return_sequences=True, return_state=True,
    )  # fmt: skip
    layer.build((N, T, D))
    if dropout:
        layer.cell.get_dropout_mask = lambda x: arrays["inputs"]
        layer.cell.get_recurrent_dropout_mask = lambda h: arrays["recurrent"]
    steps = None if mask is None else np.array(MASKS[mask], bool)

    def scalar(x: Any, h0: Any, c0: Any, weights: Any) -> Any:
        others = [variable.value for variable in layer.non_trainable_variables]
        call = {"mask": steps, "initial_state": [h0, c0], "training": dropout}
        outputs, _ = layer.stateless_call(weights, others, x, **call)
        return sum((out * arrays[d]).sum() for out, d in zip(outputs, ("dy", "dh", "dc"), strict=True)), outputs

    weights = [arrays[name] for name in "WUb"]
    gradient = jax.grad(scalar, argnums=(0, 1, 2, 3), has_aux=True)
    (dx, dh0, dc0, (dW, dU, db)), (y, h, c) = gradient(*(arrays[name] for name in ("x", "h0", "c0")), weights)
    found = {"y": y, "h": h, "c": c, "dx": dx, "dh0": dh0, "dc0": dc0, "dW": dW, "dU": dU, "db": db}
    return {name: np.asarray(a) for name, a in found.items()}


if __name__ == "__main__":
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    arrays = inputs()
    made = {f"{name}/{key}": a for name, case in CASES.items() for key, a in run(arrays, *case).items()}
    np.savez_compressed(FILE, **arrays, **made)
