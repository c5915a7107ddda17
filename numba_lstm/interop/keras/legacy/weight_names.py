"""Names of weights in legacy files: make them for a model, and check their order in a file.

A legacy file assigns weights to layers by their order. If the names in it say another order, no reader can tell which is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ....files.errors import FileFormatError
from ....layers import RNN, Bidirectional, Layer, StackedRNNCells, TimeDistributed
from ....models import Model, Sequential
from ....optimizers import Optimizer
from ....variables import Variable
from ..weights import optimizer_state
from ..weights.groups import cell_name

_BACKWARD = "backward_"  #: prefix of the name of Bidirectional's second layer


def paths(layer: Layer | Model) -> dict[int, str]:
    """Return identity -> path in Keras of a layer's variables: ``bidirectional/forward_lstm/lstm_cell/kernel``."""
    return {id(variable): path for path, variable in _paths(layer.name, layer)}


def _paths(path: str, layer: Layer | Model) -> Iterator[tuple[str, Variable]]:
    inner: Sequence[Layer] = ()
    cell = None if isinstance(layer, Model) else cell_name(layer)
    if isinstance(layer, Model):
        inner, path = layer.layers, path if isinstance(layer, Sequential) else ""
    elif cell is not None:
        path = f"{path}/{cell}"
    elif isinstance(layer, Bidirectional):
        inner = (layer.forward_layer, layer.backward_layer)
    elif isinstance(layer, RNN):
        inner = (layer.cell,)
    elif isinstance(layer, StackedRNNCells):
        inner = layer.cells
    elif isinstance(layer, TimeDistributed):
        inner = (layer.layer,)
    for inner_layer in inner:
        yield from _paths(f"{path}/{inner_layer.name}" if path else inner_layer.name, inner_layer)
    if not inner:
        yield from ((f"{path}/{variable.name}", variable) for variable in layer.variables)


def check_layers(model_names: Sequence[str], file_names: Sequence[str], *, whole: bool) -> None:
    """Refuse layer names that are not those of the model in its order.

    Parameters
    ----------
    model_names, file_names : sequence of str
        Names of the layers that have weights, equally many.
    whole : bool
        Whether the file has the model's configuration, and so its names; another model may have other names.

    Raises
    ------
    FileFormatError
        For the model's names in another order, and in a whole file for any other names.
    """
    differs = whole and list(file_names) != list(model_names)
    if differs or _is_reordered(model_names, file_names):
        index = next(index for index, pair in enumerate(zip(model_names, file_names, strict=True)) if pair[0] != pair[1])
        raise FileFormatError(
            f"its layer_names have {file_names[index]!r:.100} where the model has {model_names[index]!r:.100}: "
            "weights would go to the wrong layers. Save the file again."
        )


def check_weights(layer: Layer, variables: Sequence[Variable], file_names: Sequence[str]) -> None:
    """Refuse weight names in another order than those of the layer.

    Raises
    ------
    FileFormatError
        If names or their last parts are those of the layer in another order.
    """
    if len(variables) != len(file_names):
        return  # the error about shapes says what is wrong
    path_of = paths(layer)
    expected = [path_of.get(id(variable), variable.path) for variable in variables]
    for key in _KEYS:
        if _is_reordered([key(name) for name in expected], [key(name) for name in file_names]):
            raise FileFormatError(
                f"its weight_names of {layer.name!r:.100} are in another order than the model's weights: "
                "they would be taken for each other. Save the file again."
            )


def model_paths(model: Model) -> dict[int, str]:
    """Return identity -> path of a model's variables: ``model/bidirectional/forward_lstm/lstm_cell/kernel``.

    Paths in a functional model begin with the name of the layer.
    """
    return paths(model)


def slot_names(model: Model, optimizer: Optimizer, variables: Sequence[Variable]) -> list[str]:
    """Return Keras's names of an optimizer's state: ``iteration``, ``model_lstm_lstm_cell_kernel_momentum``."""
    path_of = model_paths(model)
    return optimizer_state.names(optimizer, [path_of[id(variable)].replace("/", "_") for variable in variables])


def check_slots(model: Model, optimizer: Optimizer, file_names: Sequence[str]) -> None:
    """Refuse names of an optimizer's state in another order than the model's weights.

    Raises
    ------
    FileFormatError
        In that case.
    """
    expected = slot_names(model, optimizer, model.trainable_weights)
    model_names = set(expected)
    actual = [name for name in map(_below_model, file_names) if name in model_names]
    # Keras does not name the last array of Nadam.
    if _is_reordered(expected, actual) or _is_reordered(expected[:-1], actual):
        raise FileFormatError(
            "its optimizer's weight_names are in another order than the model's weights. Save the file again."
        )


def _below_model(name: str) -> str:
    """A path without the name of the model, with which Keras 3 begins it."""
    return name.partition("/")[2]


def _last_part(name: str) -> tuple[str, bool]:
    """The name of a weight without its suffix, ``kernel`` for ``kernel:0``, and whether it is of the backward direction."""
    *parents, last = name.split("/")
    return last.partition(":")[0], any(part.startswith(_BACKWARD) for part in parents)


_KEYS: tuple[Callable[[str], Any], ...] = (str, _below_model, _last_part)


def _is_reordered(expected: Sequence[Any], actual: Sequence[Any]) -> bool:
    return list(expected) != list(actual) and Counter(expected) == Counter(actual)


def check_unique(names: Sequence[str], what: str) -> None:
    """Raise FileFormatError for a name that occurs twice."""
    duplicate = next((name for name, count in Counter(names).items() if count > 1), None)
    if duplicate is not None:
        raise FileFormatError(f"its {what} have {duplicate!r:.100} twice.")
