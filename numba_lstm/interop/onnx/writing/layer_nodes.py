"""Write layers as nodes of ONNX: one writer per class of layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....kernels.formulas import formulas
from ....kernels.specs import Activation as Spec
from ....layers import (
    ELU,
    Activation,
    ActivityRegularization,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    GlobalAveragePooling1D,
    Identity,
    Layer,
    LayerNormalization,
    LeakyReLU,
    Masking,
    RepeatVector,
    Reshape,
    TimeDistributed,
)
from ....layers.recurrent import Recurrent
from ..protobuf.tensors import number_of
from . import recurrent_nodes, window_nodes
from .graph_builder import GraphBuilder, GraphValue
from .operation_nodes import add_formula

_ONLY_IN_TRAINING = (Dropout, GaussianNoise)
_SIXTH = 1 / 6


def write_layer(
    builder: GraphBuilder,
    layer: Layer,
    value: GraphValue,
    opset: int,
    states: bool = False,
    initial_states: Sequence[GraphValue] = (),
    mask: str | None = None,
) -> tuple[list[GraphValue], str | None]:
    """Add the nodes of a layer that takes one input.

    Parameters
    ----------
    mask : str, optional
        The tensor (N, T) of bool that says which steps of the input count.

    Returns
    -------
    list of GraphValue, str or None
        The output, behind it the last states of a recurrent layer, (N, H), and the mask of the output.
    """
    if isinstance(layer, _ONLY_IN_TRAINING):
        return [value], mask
    if isinstance(layer, Recurrent):
        y = recurrent_nodes.add(builder, layer, value, states, initial_states, mask)
        return y, mask if layer.return_sequences else None
    if isinstance(layer, Bidirectional):
        y = recurrent_nodes.add_bidirectional(builder, layer, value, states, initial_states, mask)
        return y, mask if layer.return_sequences else None
    if isinstance(layer, (Masking, Embedding)):
        return _write_source_of_masks(builder, layer, value, mask)
    if isinstance(layer, GlobalAveragePooling1D) and mask is not None:
        raise ValueError(f"{layer.name} leaves out masked steps, which cannot be written as ONNX. Save the model as .nlstm.")
    write = WRITERS.get(type(layer))
    if write is None:
        kinds: list[type] = [*WRITERS, *_ONLY_IN_TRAINING, Masking, Embedding]
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(
            f"{layer.name} ({type(layer).__name__}) cannot be written as ONNX. Recurrent layers, merging layers, attention, "
            f"functions of tensors and these can: {names}."
        )
    result = write(builder, layer, value, opset)
    goes_on = layer.supports_masking and result.rank == value.rank and not isinstance(layer, (Reshape, Flatten))
    return [result], mask if goes_on else None


def _write_source_of_masks(
    builder: GraphBuilder, layer: Masking | Embedding, value: GraphValue, mask: str | None
) -> tuple[list[GraphValue], str | None]:
    """Add a layer that says which steps count."""
    value = builder.batch_first(value, layer.name)
    if isinstance(layer, Embedding):
        table = builder.add_constant(f"{layer.name}/embeddings", layer.embeddings.value)
        y = GraphValue(builder.add_op("Gather", [table, value.name], layer.name, axis=0), value.rank + 1)
        if not layer.mask_zero:
            return [y], mask
        zero = builder.add_constant("zero_index", np.array(0, np.int64))
        counts = builder.add_op("Not", [builder.add_op("Equal", [value.name, zero], layer.name)], layer.name)
        return [y], counts if mask is None else builder.add_op("And", [counts, mask], layer.name)
    number = builder.add_constant(f"{layer.name}/mask_value", np.array(layer.mask_value))
    differs = builder.add_op("Not", [builder.add_op("Equal", [value.name, number], layer.name)], layer.name)
    factor = builder.add_op("Cast", [differs], layer.name, to=number_of(builder.dtype))
    count = builder.add_op("ReduceSum", [factor, builder.add_integers([-1])], layer.name, keepdims=0)
    half = builder.add_constant("half", np.array(0.5))
    counts = builder.add_op("Greater", [count, half], layer.name)
    counts = counts if mask is None else builder.add_op("And", [counts, mask], layer.name)
    steps = builder.add_op("Unsqueeze", [counts, builder.add_integers([2])], layer.name)
    zero = builder.add_constant("zero", np.array(0.0))
    return [builder.apply(value._replace(name=steps), "Where", layer.name, value.name, zero)], counts


def _write_dense(builder: GraphBuilder, layer: Dense, value: GraphValue, opset: int) -> GraphValue:
    kernel = builder.add_constant(f"{layer.name}/kernel", layer.kernel.value)
    bias = [] if layer.bias is None else [builder.add_constant(f"{layer.name}/bias", layer.bias.value)]
    if value.rank == 2:
        value = builder.apply(value, "Gemm", layer.name, kernel, *bias)
    else:
        value = builder.apply(value, "MatMul", layer.name, kernel)
        for name in bias:
            value = builder.apply(value, "Add", layer.name, name)
    return _add_activation(builder, layer.name, layer.activation, value, opset)


#: Activation -> the ONNX operator that computes it, and the names of its parameters in their order.
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


def _add_activation(builder: GraphBuilder, layer: str, activation: Spec, value: GraphValue, opset: int) -> GraphValue:
    if activation.function is not None:
        return value._replace(name=add_formula(builder, layer, formulas(activation)[0], value.name))
    if activation.name in _OPERATORS:
        kind, names = _OPERATORS[activation.name]
        return builder.apply(value, kind, layer, **dict(zip(names, activation.parameters, strict=False)))
    match activation.name:
        case "linear":
            return value
        case "hard_sigmoid":
            return builder.apply(value, "HardSigmoid", layer, alpha=_SIXTH, beta=0.5)
        case "softmax":
            return builder.apply(value, "Softmax", layer, axis=-1)
        case "silu":
            return builder.apply(value, "Mul", layer, builder.add_op("Sigmoid", [value.name], layer))
        case "gelu" if opset >= 20:
            return builder.apply(value, "Gelu", layer)
    raise ValueError(f"{layer} has the activation {activation.name!r}, which ONNX has from opset 20 on. Give opset=20.")


def _write_batch_normalization(builder: GraphBuilder, layer: BatchNormalization, value: GraphValue, opset: int) -> GraphValue:
    """Add a factor and a summand per feature, from the moving statistics."""
    mean, variance = (np.asarray(v.value, np.float64) for v in (layer.moving_mean, layer.moving_variance))
    factor = 1 / np.sqrt(variance + layer.epsilon) * (1.0 if layer.gamma is None else layer.gamma.value)
    summand = (0.0 if layer.beta is None else layer.beta.value) - mean * factor
    value = builder.apply(value, "Mul", layer.name, builder.add_constant(f"{layer.name}/factor", factor))
    return builder.apply(value, "Add", layer.name, builder.add_constant(f"{layer.name}/summand", summand))


def _write_layer_normalization(builder: GraphBuilder, layer: LayerNormalization, value: GraphValue, opset: int) -> GraphValue:
    if opset < 17:
        raise ValueError(f"{layer.name} (LayerNormalization) is an operator of ONNX from opset 17 on. Give opset=17.")
    D = layer.built_shape[-1] if layer.built_shape else None
    gamma, beta = (
        builder.add_constant(f"{layer.name}/{name}", np.full(D, fill) if weight is None else weight.value)
        for name, weight, fill in (("gamma", layer.gamma, 1.0), ("beta", layer.beta, 0.0))
    )
    return builder.apply(value, "LayerNormalization", layer.name, gamma, beta, axis=-1, epsilon=layer.epsilon)


def _write_time_distributed(builder: GraphBuilder, layer: TimeDistributed, value: GraphValue, opset: int) -> GraphValue:
    if not isinstance(layer.layer, (Dense, Activation, BatchNormalization, LayerNormalization, *_ONLY_IN_TRAINING)):
        raise ValueError(f"{layer.name} holds {layer.layer.name}, which cannot be written as ONNX for every step.")
    return write_layer(builder, layer.layer, value, opset)[0][0]


def _write_activation(builder: GraphBuilder, layer: Activation, value: GraphValue, opset: int) -> GraphValue:
    return _add_activation(builder, layer.name, layer.activation, value, opset)


def _write_convolution(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    y = window_nodes.CONVOLUTIONS[type(layer)](builder, layer, value, opset)
    return _add_activation(builder, layer.name, layer.activation, y, opset)


def _write_reshape(builder: GraphBuilder, layer: Reshape, value: GraphValue, opset: int) -> GraphValue:
    name = builder.add_op(
        "Reshape", [builder.batch_first(value, layer.name).name, builder.add_integers([0, *layer.target_shape])], layer.name
    )
    return GraphValue(name, 1 + len(layer.target_shape))


def _write_flatten(builder: GraphBuilder, layer: Flatten, value: GraphValue, opset: int) -> GraphValue:
    return GraphValue(builder.add_op("Flatten", [builder.batch_first(value, layer.name).name], layer.name, axis=1), 2)


def _write_repeat_vector(builder: GraphBuilder, layer: RepeatVector, value: GraphValue, opset: int) -> GraphValue:
    rows = builder.add_op("Unsqueeze", [value.name, builder.add_integers([1])], layer.name)
    return GraphValue(builder.add_op("Expand", [rows, builder.add_integers([1, layer.n, 1])], layer.name), 3)


WRITERS: dict[type[Layer], Callable[[GraphBuilder, Any, GraphValue, int], GraphValue]] = {
    Dense: _write_dense,
    **dict.fromkeys((Activation, ActivityRegularization, ELU, Identity, LeakyReLU), _write_activation),
    BatchNormalization: _write_batch_normalization,
    LayerNormalization: _write_layer_normalization,
    TimeDistributed: _write_time_distributed,
    Reshape: _write_reshape,
    Flatten: _write_flatten,
    RepeatVector: _write_repeat_vector,
    **dict.fromkeys(window_nodes.CONVOLUTIONS, _write_convolution),
    **window_nodes.WRITERS,
}
