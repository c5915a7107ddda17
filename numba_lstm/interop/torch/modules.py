"""``torch.nn.LSTM`` and ``torch.nn.Linear`` as models."""

from __future__ import annotations

import os

import numpy as np

from ... import gates, initializers
from ...layers import LSTM, Bidirectional, Dense, Input, Layer
from ...models.sequential import Sequential
from . import names, reading
from .names import Array
from .reading import Arrays, StateDict
from .states import directions


def lstm(source: StateDict | str | os.PathLike[str], prefix: str = "", *, return_sequences: bool = True) -> Sequential:
    """The model that computes what a ``torch.nn.LSTM`` with these weights computes, for ``batch_first=True``.

    Layers, directions, biases and ``proj_size`` are read off the names and shapes. PyTorch's two biases become their sum.

    Parameters
    ----------
    source : state_dict, path
        ``module.state_dict()``, or a dict of arrays with its names; a ``.safetensors`` file; or a ``.pt`` file of
        ``torch.save``, of which tensors are read and nothing else: no code in it is executed.
    prefix : str
        What the names of the LSTM's weights begin with, ``"encoder.lstm."``; in a file of dicts within dicts, keys are joined
        by dots.
    return_sequences : bool
        Answer the last layer's outputs at all steps, (N, T, P), as PyTorch's ``output``; else the last states, (N, P), those of
        both directions side by side.

    Returns
    -------
    Sequential
        One :class:`~numba_lstm.layers.LSTM`, or :class:`~numba_lstm.layers.Bidirectional` of one, a layer. It is float64 where
        a weight is, else float32.

    Raises
    ------
    ValueError
        For weights that are missing, of wrong shapes, or no LSTM's; as FileFormatError for whatever is wrong with a file.
    FileNotFoundError
        If there is no such file.
    """
    with reading.blaming(source):
        arrays = reading.read(source, prefix, names.name("weight_ih", 0, False))
        stack = names.cells(arrays)
    base = _stem(prefix, "lstm")
    first = stack[0][0]
    layers: list[Layer] = [Input((None, first.weight_ih.shape[1]))]
    for index, cells in enumerate(stack):
        layer = LSTM(
            first.weight_hh.shape[0] // gates.COUNT,
            use_bias=first.bias_ih is not None,
            projection=None if first.weight_hr is None else first.weight_hr.shape[0],
            return_sequences=return_sequences or index < len(stack) - 1,
            name=f"{base}_l{index}",
        )
        layers.append(layer if len(cells) == 1 else Bidirectional(layer, name=f"{base}_l{index}"))
    model = _made(layers, base, arrays)
    for made, cells in zip(model.layers, stack, strict=True):
        for own, cell in zip(directions(made), cells, strict=True):
            own.kernel.assign(cell.weight_ih.T)
            own.recurrent_kernel.assign(cell.weight_hh.T)
            if cell.bias_ih is not None:
                with np.errstate(invalid="ignore", over="ignore"):  # of infinite biases NaN is the sum
                    own.bias.assign(cell.bias_ih + cell.bias_hh)
            if cell.weight_hr is not None:
                own.cell_weights.projection.assign(cell.weight_hr.T)
    return model


def linear(source: StateDict | str | os.PathLike[str], prefix: str = "") -> Sequential:
    """The model that computes what a ``torch.nn.Linear`` with these weights computes.

    Parameters
    ----------
    source, prefix
        As :func:`lstm`'s.

    Returns
    -------
    Sequential
        One :class:`~numba_lstm.layers.Dense`, for inputs (N, D). ``Sequential([*lstm(...).layers, *linear(...).layers])`` puts
        it behind an LSTM.

    Raises
    ------
    ValueError, FileNotFoundError
        As :func:`lstm`.
    """
    with reading.blaming(source):
        arrays = reading.read(source, prefix, "weight")
        weight, bias = _check_linear(arrays)
    C, D = weight.shape
    base = _stem(prefix, "linear")
    model = _made([Input((D,)), Dense(C, use_bias=bias is not None, name=base)], base, arrays)
    model.set_weights([weight.T] if bias is None else [weight.T, bias])
    return model


def _check_linear(arrays: Arrays) -> tuple[Array, Array | None]:
    """Weight and bias of a ``Linear``; ValueError for anything else."""
    for key in sorted(arrays.keys() - {"weight", "bias"}):
        raise ValueError(f"{key!r:.100} is no weight of a Linear. Give a prefix that only its names begin with.")
    weight, bias = arrays["weight"], arrays.get("bias")
    if weight.ndim != 2 or weight.size == 0:
        raise ValueError(f"weight has shape {weight.shape}; a Linear's is a matrix (outputs, inputs).")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"bias has shape {bias.shape}, expected {weight.shape[:1]}.")
    return weight, bias


def _stem(prefix: str, kind: str) -> str:
    """A name for layers, from what their weights' names began with."""
    return prefix.strip(".").replace(".", "_").replace("/", "_")[:80] or kind


def _made(layers: list[Layer], name: str, arrays: Arrays) -> Sequential:
    dtype = "float64" if any(array.dtype == np.float64 for array in arrays.values()) else "float32"
    with initializers.skipped():
        return Sequential(layers, name=name, dtype=dtype)
