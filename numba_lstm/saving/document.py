"""A model as a document of JSON values and named tensors, and back.

The document has ``class_name``, ``config`` and ``compile`` (what the model's methods answer), and ``random`` (the state of its
stream, null where nothing was drawn yet). Tensors are named ``layers/<index>/<weight>``, ``optimizer/<state>`` and
``constants/<number>``. Classes are known by the package's own lists; nothing is imported or called because a file names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import initializers
from ..files.errors import REFUSALS, FileFormatError, brief
from ..files.limits import MAX_LAYERS, check_layers, count_layers
from ..files.message_lists import differing, listed
from ..models.sequential import Sequential
from ..random import Stream
from ..variables import Variable
from .constants import from_tensors, to_tensors
from .container import Tensors

_LAYERS, _OPTIMIZER = "layers/", "optimizer/"
_KEYS = {"class_name", "config", "compile", "random"}
_CONFIG_KEYS = {"name", "trainable", "dtype", "layers"}


def pack(model: Sequential) -> tuple[dict[str, Any], Tensors]:
    """The document and the tensors of a model.

    Raises
    ------
    ValueError
        For more than ``MAX_LAYERS`` layers, the input's and those inside of others counted.
    """
    config = model.get_config()
    check_layers(model.name, config["layers"])
    constants: dict[str, Any] = {}
    document = {
        "class_name": "Sequential",
        "config": to_tensors(config, constants),
        "compile": model.get_compile_config(),
        "random": model.random.state if "random" in vars(model) else None,  # asking would draw from the default stream
    }
    state = {} if model.optimizer is None else model.optimizer.state()
    weights = {name: variable.value for name, variable in _named(model)}
    return document, weights | {_OPTIMIZER + name: value for name, value in state.items()} | constants


def unpack(
    document: Any, tensors: Tensors, compile: bool = True, custom_objects: Mapping[str, Any] | None = None
) -> Sequential:
    """The model of a document and its tensors.

    Parameters
    ----------
    document : JSON value
        What :func:`pack` answered, or anything.
    tensors : dict of str to array
        All of the file's tensors.
    compile : bool
        Whether to compile the model and to restore its optimizer.
    custom_objects : mapping, optional
        Classes and functions that are not of this package, by name.

    Raises
    ------
    FileFormatError
        Where the two do not make a model. Weights are allocated only as far as ``tensors`` fill them.
    """
    _check(document)
    weights = {name: array for name, array in tensors.items() if name.startswith(_LAYERS)}
    state = {name: array for name, array in tensors.items() if name.startswith(_OPTIMIZER)}
    rest = {name: array for name, array in tensors.items() if name not in weights and name not in state}
    config = from_tensors(document["config"], rest)
    if others := rest.keys():
        raise FileFormatError(f"its tensors must begin with {_LAYERS} or {_OPTIMIZER}, got {listed(others)}.")
    try:
        with initializers.skipped(at_most=sum(weight.size for weight in weights.values())):
            model = Sequential.from_config(config, custom_objects)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {brief(error)}") from error
    if not custom_objects:  # a class of the user's own may put its arguments as it likes
        _compare(document["config"], to_tensors(model.get_config(), {}), "config")
    variables = dict(_named(model))
    _fit(weights, {name: variable.value for name, variable in variables.items()})
    for name, variable in variables.items():
        variable.assign(weights[name])
    if document["random"] is not None:
        model.random = _stream(document["random"])
    if compile:
        _restore_training(model, document["compile"], state)
    return model


def _named(model: Sequential) -> Iterator[tuple[str, Variable]]:
    for index, layer in enumerate(model.layers):
        for variable in layer.variables:
            yield f"{_LAYERS}{index}/{variable.path.partition('/')[2]}", variable


def _check(document: Any) -> None:
    """Settle the document's outline, so that what follows can rely on it."""
    if not isinstance(document, dict) or document.keys() != _KEYS:
        raise FileFormatError(f"its model must be an object with exactly {', '.join(sorted(_KEYS))}.")
    if document["class_name"] != "Sequential":
        raise FileFormatError(f"its model is a {document['class_name']!r:.80}; this release reads 'Sequential' only.")
    config, compiled = document["config"], document["compile"]
    if not isinstance(config, dict) or config.keys() != _CONFIG_KEYS or not isinstance(compiled, dict):
        raise FileFormatError(
            f"its model's config must have exactly {', '.join(sorted(_CONFIG_KEYS))}, and compile be an object."
        )
    if not isinstance(config["layers"], list) or count_layers(config["layers"]) > MAX_LAYERS:
        raise FileFormatError(f"its layers must be a list of at most {MAX_LAYERS:,}, those inside of others counted.")


def _compare(read: Any, made: Any, where: str) -> None:
    """Refuse what a constructor took but understood in another way, as ``"no"`` for a bool."""
    if isinstance(read, dict) and isinstance(made, dict) and read.keys() <= made.keys():  # a later release may add keys
        for key, value in read.items():
            _compare(value, made[key], f"{where}.{key}")
    elif isinstance(read, list) and isinstance(made, (list, tuple)) and len(read) == len(made):
        for index, pair in enumerate(zip(read, made, strict=True)):
            _compare(*pair, f"{where}[{index}]")
    elif type(read) is not type(made) or read != made:
        raise FileFormatError(f"its {where} is {read!r:.80}, where {made!r:.80} was understood.")


def _fit(read: Tensors, made: Tensors) -> None:
    """Refuse tensors that have not the names, shapes and dtypes of the model's own."""
    if different := differing(made.keys(), read.keys()):
        raise FileFormatError(f"its tensors are not those of its model; {different}.")
    for name, array in read.items():
        if array.shape != made[name].shape or array.dtype != made[name].dtype:
            raise FileFormatError(
                f"tensor {name!r} has shape {array.shape} and dtype {array.dtype}, "
                f"but its model needs {made[name].shape} and {made[name].dtype}."
            )


def _stream(state: Any) -> Stream:
    try:
        stream = Stream(state["seed"])
        stream.state = state
    except REFUSALS as error:
        raise FileFormatError(f"its random stream cannot be made: {brief(error)}") from error
    _compare(state, stream.state, "random")
    return stream


def _restore_training(model: Sequential, config: dict[str, Any], state: Tensors) -> None:
    try:
        model.compile_from_config(config)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be compiled: {brief(error)} (Or load it with compile=False.)") from error
    _compare(config, model.get_compile_config(), "compile")
    optimizer = model.optimizer
    if optimizer is None:
        _fit(state, {})
        return
    # The weights that were trained; some may have been frozen since, and still have their slots.
    trained = [v for v in model.weights if any(f"{_OPTIMIZER}{v.path}/{slot}" in state for slot in optimizer.slot_names)]
    if trained:
        optimizer.build(trained)
    _fit(state, {_OPTIMIZER + name: array for name, array in optimizer.state().items()})
    optimizer.load_state({name.removeprefix(_OPTIMIZER): array for name, array in state.items()})
    if optimizer.iterations < 0:
        raise FileFormatError(f"its optimizer has taken {optimizer.iterations} steps.")
