"""Convert nodes that compute: to layers, or to arguments and weights of the last layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ....kernels.specs import Activation as Spec
from ....layers import Activation, Dense, Embedding, LayerNormalization
from ..graph.graph import Node
from ..operators.activations import spec
from ..operators.compute import gelu_spec
from .layer_builders import BatchNormalizationBuilder, LayerBuilder, LSTMBuilder
from .shape_nodes import Handler, select_index
from .symbolic_values import BATCH, DIRECTIONS, FEATURES, ONE, TIME, Chain, LayerOutput, Value, is_zero

Host = npt.NDArray[Any]


def lstm(chain: Chain, node: Node) -> tuple[Value, ...]:
    """LSTM from states of zero; its last cell state has no symbolic value."""
    x = chain.layer_output(node)
    first = (BATCH, TIME) if node.attributes.get("layout", 0) else (TIME, BATCH)
    if x.axes != (*first, FEATURES) or x.time_reversed:
        raise ValueError(
            f"takes axes that are {', '.join(x.axes)}, where {', '.join(first)} and features were expected. "
            "If the graph's own input has time first, say time_first"
        )
    if chain.get(node, 4) is not None:
        raise ValueError("has sequence_lens")
    if not is_zero(chain.get(node, 5)) or not is_zero(chain.get(node, 6)):
        raise ValueError("does not begin with states of zero")
    if "cells" not in node.cache:
        raise ValueError("computes its weights, where constants were expected")
    builder = LSTMBuilder(node.label, node.cache["cells"])
    result = chain.add(x, builder)
    direction_axis = DIRECTIONS if len(builder.cells) > 1 else ONE
    time_reversed = len(builder.cells) == 1 and builder.cells[0].reverse
    if first[0] == TIME:
        y, h = (TIME, direction_axis, BATCH, FEATURES), (direction_axis, BATCH, FEATURES)
    else:
        y, h = (BATCH, TIME, direction_axis, FEATURES), (BATCH, direction_axis, FEATURES)
    return result._replace(axes=y, time_reversed=time_reversed), result._replace(axes=h, sequences=False)


def gemm(chain: Chain, node: Node) -> Value:
    """Gemm: a Dense, whose weights include the factors alpha and beta."""
    x, attributes = chain.layer_output(node), node.attributes
    if x.axes != (BATCH, FEATURES) or attributes.get("transA", 0):
        raise ValueError("takes no rows of features")
    kernel, bias = chain.require(node, 1), chain.constant(node, 2)
    kernel = kernel.T if attributes.get("transB", 0) else kernel
    if attributes.get("alpha", 1.0) != 1.0:
        kernel = kernel * kernel.dtype.type(attributes["alpha"])
    if bias is not None and attributes.get("beta", 1.0) != 1.0:
        bias = bias * bias.dtype.type(attributes["beta"])
    result = chain.add(x, _dense(node.label, kernel))
    return result if bias is None else _add_bias(chain, result, bias)


def matmul(chain: Chain, node: Node) -> Value:
    """MatMul: a Dense, to which an Add may give its bias."""
    x = chain.layer_output(node)
    if x.axes[-1] != FEATURES or ONE in x.axes:
        raise ValueError("does not multiply features with a constant matrix")
    return chain.add(x, _dense(node.label, chain.require(node, 1)))


def _dense(label: str, kernel: Host) -> LayerBuilder:
    if kernel.ndim != 2 or kernel.size == 0:
        raise ValueError(f"has weights of shape {kernel.shape}, where a matrix was expected")
    arguments = {"units": kernel.shape[1], "use_bias": False, "activation": Spec()}
    return LayerBuilder(Dense, label, arguments, [kernel], kernel.shape[0])


def _add_bias(chain: Chain, x: LayerOutput, bias: Host) -> LayerOutput:
    builder = chain.builders[-1]
    units = builder.arguments["units"]
    if (
        bias.size not in (1, units)
        or bias.shape[-1:] not in ((), (1,), (units,))
        or bias.ndim > len(x.axes)
        or x.axes[-1] != FEATURES
    ):
        raise ValueError(f"adds an array of shape {bias.shape} to {units} features")
    builder.arguments["use_bias"] = True
    builder.weights.append(np.array(np.broadcast_to(bias.reshape(-1), (units,))))
    return x


def add(chain: Chain, node: Node) -> Value:
    """Add: the bias of a Dense, the summand of a batch normalization, or the sum of both directions of an LSTM."""
    x, other = _pair(chain, node)
    if isinstance(other, LayerOutput):
        return _merge_directions(x, other, "sum")
    builder = chain.builders[-1] if chain.builders else None
    if isinstance(builder, BatchNormalizationBuilder) and not builder.weights[1].any():
        builder.weights[1] = chain.per_feature(x, other, "a summand")
        return x
    if (
        builder is not None
        and builder.kind is Dense
        and not builder.arguments["use_bias"]
        and builder.arguments["activation"] == Spec()
    ):
        return _add_bias(chain, x, other)
    raise ValueError("adds a constant to what is no product")


def multiply(chain: Chain, node: Node) -> Value:
    """Mul: the factor of a batch normalization, the mean or the product of both directions, or x sigmoid(x)."""
    values = chain.get(node, 0), chain.get(node, 1)
    if any(isinstance(value, LayerOutput) and value is chain.last_input for value in values):
        return _silu(chain, *values)
    x, other = _pair(chain, node)
    if isinstance(other, LayerOutput):
        return _merge_directions(x, other, "mul")
    if x.merge == "sum" and other.size == 1 and other == 0.5:
        return x._replace(merge="ave")
    return chain.add(x, BatchNormalizationBuilder(node.label, chain.per_feature(x, other, "a factor")))


def _pair(chain: Chain, node: Node) -> tuple[LayerOutput, LayerOutput | Host]:
    """A layer's output and the other operand, whatever their order in the node."""
    first = 0 if isinstance(chain.get(node, 0), LayerOutput) else 1
    x, other = chain.layer_output(node, first), chain.get(node, 1 - first)
    if isinstance(other, LayerOutput):
        return x, chain.layer_output(node, 1 - first)
    return x, chain.require(node, 1 - first)


