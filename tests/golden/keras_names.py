"""Names by which Keras 3.15 finds losses, metrics and other objects without arguments.

``KERAS_BACKEND=numpy python tests/golden/keras_names.py`` writes ``keras_names.json`` beside this file.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")
MODULES = ("losses", "metrics")

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
