"""Convert weights of ``torch.nn.GRU`` and ``torch.nn.RNN`` to models."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np

from ...layers import GRU, Bidirectional, Input, SimpleRNN
from ...models.sequential import Sequential
from ...objects import serialization
from . import names, reading
from .modules import make_model, stem, weights_dtype
from .reading import StateDict
from .state_dict import directions, reordered


def gru(source: StateDict | str | os.PathLike[str], prefix: str = "", *, return_sequences: bool = True) -> Sequential:
    """Make the model that computes what a ``torch.nn.GRU`` with these weights computes, for ``batch_first=True``.

    The layers are :class:`~numba_lstm.layers.GRU`, whose gates are z, r and g where PyTorch has r, z and n.

    Parameters
    ----------
    source, prefix, return_sequences
        As :func:`.modules.lstm`'s.

    Raises
    ------
    ValueError, FileNotFoundError
        As :func:`.modules.lstm`.
    """
    return _recurrent(source, prefix, partial(GRU, return_sequences=return_sequences), 3)


def rnn(
    source: StateDict | str | os.PathLike[str], prefix: str = "", *, nonlinearity: str = "tanh", return_sequences: bool = True
) -> Sequential:
    """Make the model that computes what a ``torch.nn.RNN`` with these weights computes, for ``batch_first=True``.

    Parameters
    ----------
    source, prefix, return_sequences
        As :func:`.modules.lstm`'s.
    nonlinearity : "tanh" or "relu"
        Of the module, which weights do not say.

    Raises
    ------
    ValueError, FileNotFoundError
        As :func:`.modules.lstm`.
    """
    activation = serialization.choose(nonlinearity, ("tanh", "relu"), "nonlinearity")
    return _recurrent(source, prefix, partial(SimpleRNN, activation=activation, return_sequences=return_sequences), 1)


def _recurrent(source: StateDict | str | os.PathLike[str], prefix: str, make: Any, num_gates: int) -> Sequential:
    """Make the model of an ``nn.GRU`` or ``nn.RNN``; ``make`` makes a layer."""
    with reading.errors_name_file(source):
        arrays = reading.read(source, prefix, names.name("weight_ih", 0, False))
        stack = names.cells(arrays, num_gates)
    base, first = stem(prefix, "gru" if num_gates > 1 else "rnn"), stack[0][0]
    layers: list[Any] = [Input((None, first.weight_ih.shape[1]))]
    for index, cells in enumerate(stack):
        layer = make(first.weight_hh.shape[1], use_bias=first.bias_ih is not None, name=f"{base}_l{index}")
        layer.return_sequences = layer.return_sequences or index < len(stack) - 1
        layers.append(layer if len(cells) == 1 else Bidirectional(layer, name=f"{base}_l{index}"))
    model = make_model(layers, base, weights_dtype(arrays))
    for model_layer, cells in zip(model.layers, stack, strict=True):
        for direction, cell in zip(directions(model_layer), cells, strict=True):
            order = reordered if num_gates > 1 else np.asarray
            direction.kernel.assign(order(cell.weight_ih.T))
            direction.recurrent_kernel.assign(order(cell.weight_hh.T))
            if cell.bias_ih is not None and cell.bias_hh is not None:
                biases = order(np.stack([cell.bias_ih, cell.bias_hh]))
                with np.errstate(invalid="ignore", over="ignore"):  # the sum of infinite biases is NaN
                    direction.bias.assign(biases if num_gates > 1 else biases[0] + biases[1])
    return model
