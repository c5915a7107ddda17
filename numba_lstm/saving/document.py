"""Convert a model to a document of JSON values and named tensors, and back.

The document has ``class_name``, ``config`` and ``compile`` (results of the model's methods), and ``random`` (the state of its
stream, null before the first draw). Names of tensors are ``layers/<index>/<weight>``, ``optimizer/<state>`` and
``constants/<number>``. Names of classes are looked up in the package's registries; a file cannot import or call anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from .. import initializers
from ..files.errors import REFUSALS, FileFormatError, short_message
from ..files.limits import MAX_CALLS, MAX_LAYERS, check_layers, count_calls, count_layers
from ..files.message_lists import describe_difference, join_names
from ..models.model import Model
from ..models.sequential import Sequential
from ..optimizers.slots import with_slots
from ..philox import Stream
from ..variables import Variable
from .constants import from_tensors, to_tensors
from .container import Tensors

_LAYERS, _OPTIMIZER = "layers/", "optimizer/"
_KEYS = {"class_name", "config", "compile", "random"}
_CONFIG_KEYS = {"name", "trainable", "dtype", "layers"}
#: Classes of models -> the keys of their configs.
_MODELS: dict[str, tuple[type[Model], set[str]]] = {
    "Sequential": (Sequential, _CONFIG_KEYS),
    "Model": (Model, _CONFIG_KEYS | {"inputs", "outputs"}),
}


def pack(model: Model) -> tuple[dict[str, Any], Tensors]:
    """Convert a model to a document and tensors.

    Raises
    ------
    ValueError
        For more than ``MAX_LAYERS`` layers, the input's and those inside of others counted.
    """
    config = model.get_config()
    check_layers(model.name, config["layers"])
    constants: dict[str, Any] = {}
    document = {
        "class_name": "Sequential" if isinstance(model, Sequential) else "Model",
        "config": to_tensors(config, constants),
        "compile": model.get_compile_config(),
        "random": model.random.state if "random" in vars(model) else None,  # the property would draw from the default stream
    }
    state = {} if model.optimizer is None else model.optimizer.state()
    weights = {name: variable.value for name, variable in _named_variables(model)}
    return document, weights | {_OPTIMIZER + name: value for name, value in state.items()} | constants


def unpack(document: Any, tensors: Tensors, compile: bool = True, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """Make the model of a document and its tensors.

    Parameters
    ----------
    document : JSON value
        A result of :func:`pack`, or anything.
    tensors : dict of str to array
        All of the file's tensors.
    compile : bool
        Whether to compile the model and to restore its optimizer.
    custom_objects : mapping, optional
        Classes and functions from outside of this package, by name.

    Raises
    ------
    FileFormatError
        If they do not describe a model. No more weights are allocated than ``tensors`` fill.
    """
    _check_outline(document)
    weights = {name: array for name, array in tensors.items() if name.startswith(_LAYERS)}
    state = {name: array for name, array in tensors.items() if name.startswith(_OPTIMIZER)}
    rest = {name: array for name, array in tensors.items() if name not in weights and name not in state}
    config = from_tensors(document["config"], rest)
    if others := rest.keys():
        raise FileFormatError(f"its tensors must begin with {_LAYERS} or {_OPTIMIZER}, got {join_names(others)}.")
    try:
        with initializers.skip_initialization(max_elements=sum(weight.size for weight in weights.values())):
            model = _MODELS[document["class_name"]][0].from_config(config, custom_objects)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {short_message(error)}") from error
    if not custom_objects:  # a custom class may write its arguments in another form
        _compare(document["config"], to_tensors(model.get_config(), {}), "config")
    variables = dict(_named_variables(model))
    _check_tensors(weights, {name: variable.value for name, variable in variables.items()})
    for name, variable in variables.items():
        variable.assign(weights[name])
    if document["random"] is not None:
        model.random = _stream(document["random"])
    if compile:
        _restore_training(model, document["compile"], state)
    return model


def _named_variables(model: Model, prefix: str = "") -> Iterator[tuple[str, Variable]]:
    """Yield the variables of all layers with their names in a file, those of models inside with both indices."""
    for index, layer in enumerate(model.layers):
        name = f"{prefix}{_LAYERS}{index}/"
        if isinstance(layer, Model):
            yield from _named_variables(layer, name)
            continue
        for variable in layer.variables:
            yield f"{name}{variable.path.partition('/')[2]}", variable


def _check_outline(document: Any) -> None:
    """Check the document's outline, on which the rest relies."""
    if isinstance(document, dict) and document.get("class_name") == "LSTMForecaster":
        raise FileFormatError("it holds a forecaster: numba_lstm.forecasting.LSTMForecaster.load reads it.")
    if not isinstance(document, dict) or document.keys() != _KEYS:
        raise FileFormatError(f"its model must be an object with exactly {', '.join(sorted(_KEYS))}.")
    if document["class_name"] not in ("Sequential", "Model"):
        raise FileFormatError(f"its model is a {document['class_name']!r:.80}; this release reads 'Sequential' and 'Model'.")
    config, compiled, keys = document["config"], document["compile"], _MODELS[document["class_name"]][1]
    if not isinstance(config, dict) or config.keys() != keys or not isinstance(compiled, dict):
        raise FileFormatError(f"its model's config must have exactly {', '.join(sorted(keys))}, and compile be an object.")
    if not isinstance(config["layers"], list) or count_layers(config["layers"]) > MAX_LAYERS:
        raise FileFormatError(f"its layers must be a list of at most {MAX_LAYERS:,}, those inside of others counted.")
    if document["class_name"] == "Model":
        _check_calls(config["layers"])
    if count_calls(config["layers"]) > MAX_CALLS:
        raise FileFormatError(f"its layers are called more than {MAX_CALLS:,} times, those of models inside of it counted.")


