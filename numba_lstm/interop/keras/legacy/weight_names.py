"""What Keras calls the weights of a legacy file, and whether a file lists them in the order in which a model takes them.

Such a file binds weights to layers by their order alone. Where its names say another order, no reader knows which is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ....files.errors import FileFormatError
from ....layers import LSTM, RNN, Bidirectional, Layer, StackedRNNCells, TimeDistributed
from ....models import Sequential
from ....optimizers import Optimizer
from ....variables import Variable
from ..weights import optimizer_state

_CELL = "lstm_cell"  #: Keras's name of the cell in an LSTM
_BACKWARD = "backward_"  #: how Bidirectional's second layer is called


def paths(layer: Layer) -> dict[int, str]:
    """The identity of each variable of a layer and its path in Keras: ``bidirectional/forward_lstm/lstm_cell/kernel``."""
    return {id(variable): path for path, variable in _paths(layer.name, layer)}


def _paths(path: str, layer: Layer) -> Iterator[tuple[str, Variable]]:
    inner: Sequence[Layer] = ()
    if isinstance(layer, LSTM):
        path = f"{path}/{_CELL}"
    elif isinstance(layer, Bidirectional):
        inner = (layer.forward_layer, layer.backward_layer)
    elif isinstance(layer, RNN):
        inner = (layer.cell,)
    elif isinstance(layer, StackedRNNCells):
        inner = layer.cells
    elif isinstance(layer, TimeDistributed):
        inner = (layer.layer,)
    for part in inner:
        yield from _paths(f"{path}/{part.name}", part)
    if not inner:
        yield from ((f"{path}/{variable.name}", variable) for variable in layer.variables)


def check_layers(model_names: Sequence[str], file_names: Sequence[str], *, whole: bool) -> None:
    """Refuse names of layers with weights that are not those of the model in its order.

    Parameters
    ----------
    model_names, file_names : sequence of str
        As many.
    whole : bool
        Whether the file has the model's configuration too, and so its names; a model of one's own may have others.

    Raises
    ------
    FileFormatError
        For the model's names in another order, and in a whole file for any other names.
    """
    differs = whole and list(file_names) != list(model_names)
    if differs or _is_other_order(model_names, file_names):
        at = next(index for index, pair in enumerate(zip(model_names, file_names, strict=True)) if pair[0] != pair[1])
        raise FileFormatError(
            f"its layer_names have {file_names[at]!r:.100} where the model has {model_names[at]!r:.100}: "
            "weights would go to the wrong layers. Save the file again."
        )


def check_weights(layer: Layer, variables: Sequence[Variable], file_names: Sequence[str]) -> None:
    """Refuse names of a layer's weights that are in another order than the model's own.

    Raises
    ------
    FileFormatError
        Where names or their last parts are the model's, and their order is not.
    """
    if len(variables) != len(file_names):
        return  # its shapes say what is wrong
    known = paths(layer)
    own = [known.get(id(variable), variable.path) for variable in variables]
    for key in _KEYS:
        if _is_other_order([key(name) for name in own], [key(name) for name in file_names]):
            raise FileFormatError(
                f"its weight_names of {layer.name!r:.100} are in another order than the model's weights: "
                "they would be taken for each other. Save the file again."
            )


def of_model(model: Sequential) -> dict[int, str]:
    """The identity of each variable of a model and its path: ``model/bidirectional/forward_lstm/lstm_cell/kernel``."""
    return {key: f"{model.name}/{path}" for layer in model.layers for key, path in paths(layer).items()}


def of_slots(model: Sequential, optimizer: Optimizer, variables: Sequence[Variable]) -> list[str]:
    """Keras's names of an optimizer's state for ``variables``: ``iteration``, ``model_lstm_lstm_cell_kernel_momentum``."""
    known = of_model(model)
    return optimizer_state.names(optimizer, [known[id(variable)].replace("/", "_") for variable in variables])


def check_slots(model: Sequential, optimizer: Optimizer, file_names: Sequence[str]) -> None:
    """Refuse names of an optimizer's state that are those of the model's weights in another order.

    Raises
    ------
    FileFormatError
        In that case.
    """
    own = of_slots(model, optimizer, model.trainable_weights)
    known = set(own)
    read = [name for name in map(_below_model, file_names) if name in known]
    if _is_other_order(own, read) or _is_other_order(own[:-1], read):  # Nadam's last one has no name of its own in Keras
        raise FileFormatError(
            "its optimizer's weight_names are in another order than the model's weights. Save the file again."
        )


def _below_model(name: str) -> str:
    """A path from the layer's name on, which is what Keras 3 writes behind the model's."""
    return name.partition("/")[2]


def _last_part(name: str) -> tuple[str, bool]:
    """What a weight is, and of which direction: ``kernel:0`` and ``kernel`` are one."""
    *above, last = name.split("/")
    return last.partition(":")[0], any(part.startswith(_BACKWARD) for part in above)


_KEYS: tuple[Callable[[str], Any], ...] = (_below_model, _last_part)


def _is_other_order(own: Sequence[Any], read: Sequence[Any]) -> bool:
    return list(own) != list(read) and Counter(own) == Counter(read)


def refuse_twice(names: Sequence[str], what: str) -> None:
    """FileFormatError for a name that a list has twice."""
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise FileFormatError(f"its {what} have {twice!r:.100} twice.")
