"""Signatures of Keras 3.15's public classes and functions, and of a model's methods.

``KERAS_BACKEND=jax python tests/golden/keras_signatures.py`` writes ``keras_signatures.json`` beside this file. It has for
each name the parameters in order, those that have a place first, and the values by default of those that are plain.
``tests/test_signatures.py`` compares with them.
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")
MODULES = [
    *("", "activations", "backend", "callbacks", "constraints", "datasets.boston_housing", "datasets.imdb", "datasets.mnist"),
    *("datasets.reuters", "initializers", "layers", "losses", "metrics", "models", "optimizers", "optimizers.schedules"),
    *("preprocessing.sequence", "regularizers", "utils"),
]
#: Classes whose methods are compared too.
METHODS = ["models.Sequential", "callbacks.Callback"]


def signature(thing: Any, method: bool) -> dict[str, Any] | None:
    """The parameters of a function, of a class's constructor or of a method; None where Python does not know them."""
    try:
        parameters = list(inspect.signature(thing.__init__ if inspect.isclass(thing) else thing).parameters.values())
    except (TypeError, ValueError):
        return None
    parameters = parameters[1:] if method or inspect.isclass(thing) else parameters
    placed = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    named = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY]
    plain = {p.name: p.default for p in parameters if p.default is None or isinstance(p.default, (bool, int, float, str))}
    return {"placed": placed, "named": named, "defaults": plain}


def signatures(root: str) -> dict[str, Any]:
    """Name -> signature of all public classes and functions of the package ``root``."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(f"{root}.{name}".rstrip("."))
        for public in getattr(module, "__all__", dir(module)):
            thing = getattr(module, public)
            if not public.startswith("_") and callable(thing):
                found[f"{name}.{public}".lstrip(".")] = signature(thing, False)
    for name in METHODS:
        module, _, cls = name.rpartition(".")
        methods = inspect.getmembers(getattr(importlib.import_module(f"{root}.{module}"), cls), inspect.isfunction)
        found |= {f"{name}.{key}": signature(method, True) for key, method in methods if not key.startswith("_")}
    return {name: parameters for name, parameters in found.items() if parameters is not None}


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(parameters)}" for name, parameters in sorted(signatures("keras").items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
