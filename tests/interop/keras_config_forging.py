"""Changes to the configuration of a good file of Keras, one for each forgery."""

from __future__ import annotations

import copy
import io
import json
import zipfile

from golden.keras_files import CASES

from numba_lstm.interop import keras  # noqa: F401 - imported before anything is watched

WEIGHTS, CONFIG = "model.weights.h5", "config.json"
with zipfile.ZipFile(CASES["indices"].path) as archive:
    DATA, GOOD = archive.read(WEIGHTS), json.loads(archive.read(CONFIG))
EMBEDDING, LSTM, DENSE = 1, 2, 3


def make_archive(config):
    """An archive of a configuration, an object or its text, and the good weights."""
    text = config if isinstance(config, str) else json.dumps(config)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr(CONFIG, text)
        target.writestr(WEIGHTS, DATA)
    return file.getvalue()


def put(*where, value=...):
    """The good configuration with ``value`` at a path of keys; without it the key is taken away."""
    config = copy.deepcopy(GOOD)
    node = config
    for key in where[:-1]:
        node = node[key]
    if value is ...:
        del node[where[-1]]
    else:
        node[where[-1]] = value
    return config


def layer(value, index=LSTM):
    return put("config", "layers", index, value=value)


def of_layer(key, value, index=LSTM):
    return put("config", "layers", index, "config", key, value=value)


def compile_with(*where, value=...):
    return put("compile_config", *where, value=value)


def entry(name, module="keras.layers", /, **config):
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def registered(name, **config):
    """What Keras writes of a class that is registered as ``my>name``, whatever it is derived from."""
    return {**entry(name, None, **config), "registered_name": f"my>{name}"}


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wEAAAAAAAAAAAAAAAEAAAA="}}

GET_FILE = entry("function", "keras.utils", origin="http://localhost/a", fname="a")


def nest(levels, inner):
    for _ in range(levels):
        inner = entry("Bidirectional", name="b", layer=inner, merge_mode="concat")
    return inner


def nested_json(levels):
    return json.dumps(put("config", "layers", LSTM, value="HERE")).replace('"HERE"', '{"a":' * levels + "1" + "}" * levels)


def add_layers(count):
    return put("config", "layers", value=GOOD["config"]["layers"] + [entry("Flatten", name=f"f{i}") for i in range(count)])
