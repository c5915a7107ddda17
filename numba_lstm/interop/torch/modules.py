"""Convert weights of ``torch.nn.LSTM`` and ``torch.nn.Linear`` to models; :mod:`.gru_modules` has the others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from ... import gates, initializers
from ...layers import LSTM, Bidirectional, Dense, Input, Layer
from ...models.sequential import Sequential
from . import names, reading
from .names import Array
from .reading import Arrays, StateDict
from .state_dict import directions
from .weights import load_weights


def lstm(source: StateDict | str | os.PathLike[str], prefix: str = "", *, return_sequences: bool = True) -> Sequential:
    """Make the model that computes what a ``torch.nn.LSTM`` with these weights computes, for ``batch_first=True``.

    Names and shapes say the layers, directions, biases and ``proj_size``. The bias is the sum of PyTorch's two biases.

    Parameters
    ----------
    source : state_dict, path
        ``module.state_dict()``, or a dict of arrays with its names; a ``.safetensors`` file; or a ``.pt`` file of
        ``torch.save``, of which tensors are read and nothing else: no code in it is executed.
    prefix : str
        Prefix of the names of the LSTM's weights: ``"encoder.lstm."``. Keys of nested dicts in a file are joined by dots.
    return_sequences : bool
        Whether the model returns the last layer's outputs at all steps, (N, T, P), as PyTorch's ``output``, or the last states,
        (N, P). For two directions, (N, 2 P), these are ``h_n`` of the last layer, forward then backward, and not
        ``output[:, -1]``, where the backward half has seen one step only.

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
    with reading.errors_name_file(source):
        arrays = reading.read(source, prefix, names.name("weight_ih", 0, False))
        stack = names.cells(arrays)
    return _lstm(stack, stem(prefix, "lstm"), weights_dtype(arrays), return_sequences)


def _lstm(stack: Sequence[tuple[names.Cell, ...]], base: str, dtype: str, return_sequences: bool) -> Sequential:
    """Make the model of an ``nn.LSTM`` with these cells, one tuple per layer."""
    first = stack[0][0]
    layers: list[Any] = [Input((None, first.weight_ih.shape[1]))]
    for index, cells in enumerate(stack):
        layer = LSTM(
            first.weight_hh.shape[0] // gates.COUNT,
            use_bias=first.bias_ih is not None,
            projection=None if first.weight_hr is None else first.weight_hr.shape[0],
            return_sequences=return_sequences or index < len(stack) - 1,
            name=f"{base}_l{index}",
        )
        layers.append(layer if len(cells) == 1 else Bidirectional(layer, name=f"{base}_l{index}"))
    model = make_model(layers, base, dtype)
    for model_layer, cells in zip(model.layers, stack, strict=True):
        for direction, cell in zip(directions(model_layer), cells, strict=True):
            direction.kernel.assign(cell.weight_ih.T)
            direction.recurrent_kernel.assign(cell.weight_hh.T)
            if cell.bias_ih is not None:
                with np.errstate(invalid="ignore", over="ignore"):  # the sum of infinite biases is NaN
                    direction.bias.assign(cell.bias_ih + cell.bias_hh)
            if cell.weight_hr is not None:
                direction.cell_weights.projection.assign(cell.weight_hr.T)
    return model