def _merge_directions(one: LayerOutput, two: LayerOutput, merge: str) -> LayerOutput:
    """Merge both directions of an LSTM."""
    if {one.direction, two.direction} != {0, 1} or one._replace(direction=0) != two._replace(direction=0):
        raise ValueError("joins two branches that are not both directions of an LSTM")
    return one._replace(direction=None, merge=merge)


def _silu(chain: Chain, *values: Value | None) -> Value:
    """Turn the sigmoid before a product x sigmoid(x) into a silu."""
    x = next((value for value in values if isinstance(value, LayerOutput) and value is not chain.last_input), None)
    builder = chain.builders[-1]
    if x is None or x.layer_count != len(chain.builders) or builder.kind is not Activation:
        raise ValueError("joins two branches")
    if builder.arguments["activation"] != Spec("sigmoid"):
        raise ValueError("joins two branches")
    builder.arguments["activation"] = Spec("silu")
    return x


def activation(chain: Chain, node: Node) -> Value:
    """Activation, with parameters or without."""
    defaults = _PARAMETERS.get(node.kind)
    if defaults is None:
        function = gelu_spec(node.attributes) if node.kind == "Gelu" else Spec(_NAMES[node.kind])
    else:
        function = spec(node.kind.lower(), **{key: node.attributes.get(key, value) for key, value in defaults.items()})
    return chain.add(chain.layer_output(node), LayerBuilder(Activation, node.label, {"activation": function}))


def softmax(chain: Chain, node: Node) -> Value:
    """Softmax over the features."""
    x = chain.layer_output(node)
    axis = chain.axis(node, x, 1 if chain.opset < 13 else -1)
    if axis != len(x.axes) - 1 or x.axes[-1] != FEATURES:
        raise ValueError("is over another axis than the features")
    return chain.add(x, LayerBuilder(Activation, node.label, {"activation": Spec("softmax")}))


def layer_normalization(chain: Chain, node: Node) -> Value:
    """LayerNormalization over the features."""
    x = chain.layer_output(node)
    if chain.axis(node, x, -1) != len(x.axes) - 1:
        raise ValueError("is over more than the features")
    gamma, beta = chain.require(node, 1), chain.constant(node, 2)
    weights = [chain.per_feature(x, array, "weights") for array in (gamma, beta) if array is not None]
    arguments = {"epsilon": node.attributes.get("epsilon", 1e-5), "center": beta is not None}
    return chain.add(x, LayerBuilder(LayerNormalization, node.label, arguments, weights, weights[0].size))


def gather(chain: Chain, node: Node) -> Value:
    """Gather: an Embedding, or one index along an axis."""
    if isinstance(chain.get(node, 1), LayerOutput):
        x, table = chain.layer_output(node, 1), chain.require(node, 0)
        if x.axes != (BATCH, TIME) or table.ndim != 2 or node.attributes.get("axis", 0) not in (0, -2):
            raise ValueError("takes rows of a table by what are no indices of steps")
        arguments = {"input_dim": table.shape[0], "output_dim": table.shape[1]}
        return chain.add(x, LayerBuilder(Embedding, node.label, arguments, [table]), (BATCH, TIME, FEATURES))
    x, index = chain.layer_output(node), chain.require(node, 1)
    if index.shape not in ((), (1,)) or index.dtype.kind not in "iu":
        raise ValueError("takes several parts of a layer's output")
    return select_index(chain, x, chain.axis(node, x, 0), int(index.reshape(-1)[0]), (ONE,) * index.ndim)


#: Operator -> activation without parameters.
_NAMES = {
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Relu": "relu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Exp": "exponential",
    "Selu": "selu",
    "Gelu": "gelu",
}
_PARAMETERS: dict[str, dict[str, float]] = {
    "LeakyRelu": {"alpha": 0.01},
    "Elu": {"alpha": 1.0},
    "ThresholdedRelu": {"alpha": 1.0},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
}

HANDLERS: dict[str, Handler] = {
    "Gemm": gemm,
    "MatMul": matmul,
    "Add": add,
    "Mul": multiply,
    "Softmax": softmax,
    "LayerNormalization": layer_normalization,
    "Gather": gather,
    **dict.fromkeys((*_NAMES, *_PARAMETERS), activation),
}
