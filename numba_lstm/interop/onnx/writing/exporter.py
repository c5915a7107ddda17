"""A model as an ONNX file: one LSTM node a layer, whatever runs it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .... import __version__
from ....files import atomic
from ....kernels.specs import Activation as Spec
from ....layers import (
    Activation,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    Layer,
    LayerNormalization,
    RepeatVector,
    Reshape,
    TimeDistributed,
)
from ....layers.recurrent import Recurrent
from ....models import Sequential
from ..protobuf import messages, wire
from . import lstm_nodes
from .graph_builder import Builder, Flow

OPSETS = range(13, 23)
DEFAULT_OPSET = 17
_ONLY_IN_TRAINING = (Dropout, GaussianNoise)
_THIRD = 1 / 6

#: The version of the format that came with a version of the operators, which the oldest runtimes that know them read.
_FORMATS = ((21, 10), (19, 9), (15, 8), (13, 7))


def export(
    model: Sequential, path: str | os.PathLike[str], opset: int = DEFAULT_OPSET, *, states: bool = False, overwrite: bool = True
) -> None:
    """Write a model as an ONNX file, for any number of samples and of steps.

    Parameters
    ----------
    model : Sequential
        Built, of LSTM, RNN, Bidirectional, Dense, Activation, TimeDistributed, Embedding, LayerNormalization,
        BatchNormalization, RepeatVector, Reshape and Flatten; layers that only work in training are left out.
    path : path
        The file; it is replaced whole, or left as it is.
    opset : int
        The version of ONNX's operators, 13 to 22.
    states : bool
        Whether the first and last states of each LSTM are inputs and outputs too, as a stateful model needs it:
        ``<layer>_h0`` and ``<layer>_c0``, ``<layer>_h`` and ``<layer>_c``, (directions, N, H).
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For a layer or an option that ONNX has not, by name.
    OSError
        If the file cannot be written.

    Notes
    -----
    The input is called ``input``, the output ``output``; both have the batch first, as in Keras.
    """
    if opset not in OPSETS:
        raise ValueError(f"opset must be {OPSETS[0]} to {OPSETS[-1]}, got {opset!r}.")
    atomic.write(os.fsdecode(path), dumps(model, opset, states), overwrite=overwrite)


def dumps(model: Sequential, opset: int, states: bool = False) -> bytes:
    """The bytes of the file that :func:`export` writes."""
    if model.stateful and not states:
        raise ValueError(
            f"{model.name} is stateful, and a graph keeps no states from call to call. Give states=True, which makes them "
            "inputs and outputs, or export a model without stateful=True."
        )
    builder = Builder(model.dtype)
    flow = _input(builder, model)
    for layer in model.layers:
        flow = _layer(builder, layer, flow, opset, states)
    flow = builder.samples(flow, "output")
    if not builder.nodes:
        flow = builder.through(flow, "Identity", "output")
    made = {name for value in builder.outputs for name in [value["name"]]}
    name = builder.one("Identity", [flow.name], "output") if flow.name in made else flow.name
    dims = model.output_shape
    names = ("N", "T", "S")
    builder.output("output", name, [names[axis] if size is None else size for axis, size in enumerate(dims)])
    message = {
        "ir_version": next(version for least, version in _FORMATS if opset >= least),
        "producer_name": "numba_lstm",
        "producer_version": __version__,
        "graph": builder.graph(model.name),
        "opset_import": [{"domain": "", "version": opset}],
    }
    data = wire.write(message, messages.MODEL)
    if len(data) >= 1 << 31:
        raise ValueError(f"{model.name} makes {len(data):,} bytes; an ONNX file has less than 2 GiB.")
    return data


def _input(builder: Builder, model: Sequential) -> Flow:
    shape = model.input_shape
    names = ("N", "T", "S")
    dims = [names[axis] if size is None else size for axis, size in enumerate(shape)]
    indices = bool(model.layers) and model.layers[0].takes_indices
    return Flow(builder.input("input", dims, np.int64 if indices else None), len(shape))


def _layer(builder: Builder, layer: Layer, flow: Flow, opset: int, states: bool) -> Flow:
    if isinstance(layer, _ONLY_IN_TRAINING):
        return flow
    if isinstance(layer, Recurrent):
        return lstm_nodes.add(builder, layer, flow, states)
    if isinstance(layer, Bidirectional):
        return lstm_nodes.add_both(builder, layer, flow, states)
    write = _WRITERS.get(type(layer))
    if write is None:
        known = ", ".join(sorted(kind.__name__ for kind in (*_WRITERS, *_ONLY_IN_TRAINING, Bidirectional)))
        raise ValueError(f"{layer.name} ({type(layer).__name__}) cannot be written as ONNX. LSTM and RNN can, and {known}.")
    return write(builder, layer, flow, opset)


def _dense(builder: Builder, layer: Dense, flow: Flow, opset: int) -> Flow:
    kernel = builder.tensor(f"{layer.name}/kernel", layer.kernel.value)
    bias = [] if layer.bias is None else [builder.tensor(f"{layer.name}/bias", layer.bias.value)]
    if flow.rank == 2:
        flow = builder.through(flow, "Gemm", layer.name, kernel, *bias)
    else:
        flow = builder.through(flow, "MatMul", layer.name, kernel)
        for name in bias:
            flow = builder.through(flow, "Add", layer.name, name)
    return _activated(builder, layer.name, layer.activation, flow, opset)


#: Our activations that are one operator of ONNX with attributes of ours; parameters by their place.
_OPERATORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tanh": ("Tanh", ()),
    "sigmoid": ("Sigmoid", ()),
    "relu": ("Relu", ()),
    "leaky_relu": ("LeakyRelu", ("alpha",)),
    "elu": ("Elu", ("alpha",)),
    "selu": ("Selu", ()),
    "softplus": ("Softplus", ()),
    "softsign": ("Softsign", ()),
    "exponential": ("Exp", ()),
}


def _activated(builder: Builder, layer: str, activation: Spec, flow: Flow, opset: int) -> Flow:
    if activation.function is not None:
        raise ValueError(f"{layer} has the activation {activation.name!r}, a function of your own, which ONNX has not.")
    if activation.name in _OPERATORS:
        kind, names = _OPERATORS[activation.name]
        return builder.through(flow, kind, layer, **dict(zip(names, activation.parameters, strict=False)))
    match activation.name:
        case "linear":
            return flow
        case "hard_sigmoid":
            return builder.through(flow, "HardSigmoid", layer, alpha=_THIRD, beta=0.5)
        case "softmax":
            return builder.through(flow, "Softmax", layer, axis=-1)
        case "silu":
            return builder.through(flow, "Mul", layer, builder.one("Sigmoid", [flow.name], layer))
        case "gelu" if opset >= 20:
            return builder.through(flow, "Gelu", layer)
    raise ValueError(f"{layer} has the activation {activation.name!r}, which ONNX has from opset 20 on. Give opset=20.")


def _batch_normalization(builder: Builder, layer: BatchNormalization, flow: Flow, opset: int) -> Flow:
    """With the moving statistics it is one factor and one summand a feature."""
    mean, variance = (np.asarray(v.value, np.float64) for v in (layer.moving_mean, layer.moving_variance))
    factor = 1 / np.sqrt(variance + layer.epsilon) * (1.0 if layer.gamma is None else layer.gamma.value)
    summand = (0.0 if layer.beta is None else layer.beta.value) - mean * factor
    flow = builder.through(flow, "Mul", layer.name, builder.tensor(f"{layer.name}/factor", factor))
    return builder.through(flow, "Add", layer.name, builder.tensor(f"{layer.name}/summand", summand))


def _layer_normalization(builder: Builder, layer: LayerNormalization, flow: Flow, opset: int) -> Flow:
    if opset < 17:
        raise ValueError(f"{layer.name} (LayerNormalization) is an operator of ONNX from opset 17 on. Give opset=17.")
    D = layer.built_shape[-1] if layer.built_shape else None
    gamma, beta = (
        builder.tensor(f"{layer.name}/{name}", np.full(D, fill) if weight is None else weight.value)
        for name, weight, fill in (("gamma", layer.gamma, 1.0), ("beta", layer.beta, 0.0))
    )
    return builder.through(flow, "LayerNormalization", layer.name, gamma, beta, axis=-1, epsilon=layer.epsilon)


def _embedding(builder: Builder, layer: Embedding, flow: Flow, opset: int) -> Flow:
    if layer.mask_zero:
        raise ValueError(f"{layer.name} has mask_zero=True; a mask cannot be written as ONNX.")
    table = builder.tensor(f"{layer.name}/embeddings", layer.embeddings.value)
    return Flow(builder.one("Gather", [table, flow.name], layer.name, axis=0), flow.rank + 1)


def _time_distributed(builder: Builder, layer: TimeDistributed, flow: Flow, opset: int) -> Flow:
    if not isinstance(layer.layer, (Dense, Activation, BatchNormalization, LayerNormalization, *_ONLY_IN_TRAINING)):
        raise ValueError(f"{layer.name} holds {layer.layer.name}, which cannot be written as ONNX for every step.")
    return _layer(builder, layer.layer, flow, opset, False)


def _reshaped(builder: Builder, layer: Reshape, flow: Flow, opset: int) -> Flow:
    name = builder.one("Reshape", [builder.samples(flow, layer.name).name, builder.whole([0, *layer.target_shape])], layer.name)
    return Flow(name, 1 + len(layer.target_shape))


def _flat(builder: Builder, layer: Flatten, flow: Flow, opset: int) -> Flow:
    return Flow(builder.one("Flatten", [builder.samples(flow, layer.name).name], layer.name, axis=1), 2)


def _repeated(builder: Builder, layer: RepeatVector, flow: Flow, opset: int) -> Flow:
    rows = builder.one("Unsqueeze", [flow.name, builder.whole([1])], layer.name)
    return Flow(builder.one("Expand", [rows, builder.whole([1, layer.n, 1])], layer.name), 3)


_WRITERS: dict[type[Layer], Callable[[Builder, Any, Flow, int], Flow]] = {
    Dense: _dense,
    Activation: lambda builder, layer, flow, opset: _activated(builder, layer.name, layer.activation, flow, opset),
    BatchNormalization: _batch_normalization,
    LayerNormalization: _layer_normalization,
    Embedding: _embedding,
    TimeDistributed: _time_distributed,
    Reshape: _reshaped,
    Flatten: _flat,
    RepeatVector: _repeated,
}