def _check_calls(layers: list[Any]) -> None:
    """Check that each layer of a graph has a list of calls."""
    if not all(isinstance(entry, dict) and isinstance(entry.get("calls"), list) for entry in layers):
        raise FileFormatError("each of its layers must have a list of calls.")


def _compare(requested: Any, actual: Any, where: str) -> None:
    """Refuse an argument that a constructor accepted with another meaning, such as ``"no"`` for a bool."""
    # A later release may add keys.
    if isinstance(requested, dict) and isinstance(actual, dict) and requested.keys() <= actual.keys():
        for key, value in requested.items():
            _compare(value, actual[key], f"{where}.{key}")
    elif isinstance(requested, list) and isinstance(actual, (list, tuple)) and len(requested) == len(actual):
        for index, pair in enumerate(zip(requested, actual, strict=True)):
            _compare(*pair, f"{where}[{index}]")
    elif isinstance(actual, FunctionType) and requested == actual.__name__:
        pass  # a function of the custom objects
    elif type(requested) is not type(actual) or requested != actual:
        raise FileFormatError(f"its {where} is {requested!r:.80}, where {actual!r:.80} was understood.")


def _check_tensors(tensors: Tensors, expected: Tensors) -> None:
    """Refuse tensors whose names, shapes or dtypes differ from those of the model."""
    if difference := describe_difference(expected.keys(), tensors.keys()):
        raise FileFormatError(f"its tensors are not those of its model; {difference}.")
    for name, array in tensors.items():
        if array.shape != expected[name].shape or array.dtype != expected[name].dtype:
            raise FileFormatError(
                f"tensor {name!r} has shape {array.shape} and dtype {array.dtype}, "
                f"but its model needs {expected[name].shape} and {expected[name].dtype}."
            )


def _stream(state: Any) -> Stream:
    try:
        stream = Stream(state["seed"])
        stream.state = state
    except REFUSALS as error:
        raise FileFormatError(f"its random stream cannot be made: {short_message(error)}") from error
    _compare(state, stream.state, "random")
    return stream


def _restore_training(model: Model, config: dict[str, Any], state: Tensors) -> None:
    try:
        model.compile_from_config(config)
    except REFUSALS as error:
        raise FileFormatError(
            f"its model cannot be compiled: {short_message(error)} (Or load it with compile=False.)"
        ) from error
    _compare(config, model.get_compile_config(), "compile")
    optimizer = model.optimizer
    if optimizer is None:
        _check_tensors(state, {})
        return
    # The weights that were trained; some may have been frozen since, and still have their slots.
    try:
        trained = with_slots(model.weights, [name.removeprefix(_OPTIMIZER) for name in state])
    except ValueError as error:
        raise FileFormatError(f"its optimizer cannot be restored: {short_message(error)}") from error
    if trained:
        optimizer.build(trained)
    _check_tensors(state, {_OPTIMIZER + name: array for name, array in optimizer.state().items()})
    optimizer.load_state({name.removeprefix(_OPTIMIZER): array for name, array in state.items()})
    if optimizer.iterations < 0:
        raise FileFormatError(f"its optimizer has taken {optimizer.iterations} steps.")
