"""Describe what a file holds, without building a model: layers by name, arrays by name, dtype and shape.

The checks are those of the format's reader. Nothing larger than the file is allocated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from ..files import formats, strict_json
from ..files.errors import FileFormatError
from ..files.message_lists import natural_sort_key
from ..saving import container
from . import facts, hdf5
from .conversion import format_of
from .keras import archive
from .onnx.graph import reader
from .onnx.protobuf import messages, wire
from .onnx.protobuf import tensors as onnx_tensors
from .torch import reading as torch_reading
from .zips import open_zip

MAX_DEPTH = 8  #: levels of layers inside of layers that are described


@dataclass(frozen=True)
class Array:
    """An array in a file."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Description:
    """What a file holds.

    Attributes
    ----------
    format : str
        The name of one in :mod:`numba_lstm.files.formats`.
    facts : dict of str to str
        Properties of the whole file.
    layers : list of (str, str)
        The name and the class of each layer, or of each node.
    arrays : list of Array
    """

    format: str
    facts: dict[str, str] = field(default_factory=dict)
    layers: list[tuple[str, str]] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)


def describe(path: str | os.PathLike[str]) -> Description:
    """Describe a file of any format.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, forged, or of another kind.
    """
    name = os.fsdecode(path)
    form = format_of(name)
    try:
        return _DESCRIBERS[form](name)
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error}") from error


def _native(path: str) -> Description:
    document, tensors = container.read(path)
    file_facts = {"file format": str(container.FORMAT), **_model(document)}
    if document.get("class_name") == facts.FORECASTER:
        network = document.get("network")
        file_facts |= facts.forecaster(document, tensors) | facts.weights(_shapes(tensors), forecaster=True)
        return Description(formats.NATIVE.name, file_facts, list(_layers(network)), _arrays(tensors))
    file_facts |= facts.input_shapes(document) | facts.weights(_shapes(tensors)) | _training(document.get("compile"))
    return Description(formats.NATIVE.name, file_facts, list(_layers(document)), _arrays(tensors))


def _keras(path: str) -> Description:
    with open_zip(path) as file:
        config, contents, version = archive.read_config(file), archive.read_weights(file), archive.read_version(file)
    file_facts = _model(config) | {"Keras": version} | facts.input_shapes(config) | facts.weights(_shapes(contents.arrays))
    file_facts |= _training(config.get("compile_config"))
    return Description(formats.KERAS.name, file_facts, list(_layers(config)), _arrays(contents.arrays))


def _hdf5(path: str) -> Description:
    with open(path, "rb") as file:
        contents = hdf5.read(file.read())
    root = contents.attributes.get("", {})
    texts = {key: value for key, value in root.items() if isinstance(value, str)}
    if "model_config" not in texts:
        return Description(formats.WEIGHTS.name, facts.weights(_shapes(contents.arrays)), [], _arrays(contents.arrays))
    config = strict_json.loads(texts["model_config"], "its model_config")
    file_facts = _model(config) | {"Keras": texts.get("keras_version", archive.UNKNOWN_VERSION)}
    file_facts |= facts.input_shapes(config) | facts.weights(_shapes(contents.arrays))
    if "training_config" in texts:
        training = strict_json.loads(texts["training_config"], "its training_config")
        if isinstance(training, dict):
            file_facts |= _training({**training, "optimizer": training.get("optimizer_config")})
    return Description(formats.LEGACY.name, file_facts, list(_layers(config)), _arrays(contents.arrays))


def _torch(path: str) -> Description:
    with torch_reading.open_tensors(path) as source:
        arrays = [Array(name, form.dtype, form.shape) for name, form in source.infos.items()]
    return Description(format_of(path).name, facts.weights({array.name: array.shape for array in arrays}), [], arrays)


