"""Table of ``model.summary()``: one row per layer, the totals, the device."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

from ..console import tables
from ..layers import Layer
from ..objects.serialization import nearest
from ..variables import Variable
from .trainable_model import TrainableModel

_COLUMNS = ("Layer (type)", "Output Shape", "Param #")
#: Where columns end, as shares of a line
_POSITIONS = {3: (0.45, 0.80, 1.0), 4: (0.38, 0.64, 0.83, 1.0), 5: (0.30, 0.52, 0.66, 0.88, 1.0)}
_NARROWEST = 5  #: columns of a terminal that a column of the table takes at least: borders, padding, a letter


def print_summary(
    model: TrainableModel,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the layers of ``model``; the parameters are those of :meth:`numba_lstm.Model.summary`."""
    connected = not model.execution.is_chain
    widest = 88 + 12 * show_trainable + 12 * connected
    width = line_length or max(40, min(widest, shutil.get_terminal_size().columns - 4))
    out = sys.stdout if print_fn is None else None
    headers = (*_COLUMNS, *(("Connected to",) if connected else ()), *(("Trainable",) if show_trainable else ()))
    rows = [
        row
        for index, layer in _selected(model.layers, layer_range)
        for row in _rows(model, index, layer, headers, expand_nested, "")
    ]
    table = _table(headers, rows, width, positions, out)
    for line in [f'Model: "{model.name}"', *table, *_totals(model), f" Device: {_device(model)}"]:
        (print_fn or print)(line)


def _table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], width: int, positions: Sequence[float] | None, out: TextIO | None
) -> list[str]:
    inner = [size - 3 for size in _widths(width, positions or _POSITIONS[len(headers)], len(headers))]
    inner[1] -= 1  # each column has a border and two spaces, and there is one border more
    return tables.draw(headers, rows, right=("Param #",), widths=inner, out=out)


def _rows(
    model: TrainableModel, index: int, layer: Any, headers: Sequence[str], expand_nested: bool, indent: str
) -> Iterator[list[str]]:
    """Yield the row of a layer, and with ``expand_nested`` those of the layers of a model inside."""
    cells = [f"{indent}{layer.name} ({type(layer).__name__})", model.layer_shape(index), _count(layer)]
    if "Connected to" in headers:
        cells.append(", ".join(model.connections(layer)) or "-")
    if "Trainable" in headers:
        cells.append(("Y" if layer.trainable else "N") if layer.variables else "-")
    yield cells
    if expand_nested and isinstance(layer, TrainableModel):
        for place, inner in enumerate(layer.layers):
            yield from _rows(layer, place, inner, headers, expand_nested, f"{indent}  ")


def _widths(width: int, positions: Sequence[float], count: int) -> list[int]:
    """Return the widths of ``count`` columns that end at ``positions``, in letters or as shares of ``width``."""
    if len(positions) != count:
        raise ValueError(f"positions must hold the ends of {count} columns, got {tuple(positions)}.")
    ends = [int(p * width) if positions[-1] <= 1 else int(p) for p in positions]
    widths = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    if min(widths) < _NARROWEST:
        raise ValueError(f"columns of {widths} letters are too narrow for a summary. Give a larger line_length.")
    return widths


def _selected(layers: Sequence[Layer], layer_range: Sequence[str] | None) -> list[tuple[int, Layer]]:
    """Return layers with their indices, from the first match of one pattern to the last match of the other."""
    numbered = list(enumerate(layers))
    if layer_range is None:
        return numbered
    if isinstance(layer_range, str) or len(layer_range) != 2:
        raise ValueError(f"layer_range must be two names or patterns, first and last, got {layer_range!r}.")
    matches = [[i for i, layer in numbered if re.match(pattern, layer.name)] for pattern in layer_range]
    for pattern, found in zip(layer_range, matches, strict=True):
        if not found:
            raise ValueError(f"no layer matches {pattern!r}{nearest(pattern, [layer.name for layer in layers])}")
    return numbered[min(matches[0]) : max(matches[1]) + 1]


def _count(layer: Layer) -> str:
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _totals(model: TrainableModel) -> list[str]:
    optimizer = model.optimizer
    slots = [slot for weight_slots in optimizer.slots_by_weight() for slot in weight_slots] if optimizer is not None else []
    kinds = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    if slots:
        kinds["Optimizer"] = slots
    everything = [variable for variables in kinds.values() for variable in variables]
    return [_total(kind, variables) for kind, variables in {"Total": everything, **kinds}.items()]


def _device(model: TrainableModel) -> str:
    device, why = model.device_choice
    return f"{device} ({why})" if why else device


def _total(kind: str, variables: Iterable[Variable]) -> str:
    values = [variable.value for variable in variables]
    size = sum(value.size for value in values)
    return f" {kind} params: {size:,} ({memory(sum(value.nbytes for value in values))})"


def memory(size: float) -> str:
    """Return a number of bytes as text: ``41804 -> "40.82 KB"``."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"