def linear(source: StateDict | str | os.PathLike[str], prefix: str = "") -> Sequential:
    """Make the model that computes what a ``torch.nn.Linear`` with these weights computes.

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
    with reading.errors_name_file(source):
        arrays = reading.read(source, prefix, "weight")
        weight, bias = _check_linear(arrays)
    return _linear(weight, bias, stem(prefix, "linear"), weights_dtype(arrays))


def _linear(weight: Array, bias: Array | None, base: str, dtype: str) -> Sequential:
    """Make the model of an ``nn.Linear`` with these weights."""
    C, D = weight.shape
    model = make_model([Input((D,)), Dense(C, use_bias=bias is not None, name=base)], base, dtype)
    model.set_weights([weight.T] if bias is None else [weight.T, bias])
    return model


@overload
def load_model(
    source: StateDict | str | os.PathLike[str], layers: None = None, *, return_sequences: bool = True
) -> Sequential: ...


@overload
def load_model(source: StateDict | str | os.PathLike[str], layers: Mapping[str, Layer | Sequence[Layer]]) -> None: ...


def load_model(
    source: StateDict | str | os.PathLike[str],
    layers: Mapping[str, Layer | Sequence[Layer]] | None = None,
    *,
    return_sequences: bool = True,
) -> Sequential | None:
    """Make the model of all weights in a file: an ``nn.LSTM``, an ``nn.Linear``, or the one followed by the other.

    The weights of any other module go to the ``layers`` of a model that is made for them.

    Parameters
    ----------
    source : state_dict, path
        As :func:`lstm`'s.
    layers : dict, optional
        Names of submodules, as ``"rnn"``, -> the built layers that take their weights: see :func:`load_weights`. Nothing is
        returned then.
    return_sequences : bool
        As :func:`lstm`'s: whether the LSTM returns the outputs at all steps, or the last states alone. Weights do not say.

    Raises
    ------
    ValueError, FileNotFoundError
        As :func:`lstm`; and for other weights beside these, since a file does not say what is computed with them.
    """
    if layers is not None:
        load_weights(source, layers)
        return None
    with reading.errors_name_file(source):
        arrays = reading.read_all(source)
        (lstm_name, lstm_arrays), (linear_name, linear_arrays) = _find_modules(arrays)
        stack = names.cells(lstm_arrays) if lstm_arrays else []
        head = _check_linear(linear_arrays) if linear_arrays else None
        width = sum(cell.weight_hh.shape[1] for cell in stack[-1]) if stack else None
        if head is not None and width not in (None, head[0].shape[1]):
            raise ValueError(
                f"its Linear {linear_name!r:.100} takes {head[0].shape[1]} features, and its LSTM returns {width}."
            )
    dtype = weights_dtype(arrays)
    models = [_lstm(stack, stem(lstm_name, "lstm"), dtype, return_sequences)] if stack else []
    models += [_linear(*head, stem(linear_name, "linear"), dtype)] if head is not None else []
    if len(models) == 1:
        return models[0]
    joined = [layer for model in models for layer in model.layers]
    return Sequential([Input((None, stack[0][0].weight_ih.shape[1])), *joined], dtype=dtype)


def _find_modules(arrays: Arrays) -> list[tuple[str, Arrays]]:
    """Find an LSTM and a Linear: the name and the weights of each, {} for a missing one."""
    modules: dict[str, Arrays] = {}
    for name, array in arrays.items():
        module, _, weight = name.rpartition(".")
        modules.setdefault(module, {})[weight] = array
    for module, weights in modules.items():
        names.check_not_cell(weights, module)
    lstms = [module for module, weights in modules.items() if names.name("weight_ih", 0, False) in weights]
    linears = [module for module in modules if module not in lstms]
    for candidates, kind in ((lstms, "LSTM"), (linears, "Linear")):
        if len(candidates) > 1:
            shown = ", ".join(map(repr, candidates[:9]))
            raise ValueError(
                f"it has weights of {len(candidates)} modules, {shown:.200}, where one {kind} was expected. "
                "Read them one by one, by prefix: numba_lstm.interop.torch.lstm and .linear."
            )
    if not modules:
        raise ValueError("it holds no weights.")
    return [(module[0], modules[module[0]]) if module else ("", {}) for module in (lstms, linears)]


def _check_linear(arrays: Arrays) -> tuple[Array, Array | None]:
    """Return weight and bias of a ``Linear``; ValueError for anything else."""
    for key in sorted(arrays.keys() - {"weight", "bias"}):
        raise ValueError(f"{key!r:.100} is no weight of a Linear. Give a prefix that only its names begin with.")
    weight, bias = arrays["weight"], arrays.get("bias")
    if weight.ndim != 2 or weight.size == 0:
        raise ValueError(f"weight has shape {weight.shape}; a Linear's is a matrix (outputs, inputs).")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"bias has shape {bias.shape}, expected {weight.shape[:1]}.")
    return weight, bias


def stem(prefix: str, kind: str) -> str:
    """Make a name for layers from the prefix of their weights' names."""
    return prefix.strip(".").replace(".", "_").replace("/", "_")[:80] or kind


def weights_dtype(arrays: Arrays) -> str:
    """Return the widest dtype of weights."""
    return "float64" if any(array.dtype == np.float64 for array in arrays.values()) else "float32"


def make_model(layers: list[Any], name: str, dtype: str) -> Sequential:
    """Make a model whose weights are assigned later."""
    with initializers.skip_initialization():
        return Sequential(layers, name=name, dtype=dtype)
