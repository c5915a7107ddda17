"""Convert the graph of a functional model of Keras to the arguments of :class:`numba_lstm.Model`.

Keras lists the calls of a layer as its ``inbound_nodes``: in Keras 3 arguments with tensors in them, in Keras 2 outputs.
Nothing is called here; the result is JSON values, in which each output is ``[layer, call, index]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ....files.errors import FileFormatError
from ....files.limits import MAX_CALLS
from ....files.message_lists import join_names
from ....layers.base.registry import CLASSES as LAYERS
from .graph.masks import Masks
from .graph.operations import from_keras_operation, is_operation, needed_layers
from .graph.user_arguments import user_arguments

CLASSES = ("Functional", "Model")  #: Keras 2 wrote the second one at first

_KEYS = {"name", "trainable", "dtype", "layers", "input_layers", "output_layers"}
_TENSOR = "__keras_tensor__"
_INPUTS = ("inputs", "sequences", "sequence")  #: names of the first argument, by which a layer may be called
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D")
_HEADS = "MultiHeadAttention"
_ATTENTION = (_HEADS, "Attention", "AdditiveAttention")
_FLAGS = ("use_causal_mask", "return_attention_scores")
_HEAD_INPUTS, _HEAD_MASKS = ("query", "value", "key"), ("query_mask", "value_mask", "key_mask")

Reference = list[Any]  #: ``[layer, call, index]``


class Layer(NamedTuple):
    """Entry of a layer: its class, its calls, and the names of the inputs if it is a functional model."""

    kind: Any
    nodes: list[Any]
    input_names: tuple[str, ...]
    outputs: tuple[
        int, ...
    ]  #: the places of the values of a dict in the order of their sorted keys, by which Keras counts them
    first_call: int  #: the number of its first call, in Keras 2 and among outputs; Keras counts the making of a model


def arguments(config: Mapping[str, Any], convert: Callable[[Any], Any]) -> dict[str, Any]:
    """Convert the ``config`` of a functional model; ``convert`` does that of a layer.

    Raises
    ------
    FileFormatError
        For calls with arguments that are not taken, by the name of the layer, and for anything that is no graph.
    """
    if others := config.keys() - _KEYS:
        raise FileFormatError(f"its model has {join_names(others)}, which Keras's Functional has not.")
    entries = config.get("layers")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise FileFormatError("the layers of its model must be a list of objects.")
    layers = {_name(entry): _layer(entry) for entry in entries}
    if len(layers) < len(entries):
        raise FileFormatError("its model has two layers of one name.")
    if sum(len(layer.nodes) for layer in layers.values()) > MAX_CALLS:
        raise FileFormatError(f"its layers are called more than {MAX_CALLS:,} times.")
    graph = _Graph(layers, Masks({_name(entry): entry for entry in entries}))
    converted = {}
    for entry in entries:
        name = _name(entry)
        if is_operation(entry):
            layer, calls = from_keras_operation(name, entry, partial(graph.references, name))
        else:
            layer = convert({key: value for key, value in entry.items() if key not in ("name", "inbound_nodes")})
            calls = [graph.call(name, number) for number in range(len(layers[name].nodes))]
        converted[name] = {**layer, "calls": calls}
    graph.masks.leave_out()
    outputs = graph.form(config.get("output_layers"), "output_layers")
    needed = needed_layers(converted, outputs)
    return {
        "name": config.get("name"),
        "trainable": config.get("trainable", True),
        "layers": [layer for name, layer in converted.items() if name in needed],
        "inputs": graph.form(config.get("input_layers"), "input_layers"),
        "outputs": outputs,
    }


class _Graph:
    """Converter of the calls in a graph."""

    def __init__(self, layers: Mapping[str, Layer], masks: Masks) -> None:
        self.layers, self.masks = layers, masks
        self.is_keras2 = any(isinstance(node, list) for layer in layers.values() for node in layer.nodes)

    def call(self, name: str, number: int) -> dict[str, Any]:
        """Convert a call of the layer ``name``."""
        layer = self.layers[name]
        node = layer.nodes[number]
        inputs, given = self._keras2_node(name, node) if isinstance(node, list) else self._node(name, node)
        states = self.references(name, given.pop("initial_state", None))
        training = given.pop("training", None)
        masks = self._given_masks(name, given)
        flags = {key: given.pop(key) for key in _FLAGS if layer.kind in _ATTENTION and isinstance(given.get(key), bool)}
        flags = {key: flag for key, flag in flags.items() if flag}
        if layer.kind not in LAYERS:
            flags |= user_arguments(inputs, given, lambda value: self.references(name, value))
        for argument, value in given.items():
            if value is not None:
                raise FileFormatError(f"its layer {name!r:.100} is called with {argument}={value!r:.80}, which is not taken.")
        if training not in (None, True, False):
            raise FileFormatError(f"its layer {name!r:.100} is called with training={training!r:.80}.")
        # Keras 3 writes training=False where nothing was given, and follows what fit and predict say, whatever was given.
        call = {"inputs": inputs, "states": states, "training": training if self.is_keras2 else None}
        call |= ({"masks": masks} if masks else {}) | ({"arguments": flags} if flags else {})
        self.masks.add(name, call, has_states=bool(states) and not self.is_keras2)
        return call

    def _given_masks(self, name: str, given: dict[str, Any]) -> list[list[Any]]:
        """Take the masks of a call of ``name`` out of its arguments: pairs of what each belongs to and its reference."""
        value: Any = given.pop("mask", None)
        value = value.get("items") if isinstance(value, dict) and value.get("class_name") == "__tuple__" else value
        is_list = isinstance(value, list) and not (len(value) == 3 and isinstance(value[0], str))
        entries: dict[Any, Any] = dict(enumerate(value)) if is_list else {} if value is None else {0: value}
        if self.layers[name].kind == _HEADS:
            entries |= {k: given.pop(key) for k, key in enumerate(_HEAD_MASKS) if given.get(key) is not None}
            entries |= {key: given.pop(key) for key in ("attention_mask",) if given.get(key) is not None}
        masks = [[key, next(iter(self.references(name, one)), None)] for key, one in entries.items()]
        return masks if any(mask is not None for _, mask in masks) else []

    def _node(self, name: str, node: Any) -> tuple[list[Reference], dict[str, Any]]:
        """Return the inputs and the other arguments of a call in Keras 3."""
        args, kwargs = (node.get("args"), node.get("kwargs")) if isinstance(node, dict) else (None, None)
        args = args.get("items") if isinstance(args, dict) and args.get("class_name") == "__tuple__" else args
        if not isinstance(args, list) or not isinstance(kwargs, dict) or node.keys() != {"args", "kwargs"}:
            raise FileFormatError(f"the inbound_nodes of its {name!r:.100} must be objects of args and kwargs.")
        given = dict(kwargs)
        tensors = [one for one in args if isinstance(one, dict) and one.get("class_name") == _TENSOR]
        if len(tensors) == len(args) > 1 and self.layers[name].kind not in (*_RECURRENT, _HEADS):  # of a class of its author's
            return self.references(name, args), given
        names = ["inputs", "initial_state" if self.layers[name].kind in _RECURRENT else "training", "mask"]
        if self.layers[name].kind == _HEADS:
            names = [*_HEAD_INPUTS, *_HEAD_MASKS, "attention_mask", "return_attention_scores", "training", "use_causal_mask"]
        if len(args) > len(names):
            raise FileFormatError(f"its layer {name!r:.100} is called with {len(args)} arguments by position.")
        given |= dict(zip(names, args, strict=False))
        if self.layers[name].kind == _HEADS:
            return self.references(name, [given.pop(key) for key in _HEAD_INPUTS if given.get(key) is not None]), given
        inputs = next((given.pop(key) for key in _INPUTS if key in given), None)
        return self.references(name, inputs, self.layers[name].input_names), given

    def _keras2_node(self, name: str, node: list[Any]) -> tuple[list[Reference], dict[str, Any]]:
        """Return the same of a call in Keras 2: a list of outputs, each of which has the other arguments behind it."""
        given: dict[str, Any] = {}
        inputs = []
        for entry in node:
            if not isinstance(entry, list) or len(entry) not in (3, 4) or not isinstance(entry[-1], (int, dict)):
                raise FileFormatError(f"the inbound_nodes of its {name!r:.100} must be lists of outputs.")
            inputs.append(self._reference(name, entry[:3], counted=True))
            given |= entry[3] if len(entry) == 4 else {}
        if self.layers[name].kind in _RECURRENT and len(inputs) > 1:
            if given.get("initial_state") is not None:
                raise FileFormatError(f"its layer {name!r:.100} is called with initial_state twice.")
            given["initial_state"] = node_states(node)
            return inputs[:1], given
        return inputs, given

    def references(self, name: str, value: Any, keys: tuple[str, ...] = ()) -> list[Reference]:
        """Return the tensors in an argument of a call of ``name``; those of a dict are in the order of ``keys``."""
        if value is None:
            return []
        if isinstance(value, list):
            if self.is_keras2 and len(value) == 3 and isinstance(value[0], str):
                return [self._reference(name, value, counted=True)]
            return [reference for entry in value for reference in self.references(name, entry)]
        if isinstance(value, dict) and value.get("class_name") == "__tuple__":
            return self.references(name, value.get("items"))
        if isinstance(value, dict) and value.get("class_name") == _TENSOR:
            config = value.get("config")
            return [self._reference(name, config.get("keras_history") if isinstance(config, dict) else None)]
        if isinstance(value, dict) and "class_name" not in value:
            order = keys if set(keys) == set(value) else tuple(value)
            return [reference for key in order for reference in self.references(name, value[key])]
        raise FileFormatError(f"its layer {name!r:.100} is called with {value!r:.80}, where outputs of layers were expected.")

    def _reference(self, where: str, value: Any, *, counted: bool = False) -> Reference:
        """Check a reference; with ``counted`` the first call of a model inside may have the number 1."""
        fits = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and value[0] in self.layers
        if not fits or any(type(number) is not int or number < 0 for number in value[1:]):
            raise FileFormatError(f"its {where!r:.100} takes {value!r:.100}, which is no output of its layers.")
        name, call, index = value
        layer = self.layers[name]
        return [
            name,
            call - (layer.first_call if counted else 0),
            layer.outputs[index] if index < len(layer.outputs) else index,
        ]

    def form(self, value: Any, what: str) -> Any:
        """Convert ``input_layers`` or ``output_layers``: a reference, or a list or a dict of them."""
        if isinstance(value, list) and value and isinstance(value[0], str):
            return self._output(what, value)
        if isinstance(value, dict) and value.get("class_name") == "__tuple__":
            value = value.get("items")
        if isinstance(value, dict):
            return {key: self._output(what, one) for key, one in value.items()}
        if not isinstance(value, list):
            raise FileFormatError(f"its {what} are {value!r:.80}, where outputs of layers were expected.")
        return [self._output(what, one) for one in value]

    def _output(self, what: str, value: Any) -> Reference:
        if isinstance(value, (list, dict)) and value and not (isinstance(value, list) and isinstance(value[0], str)):
            raise FileFormatError(f"its {what} are nested, where one list or dict of outputs is read.")
        return self._reference(what, value, counted=True)


def node_states(node: list[Any]) -> list[Any]:
    """Return what a recurrent layer of Keras 2 takes behind its input."""
    return [entry[:3] for entry in node[1:]]


def _name(entry: Mapping[str, Any]) -> str:
    config = entry.get("config")
    name = entry.get("name", config.get("name") if isinstance(config, dict) else None)
    if not isinstance(name, str) or (isinstance(config, dict) and config.get("name", name) != name):
        raise FileFormatError(f"a layer of its model has the name {name!r:.100}, which is not that of its config.")
    return name


def _layer(entry: Mapping[str, Any]) -> Layer:
    nodes, kind, config = entry.get("inbound_nodes"), entry.get("class_name"), entry.get("config")
    if not isinstance(nodes, list):
        raise FileFormatError(f"the inbound_nodes of its {_name(entry)!r:.100} are no list.")
    forms = [
        config.get(key) if isinstance(config, dict) and kind in CLASSES else None for key in ("input_layers", "output_layers")
    ]
    names, outputs = (tuple(form) if isinstance(form, dict) and "class_name" not in form else () for form in forms)
    first = kind in CLASSES or (kind == "Sequential" and _begins_with_input(config) and isinstance((nodes or [0])[0], list))
    return Layer(kind, nodes, names, tuple(outputs.index(key) for key in sorted(outputs)), int(first))


def _begins_with_input(config: Any) -> bool:
    """Whether a ``Sequential`` of Keras 2 knows its input, and so counts its making as a call."""
    layers = config.get("layers") if isinstance(config, dict) else None
    first = layers[0] if isinstance(layers, list) and layers and isinstance(layers[0], dict) else {}
    inner = first.get("config")
    return first.get("class_name") == "InputLayer" or (isinstance(inner, dict) and "batch_input_shape" in inner)
