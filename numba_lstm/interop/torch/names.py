"""Parse the names and shapes of the weights of a ``torch.nn.LSTM``, ``nn.GRU`` or ``nn.RNN``.

For layer k: ``weight_ih_l<k>`` (4H, D), ``weight_hh_l<k>`` (4H, P), ``bias_ih_l<k>`` and ``bias_hh_l<k>`` (4H,), with
``proj_size`` ``weight_hr_l<k>`` (P, H), and the same with ``_reverse`` behind for the other direction. The blocks
of rows have the order i, f, g, o, as in :mod:`numba_lstm.gates`. A GRU has 3H rows, of r, z and n, and an RNN has H.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy.typing as npt

from ...gates import COUNT

Array = npt.NDArray[Any]

MAX_LAYERS = 256
KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
_NAME = re.compile(rf"({'|'.join(KINDS)})_l(0|[1-9][0-9]{{0,3}})(_reverse)?")  # one name a weight: not l00, nor other digits
_GATES = {1: "an RNN", 3: "a GRU", COUNT: "an LSTM"}
_READERS = {1: "rnn", 3: "gru", COUNT: "lstm"}  #: functions of this package, by the number of gates


class Cell(NamedTuple):
    """Weights of one direction of one layer, in the layout of PyTorch."""

    weight_ih: Array
    weight_hh: Array
    bias_ih: Array | None = None
    bias_hh: Array | None = None
    weight_hr: Array | None = None


def name(kind: str, layer: int, reverse: bool) -> str:
    """Return PyTorch's name of a weight."""
    return f"{kind}_l{layer}" + ("_reverse" if reverse else "")


def check_not_cell(kinds: Collection[str], prefix: str = "") -> None:
    """Raise ValueError for the weights of an ``nn.LSTMCell``, ``nn.GRUCell`` or ``nn.RNNCell``."""
    if {"weight_ih", "weight_hh"} <= set(kinds):
        where = f" (prefix {prefix!r:.100})" if prefix else ""
        raise ValueError(
            f"its weight_ih and weight_hh{where} are those of a module for one step, as nn.LSTMCell; an nn.LSTM's end in _l0. "
            "An LSTMCell that takes steps in turn is an nn.LSTM: give {f'{name}_l0': value for name, value in state.items()}."
        )


def cells(arrays: Mapping[str, Array], gates: int = COUNT) -> list[tuple[Cell, ...]]:
    """Group weights of a module with ``gates`` gates into the cells of each layer: one, or one for each direction.

    Raises
    ------
    ValueError
        For a weight that is missing, has a wrong shape, or does not belong to such a module.
    """
    kind = _GATES[gates]
    weights: dict[tuple[int, bool], dict[str, Array]] = {}
    for key, array in arrays.items():
        match = _NAME.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r:.100} is no weight of {kind}. Give a prefix that only the {kind[3:]}'s names begin with.")
        weights.setdefault((int(match[2]), match[3] is not None), {})[match[1]] = array
    layers = 1 + max(layer for layer, _ in weights)
    if layers > MAX_LAYERS:
        raise ValueError(f"it has {layers} layers; up to {MAX_LAYERS} are read.")
    directions = (False, True) if (0, True) in weights else (False,)
    first_kinds = set(weights.get((0, False), ()))
    expected = {(layer, reverse): first_kinds for layer in range(layers) for reverse in directions}
    _check_complete(expected, weights)
    stack = [tuple(Cell(**weights[layer, reverse]) for reverse in directions) for layer in range(layers)]
    features = None
    for layer, layer_cells in enumerate(stack):
        for reverse, cell in zip(directions, layer_cells, strict=True):
            _check_shapes(cell, (layer, reverse), stack[0][0], features, gates)
            features = features or cell.weight_ih.shape[1]
        features = sum(cell.weight_hh.shape[1] for cell in layer_cells)
    return stack


def _check_complete(expected: dict[tuple[int, bool], set[str]], weights: dict[tuple[int, bool], dict[str, Array]]) -> None:
    """Check that every layer and direction has the same weights as the first one, and that they suffice for an LSTM."""
    for position, first_kinds in expected.items():
        kinds = set(weights.get(position, ()))
        missing = (first_kinds | {"weight_ih", "weight_hh"}) - kinds
        if len(first_kinds & {"bias_ih", "bias_hh"}) == 1:
            missing |= {"bias_ih", "bias_hh"} - kinds
        for kind in sorted(missing):
            raise ValueError(f"{name(kind, *position)!r} is missing.")
        for kind in sorted(kinds - first_kinds):
            raise ValueError(
                f"there is {name(kind, *position)!r}, but no {name(kind, 0, False)!r}: layers of one LSTM are alike."
            )
    for position in sorted(weights.keys() - expected.keys()):
        raise ValueError(f"there is {name('weight_ih', *position)!r}, but none of its kind in the first layer.")


def _check_shapes(cell: Cell, position: tuple[int, bool], first: Cell, features: int | None, gates: int) -> None:
    """Check the shapes, which follow from those of ``first``, the first cell, and from the number of input ``features``."""
    if first.weight_ih.ndim != 2 or first.weight_hh.ndim != 2:
        raise ValueError("weight_ih_l0 and weight_hh_l0 must be matrices.")
    rows, P = first.weight_hh.shape
    H = P if first.weight_hr is None else (first.weight_hr.shape[1] if first.weight_hr.ndim == 2 else 0)
    if H == 0 or rows != gates * H or (first.weight_hr is not None and gates != COUNT):
        other = rows // P if first.weight_hr is None and P and rows % P == 0 else 0
        hint = f" That is {_GATES[other]}: read it with {_READERS[other]}." if other in _GATES else ""
        many = f"{gates} rows" if gates > 1 else "one row"
        raise ValueError(f"weight_hh_l0 has shape {first.weight_hh.shape}; that of {_GATES[gates]} has {many} a unit.{hint}")
    D = first.weight_ih.shape[1] if features is None else features
    expected = {"weight_ih": (rows, D), "weight_hh": (rows, P), "bias_ih": (rows,), "bias_hh": (rows,), "weight_hr": (P, H)}
    for kind, array in cell._asdict().items():
        if array is not None and (array.shape != expected[kind] or array.size == 0):
            raise ValueError(f"{name(kind, *position)} has shape {array.shape}, expected {expected[kind]}.")
