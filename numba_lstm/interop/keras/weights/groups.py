"""Where Keras 3 puts each layer's weights: groups by snake-case class and a counter, then by the attribute that holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ....layers import LSTM, RNN, Bidirectional, Layer, LSTMCell, StackedRNNCells, TimeDistributed
from ....names import snake_case
from ....variables import Variable

#: Layers that hold layers, and the attributes that do.
_HOLDERS: dict[type[Layer], tuple[str, ...]] = {
    RNN: ("cell",),
    Bidirectional: ("forward_layer", "backward_layer"),
    TimeDistributed: ("layer",),
}


class Group(NamedTuple):
    """A group of a weights file: its path, the name of what it belongs to, and the weights ``<path>/vars/0`` and on."""

    path: str
    name: str
    variables: Sequence[Variable]


def groups(layers: Sequence[Layer]) -> list[Group]:
    """The groups of a model's layers, in the order of their weights."""
    return list(_listed("layers", layers))


def _listed(path: str, layers: Sequence[Layer]) -> Iterator[Group]:
    """Those of a list of layers: ``lstm``, ``lstm_1``, ... whatever the layers' own names."""
    counts: Counter[str] = Counter()
    for layer in layers:
        name = snake_case(type(layer).__name__)
        count = counts[name]
        counts[name] += 1
        yield from _of(f"{path}/{name}_{count}" if count else f"{path}/{name}", layer)


def _of(path: str, layer: Layer) -> Iterator[Group]:
    if isinstance(layer, LSTM):  # its weights are those of a cell, which is no layer of its own here
        yield Group(path, layer.name, ())
        yield Group(f"{path}/cell", snake_case(LSTMCell.__name__), layer.variables)
    elif isinstance(layer, StackedRNNCells):
        yield Group(path, layer.name, ())
        yield from _listed(f"{path}/cells", layer.cells)
    elif type(layer) in _HOLDERS:
        yield Group(path, layer.name, ())
        for attribute in _HOLDERS[type(layer)]:
            yield from _of(f"{path}/{attribute}", getattr(layer, attribute))
    else:
        yield Group(path, layer.name, layer.variables)
