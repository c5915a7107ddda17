"""Write keras_activations.json: all activations of Keras 3.15 on a row, and their derivatives on JAX, in float64.

``JAX_ENABLE_X64=1 KERAS_BACKEND=jax python tests/golden/keras_activations.py``
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

#: Kinks of the functions, and numbers between them.
X = np.array([-6, -3, -1, -0.5, 0, 0.5, 1, 3, 6, -7.3, -2.2, -0.8, -0.3, 0.2, 0.7, 1.6, 4.1, 8.9])
DY = np.cos(1.3 * np.arange(X.size)) + 0.2
#: Parameters of some.
OPTIONS: dict[str, dict[str, Any]] = {
    "celu": {"alpha": 0.7},
    "gelu": {"approximate": True},
    "hard_shrink": {"threshold": 0.8},
    "soft_shrink": {"threshold": 0.3},
    "squareplus": {"b": 3},
    "threshold": {"threshold": 0.2, "default_value": -2.0},
}


def main() -> None:
    import jax
    from keras import activations, config

    config.set_floatx("float64")
    names = {name for name in dir(activations) if not name.startswith("_")} - {"deserialize", "get", "serialize"}
    found: dict[str, Any] = {}
    for name in sorted(names):
        for label, options in ((name, {}), (f"{name} with options", OPTIONS.get(name))):
            if options is None or (name == "threshold" and not options):
                continue
            y, back = jax.vjp(partial(getattr(activations, name), **options), jax.numpy.asarray(X))
            found[label] = {"y": np.round(y, 12).tolist(), "dx": np.round(back(DY[: y.size].astype(y.dtype))[0], 12).tolist()}
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