def _onnx(path: str) -> Description:
    model = wire.read(reader.read_bytes(path), messages.MODEL)
    graph = model.get("graph")
    if graph is None:
        raise FileFormatError("it holds no graph, so it is no ONNX file, or damaged.")
    file_facts = {
        "producer": f"{model.get('producer_name', '')} {model.get('producer_version', '')}".strip() or "not said",
        "operators": ", ".join(
            f"{entry.get('domain') or 'ai.onnx'} {entry.get('version', 0)}" for entry in model.get("opset_import", [])
        ),
        "inputs": ", ".join(_signature(value) for value in graph.get("input", [])),
        "outputs": ", ".join(_signature(value) for value in graph.get("output", [])),
    }
    nodes = [(node.get("name", ""), node.get("op_type", "")) for node in graph.get("node", [])]
    arrays = [
        Array(tensor.get("name", ""), onnx_tensors.name_of(tensor.get("data_type", 0)), tuple(tensor.get("dims", ())))
        for tensor in graph.get("initializer", [])
    ]
    file_facts |= facts.weights({array.name: array.shape for array in arrays})
    return Description(formats.ONNX.name, file_facts, nodes, arrays)


_DESCRIBERS: dict[formats.Format, Callable[[str], Description]] = {
    formats.NATIVE: _native,
    formats.KERAS: _keras,
    formats.LEGACY: _hdf5,
    formats.WEIGHTS: _hdf5,
    formats.PT: _torch,
    formats.SAFETENSORS: _torch,
    formats.ONNX: _onnx,
}


def _arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> list[Array]:
    """Arrays in the order of their names."""
    return [Array(name, str(arrays[name].dtype), arrays[name].shape) for name in sorted(arrays, key=natural_sort_key)]


def _shapes(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}


def _model(document: Any) -> dict[str, str]:
    """The class and the name of a model."""
    if not isinstance(document, dict):
        raise FileFormatError("its configuration must be an object with class_name and config.")
    config = document.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return {"model": f"{document.get('class_name')} {name!r}"}


def _layers(document: Any) -> Iterator[tuple[str, str]]:
    config = document.get("config")
    entries = config.get("layers") if isinstance(config, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        layer_config = entry.get("config") if isinstance(entry, dict) else None
        yield str(layer_config.get("name")) if isinstance(layer_config, dict) else "", _kind(entry, MAX_DEPTH)


def _kind(entry: Any, depth: int) -> str:
    """A layer's class and size, and those of its inner layers: ``Bidirectional(LSTM 64)``."""
    if not isinstance(entry, dict) or depth == 0:
        return "?"
    config = entry.get("config")
    config = config if isinstance(config, dict) else {}
    inner_entries: list[Any] = [config[key] for key in ("layer", "cell") if isinstance(config.get(key), dict)]
    cells = config.get("cells")
    inner_entries += cells if isinstance(cells, list) else []
    inner = f"({', '.join(_kind(item, depth - 1) for item in inner_entries)})" if inner_entries else ""
    size = next((f" {config[key]}" for key in _SIZES if isinstance(config.get(key), (int, float, list))), "")
    return f"{entry.get('class_name')}{inner}{size}"


#: Arguments for the size of a layer; the first one that it has counts.
_SIZES = ("units", "rate", "batch_shape", "batch_input_shape")


def _training(compiled: Any) -> dict[str, str]:
    """What a model was compiled with."""
    if not isinstance(compiled, dict):
        return {}
    return {key: _class_name(compiled[key]) for key in ("optimizer", "loss") if compiled.get(key)}


def _class_name(value: Any) -> str:
    return str(value.get("class_name")) if isinstance(value, dict) else str(value)


def _signature(value: Mapping[str, Any]) -> str:
    """An input or an output: ``x (N, T, 7)``."""
    dims = value.get("type", {}).get("tensor_type", {}).get("shape", {}).get("dim", [])
    return f"{value.get('name', '')} ({', '.join(str(dim.get('dim_value', dim.get('dim_param', '?'))) for dim in dims)})"
