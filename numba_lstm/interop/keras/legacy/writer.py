"""Write whole models as legacy ``.h5`` files, in the layout of Keras 3 with ``model.save("x.h5")``.

The root has the configurations as attributes. ``model_weights`` has a group for each layer with a list of the names of its
arrays. The optimizer's state is in a group that only this package reads; see :data:`.reader.PACKAGE_OPTIMIZER`.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.destinations import import_h5py
from ....models import Model
from ....models.configuration.built_layers import BUILD_CONFIG
from ....optimizers import Optimizer
from ....variables import Variable
from ..config import compile_config
from ..config.model_config import KERAS_VERSION, model_config
from ..weights import optimizer_state
from . import reader, weight_names

Array = npt.NDArray[Any]

_ATTRIBUTE = 64_512  #: bytes of a list of names in one attribute; a longer list is split


def encode(model: Model) -> bytes:
    """Return the bytes of the file.

    Raises
    ------
    ImportError
        Without h5py, which writes it.
    ValueError
        For what Keras does not have, by the name of layer and option, and for two arrays of one name.
    """
    for name in _names(model):
        if name in (".", "..") or not name.isprintable():
            raise ValueError(f"a layer is called {name!r}, which an .h5 file cannot hold. Give it another name=.")
    config = model_config(model)
    attributes = {"backend": "jax", "keras_version": KERAS_VERSION}
    attributes["model_config"] = json.dumps(_plain(config), allow_nan=False)
    if model.compiled:
        attributes["training_config"] = json.dumps(_training_config(model), allow_nan=False)
    file = io.BytesIO()
    with import_h5py().File(file, "w", libver="earliest") as target:
        target.attrs.update(attributes)
        _write_weights(target.create_group(reader.WEIGHTS), model)
        if model.optimizer is not None:
            _write_arrays(target.create_group(reader.PACKAGE_OPTIMIZER), _state(model, model.optimizer))
    return file.getvalue()


def _names(model: Model) -> Iterator[str]:
    """The names of a model and of its layers, also of those in models inside."""
    yield model.name
    for layer in model.layers:
        yield from _names(layer) if isinstance(layer, Model) else (layer.name,)


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """A configuration in the form of legacy files: only layers inside of others, but for models, have a module."""
    config = entry["config"]
    if isinstance(config.get("layers"), list):
        config = {key: value for key, value in config.items() if key != "build_input_shape"}
        config["layers"] = [_plain(layer) for layer in config["layers"]]
    calls: dict[str, Any] = {key: entry[key] for key in ("name", "inbound_nodes", BUILD_CONFIG) if key in entry}
    return {"class_name": entry["class_name"], "config": config, **calls}


def _training_config(model: Model) -> dict[str, Any]:
    config = compile_config.to_config(model)
    optimizer = config.pop("optimizer")
    return {**_drop_modules(config), "optimizer_config": {"class_name": optimizer["class_name"], "config": optimizer["config"]}}


def _drop_modules(value: Any) -> Any:
    """Losses and metrics without modules."""
    if isinstance(value, list):
        return [_drop_modules(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        return {"class_name": value["class_name"], "config": value["config"]}
    return {key: _drop_modules(item) for key, item in value.items()}


# -- arrays -----------------------------------------------------------------------------------------------------------


def _write_weights(group: Any, model: Model) -> None:
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"], group.attrs["keras_version"] = "jax", KERAS_VERSION
    names = weight_names.model_paths(model)
    for layer in model.layers:
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        _write_arrays(group.create_group(layer.name), [(names[id(v)], v.value) for v in weights])
    _write_arrays(group.create_group("top_level_model_weights"), [])


def _write_arrays(group: Any, arrays: Sequence[tuple[str, Array]]) -> None:
    names = [name for name, _ in arrays]
    if duplicate := next((name for name, count in Counter(names).items() if count > 1), None):
        raise ValueError(f"two weights are called {duplicate!r}, which an .h5 file cannot hold. Give their layers other names.")
    _write_names(group, "weight_names", names)
    for name, array in arrays:
        group[name] = np.asarray(array)


def _write_names(group: Any, attribute: str, names: Sequence[str]) -> None:
    encoded = [name.encode() for name in names]
    chunks = [np.asarray(encoded)]
    while any(chunk.nbytes > _ATTRIBUTE for chunk in chunks):
        chunks = np.array_split(chunks[0] if len(chunks) == 1 else np.concatenate(chunks), len(chunks) + 1)
    if len(chunks) == 1:
        group.attrs[attribute] = encoded
    else:
        for index, chunk in enumerate(chunks):
            group.attrs[f"{attribute}{index}"] = chunk.tolist()


def _state(model: Model, optimizer: Optimizer) -> list[tuple[str, Array]]:
    """The optimizer's state by Keras's names: ``adam/iteration``, ``adam/learning_rate``, ``adam/lstm_kernel_momentum``."""
    arrays = optimizer_state.to_arrays(optimizer, model.trainable_weights)
    names = weight_names.slot_names(model, optimizer, _trained_variables(model, optimizer))
    return [(f"{optimizer.name}/{name}", array) for name, array in zip(names, arrays, strict=True)]


def _trained_variables(model: Model, optimizer: Optimizer) -> list[Variable]:
    """The variables with slots, in the optimizer's order; some may have been frozen after training."""
    if not optimizer.built:
        return model.trainable_weights
    by_path = {variable.path: variable for variable in model.weights}
    return [by_path[slots[0].path.rpartition("/")[0]] for slots in optimizer.slots_by_weight() if slots]
