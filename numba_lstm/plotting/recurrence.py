"""The gates of an LSTM over one sequence, as the reference device computes them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..device import get_ops
from ..layers import LSTM, Bidirectional
from ..models import Model

Values = npt.NDArray[Any]


class GateValues(NamedTuple):
    """An LSTM over one sequence of T steps. A layer that goes backwards has its steps in the order of time."""

    x: Values  #: input of the layer, (T, D)
    i: Values  #: input gate, (T, H)
    f: Values  #: forget gate, (T, H)
    g: Values  #: candidate, (T, H)
    o: Values  #: output gate, (T, H)
    c: Values  #: cell state after each step, (T, H)
    h: Values  #: hidden state after each step, (T, H), or (T, P) with a projection


def find_lstm(model: Any, layer: Any) -> tuple[LSTM, Any]:
    """Return an LSTM of a model and the layer whose input it reads: itself, or the Bidirectional around it.

    Parameters
    ----------
    model : Model
        A built model.
    layer : LSTM, str or None
        The LSTM or its name. None is the first one.

    Raises
    ------
    ValueError
        If the model has no such LSTM.
    """
    found: list[tuple[LSTM, Any]] = []
    for outer in model.layers:
        inner = (outer.forward_layer, outer.backward_layer) if isinstance(outer, Bidirectional) else (outer,)
        found += [(one, outer) for one in inner if isinstance(one, LSTM)]
    if not found:
        raise ValueError(f"{model.name} has no LSTM of its own. Pass a model with an LSTM among its layers.")
    for one, outer in found:
        if layer is None or layer is one or layer == one.name:
            return one, outer
    names = ", ".join(repr(one.name) for one, _ in found)
    raise ValueError(f"layer is {getattr(layer, 'name', layer)!r}, which is none of the LSTMs of {model.name}: {names}.")


def one_sample(model: Any, x: Any) -> Any:
    """Return one sequence as a batch of one, for each input of ``model``.

    Raises
    ------
    ValueError
        If ``x`` is a batch of several, or has another rank than an input.
    """
    arrays = list(x) if len(model.inputs) > 1 else [x]
    if len(arrays) != len(model.inputs):
        raise ValueError(f"{model.name} has {len(model.inputs)} inputs, got {len(arrays)} arrays. Pass one for each input.")
    batches = []
    for array, tensor in zip(map(np.asarray, arrays), model.inputs, strict=True):
        rank = len(tensor.shape)
        if array.ndim == rank - 1:
            array = array[None]
        if array.ndim != rank or len(array) != 1:
            raise ValueError(f"x has shape {array.shape}; a display takes one sequence of shape {tuple(tensor.shape)[1:]}.")
        batches.append(array)
    return batches if len(batches) > 1 else batches[0]


def value_of(model: Any, tensor: Any, x: Any) -> Values:
    """Return the value of a symbolic tensor of ``model`` for a batch of one, without the batch axis."""
    for place, source in enumerate(model.inputs):
        if source is tensor:
            values: Values = np.asarray(x[place] if len(model.inputs) > 1 else x)[0]
            return values
    inner: Values = Model(model.inputs, tensor).predict(x, verbose=0)[0]
    return inner


def gate_values(model: Any, x: Any, layer: Any = None) -> GateValues:
    """Compute the gates and states of an LSTM in prediction, from the initial states of its call, else from zero states.

    Masks do not count: a masked step is computed as any other.

    Parameters
    ----------
    model : Model
        A built model.
    x : array, or list of arrays for several inputs
        One sequence, with or without the batch axis.
    layer : LSTM, str or None
        The LSTM or its name. None is the first one.

    Raises
    ------
    ValueError
        For another ``x``, or a layer that the model has not.
    """
    lstm, outer = find_lstm(model, layer)
    if lstm.quantization is not None:
        raise ValueError(f"{lstm.name} is quantized: it computes no gates in floating point. Pass the model before quantize().")
    batch, call = one_sample(model, x), outer._first_node()
    inputs = value_of(model, call.inputs[0], batch).astype(lstm.dtype)
    order = slice(None, None, -1 if lstm.go_backwards else 1)
    ops, weights, spec = get_ops("reference"), lstm.cell_weights, lstm.spec
    sizes = (lstm.output_size, lstm.units)
    places = slice(2, 4) if isinstance(outer, Bidirectional) and lstm is outer.backward_layer else slice(0, 2)
    states = [value_of(model, tensor, batch)[None].astype(lstm.dtype) for tensor in call.states[places]]
    h, c = states or [np.zeros((1, size), lstm.dtype) for size in sizes]
    rows = []
    for x_t in inputs[order]:
        step = np.ascontiguousarray(x_t[None, None])
        gates: Any = ops.lstm_forward(step, weights, h, c, spec, training=True).tape
        out = ops.lstm_forward(step, weights, h, c, spec)
        h, c = out.h, out.c
        rows.append([*(gate[0] for gate in gates.steps[0].gates), c[0], h[0]])
    return GateValues(inputs, *(np.array(column)[order] for column in zip(*rows, strict=True)))
