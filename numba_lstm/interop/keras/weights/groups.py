"""Groups of a Keras 3 weights file: one per layer, by class in snake case and a counter, then by attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ....layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    ConvLSTM1D,
    ConvLSTM2D,
    GRUCell,
    Layer,
    LSTMCell,
    MultiHeadAttention,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
    TimeDistributed,
)
from ....layers.traced import CallLayer
from ....models import Model, Sequential
from ....naming.names import snake_case
from ....variables import Variable

#: Layers with inner layers, and the attributes of these.
_INNER_LAYERS: dict[type[Layer], tuple[str, ...]] = {
    RNN: ("cell",),
    Bidirectional: ("forward_layer", "backward_layer"),
    TimeDistributed: ("layer",),
}

#: Attributes of the projections of a MultiHeadAttention, which are layers in Keras, and the names of these layers.
_PROJECTIONS = {"query_dense": "query", "key_dense": "key", "value_dense": "value", "output_dense": "attention_output"}


#: Layers that are a cell here, and the cell that has their weights in Keras.
CELLS: dict[type[Layer], type[Layer]] = {LSTM: LSTMCell, GRU: GRUCell, SimpleRNN: SimpleRNNCell}


def cell_name(layer: Layer) -> str | None:
    """Return the name in Keras of the cell of a layer that is a cell here; None for other layers."""
    if isinstance(layer, (ConvLSTM1D, ConvLSTM2D)):
        return "conv_lstm_cell"
    cell = next((CELLS[cls] for cls in CELLS if isinstance(layer, cls)), None)
    return None if cell is None else snake_case(cell.__name__)


class Group(NamedTuple):
    """A group: its path, the name of its layer, and the weights ``<path>/vars/0`` and so on."""

    path: str
    name: str
    variables: Sequence[Variable]


def groups(layers: Sequence[Layer]) -> list[Group]:
    """Return the groups of a model's layers, in the order of their weights; a layer in several places has one."""
    return list(_list_groups("layers", layers, set()))


def class_name(layer: Layer) -> str:
    """Return the name of a layer's class in Keras."""
    if isinstance(layer, Model):
        return "Sequential" if isinstance(layer, Sequential) else "Functional"
    return type(layer).__name__


def _list_groups(path: str, layers: Sequence[Layer], visited: set[int]) -> Iterator[Group]:
    """Groups of a list of layers: ``lstm``, ``lstm_1``, ... whatever the names of the layers are."""
    counts: Counter[str] = Counter()
    for layer in layers:
        name = snake_case(class_name(layer))
        count = counts[name]
        counts[name] += 1
        yield from _layer_groups(f"{path}/{name}_{count}" if count else f"{path}/{name}", layer, visited)


def _layer_groups(path: str, layer: Layer, visited: set[int]) -> Iterator[Group]:
    if id(layer) in visited:
        return
    visited.add(id(layer))
    name = None if isinstance(layer, Model) else cell_name(layer)
    if name is not None:  # Keras has its weights in a cell, which is no layer here
        yield Group(path, layer.name, ())
        yield Group(f"{path}/cell", name, layer.variables)
    elif isinstance(layer, StackedRNNCells):
        yield Group(path, layer.name, ())
        yield from _list_groups(f"{path}/cells", layer.cells, visited)
    elif isinstance(layer, MultiHeadAttention):
        yield Group(path, layer.name, ())
        count = 2 if layer.use_bias else 1
        for k, (attribute, name) in enumerate(_PROJECTIONS.items()):
            yield Group(f"{path}/{attribute}", name, layer.variables[k * count : (k + 1) * count])
    elif isinstance(layer, Model):
        yield Group(path, layer.name, ())
        yield from _list_groups(f"{path}/layers", layer.layers, visited)
    elif isinstance(layer, CallLayer):
        yield from _groups_of_user(path, layer, visited)
    elif type(layer) in _INNER_LAYERS:
        yield Group(path, layer.name, ())
        for attribute in _INNER_LAYERS[type(layer)]:
            yield from _layer_groups(f"{path}/{attribute}", getattr(layer, attribute), visited)
    else:
        yield Group(path, layer.name, layer.variables)


def _groups_of_user(path: str, layer: CallLayer, visited: set[int]) -> Iterator[Group]:
    """Groups of a user's layer: of the weights that it added, trained ones first, and of the layers that are attributes."""
    inner = {id(variable) for sublayer in layer.sublayers for variable in sublayer.variables}
    added = [variable for variable in layer.variables if id(variable) not in inner]
    yield Group(path, layer.name, sorted(added, key=lambda variable: not variable.trainable))
    for attribute, value in sorted(vars(layer).items()):
        if attribute in ("sublayers", "_nodes", "_graph"):
            continue
        entries = value if isinstance(value, (list, tuple)) else [value]
        layers: list[Any] = [one for one in entries if isinstance(one, (Layer, Model))]
        if layers and layers[0] is value:
            yield from _layer_groups(f"{path}/{attribute}", layers[0], visited)
        elif layers:
            yield from _list_groups(f"{path}/{attribute}", layers, visited)
