"""Names by which Keras 3.15 finds losses, metrics and other objects without arguments, and all that its modules export.

``KERAS_BACKEND=numpy python tests/golden/keras_names.py`` writes ``keras_names.json`` and ``keras_exports.json`` beside this
file.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")
MODULES = ("losses", "metrics")
EXPORTS = Path(__file__).with_name("keras_exports.json")
EXPORTING = [
    "",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "optimizers.schedules",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "utils",
]

if __name__ == "__main__":
    import keras

    names: dict[str, list[str]] = {}
    for module in MODULES:
        names[module] = []
        for name in import_module(f"keras.src.{module}").ALL_OBJECTS_DICT:
            try:
                getattr(keras, module).get(name)
            except TypeError:  # it needs arguments
                continue
            if isinstance(name, str) and name not in ("Loss", "Metric", "metric"):
                names[module].append(name)
        names[module].sort()
    FILE.write_text(json.dumps(names, indent=1) + "\n")
    modules = {name: import_module(f"keras.{name}" if name else "keras") for name in EXPORTING}
    exports = {name: " ".join(one for one in dir(module) if one[0] != "_") for name, module in modules.items()}
    EXPORTS.write_text(json.dumps(exports, indent=1) + "\n")
