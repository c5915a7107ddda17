"""How Keras 3.15 lays out whole models in legacy ``.h5`` files.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_legacy.py`` writes ``keras_legacy.json`` beside this file;
``tests/interop/test_keras_legacy_writing.py`` compares with it what numba_lstm writes.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from golden import keras_files

FILE = Path(__file__).with_suffix(".json")
MAKERS = {name: case.make for name, case in keras_files.CASES.items()} | {"frozen": keras_files.frozen}


def outline(path: Path) -> dict[str, Any]:
    """What is in a legacy file, but for the optimizer's state: configurations, and weights in order by name, shape and dtype.

    Counters behind names are left out: they depend on what else a process has made.
    """
    import h5py

    with h5py.File(path) as file:
        weights = file["model_weights"]
        names = [*weights.attrs["layer_names"], "top_level_model_weights"]
        found = {
            "attributes": {key: type(value).__name__ for key, value in file.attrs.items()},
            "attributes of weights": {key: type(value).__name__ for key, value in weights.attrs.items()},
            "groups": sorted(weights),
            "weights": [
                [name, [_array(weights[name], array) for array in weights[name].attrs["weight_names"]]] for name in names
            ],
        }
        for key in ("model_config", "training_config"):
            found[key] = json.loads(file.attrs[key])
    return _uncounted(found)


def _array(group: Any, name: str) -> list[Any]:
    return [name, list(group[name].shape), str(group[name].dtype)]


def _uncounted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _uncounted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_uncounted(item) for item in value]
    return re.sub(r"_\d+(?=/|$)", "", value) if isinstance(value, str) else value


if __name__ == "__main__":
    import keras

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in MAKERS.items():
            model = make(keras)
            for layer in model.layers:
                if not layer.trainable:
                    layer.trainable = False  # as a program freezes a layer: those inside of it too
            model.save(Path(folder) / "model.h5")
            found[name] = outline(Path(folder) / "model.h5")
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(result)}' for name, result in found.items()) + "}\n")
