"""Assign the weights of a whole PyTorch module to layers, by the names of its submodules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...files.message_lists import join_names
from ...layers import GRU, LSTM, BatchNormalization, Dense, Embedding, Layer, LayerNormalization, SimpleRNN
from ...variables import Variable
from . import names, reading
from .reading import Arrays, StateDict
from .state_dict import directions, reordered

Pairs = list[tuple[str, Variable, npt.NDArray[Any]]]  #: the name of a weight in PyTorch, and the variable that takes its values

_COUNTER = "num_batches_tracked"  #: of a BatchNorm, which needs it for averages without momentum only
#: Recurrent layers -> the number of their gates.
_GATES: dict[type[Layer], int] = {LSTM: 4, GRU: 3, SimpleRNN: 1}
#: Classes of layers -> the names of their weights in PyTorch, and here.
_WEIGHTS: dict[type[Layer], tuple[tuple[str, str], ...]] = {
    Dense: (("weight", "kernel"), ("bias", "bias")),
    Embedding: (("weight", "embeddings"),),
    LayerNormalization: (("weight", "gamma"), ("bias", "beta")),
    BatchNormalization: (
        *(("weight", "gamma"), ("bias", "beta")),
        *(("running_mean", "moving_mean"), ("running_var", "moving_variance")),
    ),
}


def load_weights(source: StateDict | str | os.PathLike[str], layers: Mapping[str, Layer | Sequence[Layer]]) -> None:
    """Assign the weights of a PyTorch module to built layers.

    Parameters
    ----------
    source : state_dict, path
        As that of :func:`~numba_lstm.interop.torch.lstm`.
    layers : dict
        The name of a submodule, as ``"rnn"`` or ``"encoder.head"`` -> its layer. An ``nn.LSTM`` of several layers has a list of
        them. :class:`~numba_lstm.layers.LSTM` and :class:`~numba_lstm.layers.Bidirectional` of one take ``nn.LSTM``,
        :class:`~numba_lstm.layers.GRU` and :class:`~numba_lstm.layers.SimpleRNN` take ``nn.GRU`` and ``nn.RNN``,
        :class:`~numba_lstm.layers.Dense` takes ``nn.Linear``; Embedding, LayerNormalization and BatchNormalization take what is
        called the same there.

    Raises
    ------
    TypeError
        For a layer of another class.
    ValueError
        For layers that are not built, for weights that are missing, left over, or of another shape, by their names, and for a
        file as :func:`~numba_lstm.interop.torch.lstm`; nothing is changed then.
    FileNotFoundError
        If there is no such file.

    Notes
    -----
    Weights do not say what is computed with them: the eps of a normalization, activations, and padding are the layer's.
    """
    for prefix, given in layers.items():
        for layer in _as_list(given):
            _check_layer(prefix, layer)
    with reading.errors_name_file(source):
        arrays = _read(source)
        pairs: Pairs = []
        for prefix, given in layers.items():
            start = f"{prefix}." if prefix else ""
            module = {name.removeprefix(start): arrays.pop(name) for name in list(arrays) if name.startswith(start)}
            pairs += [(start + name, variable, array) for name, variable, array in _pairs(prefix, _as_list(given), module)]
        if arrays:
            raise ValueError(f"its weights {join_names(arrays)} belong to no layer that was given. Name their modules.")
        for name, variable, array in pairs:
            if array.shape != variable.shape:
                raise ValueError(f"{name!r:.100} fits {array.shape}, but {variable.path} has shape {variable.shape}.")
    for _, variable, array in pairs:
        variable.assign(array)


def _as_list(given: Layer | Sequence[Layer]) -> list[Layer]:
    return list(given) if isinstance(given, (list, tuple)) else [given]  # type: ignore[list-item]


def _check_layer(prefix: str, layer: Any) -> None:
    if not isinstance(layer, Layer) or not (type(layer) in _WEIGHTS or all(_gates(one) for one in directions(layer))):
        classes: tuple[type[Layer], ...] = (GRU, SimpleRNN, *_WEIGHTS)
        kinds = ", ".join(cls.__name__ for cls in classes)
        raise TypeError(f"{prefix!r} must be an LSTM, a Bidirectional of one, or one of {kinds}, got {layer!r:.100}.")
    if any(isinstance(one, GRU) and not one.reset_after for one in directions(layer)):
        raise ValueError(f"{layer.name} has reset_after=False, and an nn.GRU resets after the product. Make it with True.")
    if not layer.built:
        raise ValueError(f"{layer.name} is not built yet. Call the model on data, or add an Input.")


def _gates(layer: Any) -> int | None:
    """Return the number of gates of a recurrent layer of one direction; None for another layer."""
    return next((count for cls, count in _GATES.items() if isinstance(layer, cls)), None)


def _read(source: StateDict | str | os.PathLike[str]) -> Arrays:
    with reading.open_tensors(source) as content:
        wanted = [name for name in content.names if name.rpartition(".")[2] != _COUNTER]
        return {name: reading.check_floating(name, content.read(name)) for name in wanted}


def _pairs(prefix: str, layers: list[Layer], arrays: Arrays) -> Pairs:
    """Return the weights of a submodule with the variables of its layers; ValueError if one has no counterpart."""
    if type(layers[0]) in _WEIGHTS:
        expected = {name: getattr(layers[0], attribute) for name, attribute in _WEIGHTS[type(layers[0])]}
        expected = {name: variable for name, variable in expected.items() if variable is not None}
        _check_names(prefix, layers[0].name, expected, arrays)
        transposed = isinstance(layers[0], Dense)
        return [(name, variable, arrays[name].T if transposed else arrays[name]) for name, variable in expected.items()]
    if not arrays:
        raise ValueError(f"it has no weights of {prefix!r:.100}.")
    gates = _gates(directions(layers[0])[0])
    assert gates is not None
    stack = names.cells(arrays, gates)
    if len(stack) != len(layers):
        raise ValueError(f"its {prefix!r:.100} has {len(stack)} layers, got {len(layers)}. Give a list with one for each.")
    return [
        pair for index, (layer, cells) in enumerate(zip(layers, stack, strict=True)) for pair in _recurrent(layer, index, cells)
    ]


def _recurrent(layer: Layer, index: int, cells: tuple[names.Cell, ...]) -> Iterator[tuple[str, Variable, npt.NDArray[Any]]]:
    """Yield the weights of a layer of an ``nn.LSTM``, an ``nn.GRU`` or an ``nn.RNN``."""
    if len(cells) != len(directions(layer)):
        raise ValueError(f"{layer.name} has {len(directions(layer))} directions, and layer {index} of the file {len(cells)}.")
    for reverse, (direction, cell) in enumerate(zip(directions(layer), cells, strict=True)):
        variables = [variable for variable in direction.cell_weights if variable is not None]
        order: Any = reordered if isinstance(direction, GRU) else np.asarray
        found: list[tuple[str, Variable | None, Any]] = [
            ("weight_ih", direction.kernel, order(cell.weight_ih.T)),
            ("weight_hh", direction.recurrent_kernel, order(cell.weight_hh.T)),
        ]
        if cell.bias_ih is not None and cell.bias_hh is not None:
            with np.errstate(invalid="ignore", over="ignore"):  # the sum of infinite biases is NaN
                bias = cell.bias_ih + cell.bias_hh
            if isinstance(direction, GRU):
                bias = order(np.stack([cell.bias_ih, cell.bias_hh]))
            found.append(("bias_ih", direction.bias, bias))
        if cell.weight_hr is not None:
            found.append(("weight_hr", direction.cell_weights.projection, cell.weight_hr.T))
        taken = {id(variable) for _, variable, _ in found}
        if missing := [variable.path for variable in variables if id(variable) not in taken]:
            raise ValueError(f"it has no {join_names(missing)}, which {layer.name} has.")
        for kind, variable, array in found:
            name = names.name(kind, index, bool(reverse))
            if variable is None:
                raise ValueError(f"{name!r} has no counterpart in {layer.name}. Make the layer with it, or leave it out.")
            yield name, variable, array


def _check_names(prefix: str, layer: str, expected: Mapping[str, Variable], arrays: Arrays) -> None:
    if missing := expected.keys() - arrays.keys():
        raise ValueError(f"it has no {join_names(missing)} of {prefix!r:.100}, which {layer} has.")
    if others := arrays.keys() - expected.keys():
        raise ValueError(f"its {join_names(others)} of {prefix!r:.100} have no counterpart in {layer}.")
