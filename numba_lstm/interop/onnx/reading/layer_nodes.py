"""Nodes that are layers, or parts of one, in a chain of layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ....kernels.specs import Activation as Spec
from ....layers import Activation, Dense, Embedding, LayerNormalization
from ..graph.graph import Node
from ..operators.activations import spec
from .layer_builders import Draft, Recurrence, Scaling
from .shape_nodes import Handler, pick
from .symbolic_values import BATCH, DIRECTIONS, FEATURES, ONE, TIME, Flow, Value, Walk, is_zero

Host = npt.NDArray[Any]


def lstm(walk: Walk, node: Node) -> tuple[Value, ...]:
    """An LSTM from states of zero; its last cell state is not handed on."""
    flow = walk.flow(node)
    first = (BATCH, TIME) if node.attributes.get("layout", 0) else (TIME, BATCH)
    if flow.axes != (*first, FEATURES) or flow.turned:
        raise ValueError(
            f"takes axes that are {', '.join(flow.axes)}, where {', '.join(first)} and features were expected. "
            "If the graph's own input has time first, say time_first"
        )
    if walk.get(node, 4) is not None:
        raise ValueError("has sequence_lens")
    if not is_zero(walk.get(node, 5)) or not is_zero(walk.get(node, 6)):
        raise ValueError("does not begin with states of zero")
    if "cells" not in node.kept:
        raise ValueError("computes its weights, where constants were expected")
    draft = Recurrence(node.label, node.kept["cells"])
    out = walk.add(flow, draft)
    both = DIRECTIONS if len(draft.cells) > 1 else ONE
    turned = len(draft.cells) == 1 and draft.cells[0].reverse
    if first[0] == TIME:
        y, h = (TIME, both, BATCH, FEATURES), (both, BATCH, FEATURES)
    else:
        y, h = (BATCH, TIME, both, FEATURES), (BATCH, both, FEATURES)
    return out._replace(axes=y, turned=turned), out._replace(axes=h, sequences=False)


def gemm(walk: Walk, node: Node) -> Value:
    """A Dense, the factors of the product in its weights."""
    flow, attributes = walk.flow(node), node.attributes
    if flow.axes != (BATCH, FEATURES) or attributes.get("transA", 0):
        raise ValueError("takes no rows of features")
    kernel, bias = walk.need(node, 1), walk.constant(node, 2)
    kernel = kernel.T if attributes.get("transB", 0) else kernel
    if attributes.get("alpha", 1.0) != 1.0:
        kernel = kernel * kernel.dtype.type(attributes["alpha"])
    if bias is not None and attributes.get("beta", 1.0) != 1.0:
        bias = bias * bias.dtype.type(attributes["beta"])
    out = walk.add(flow, _dense(node.label, kernel))
    return out if bias is None else _biased(walk, out, bias)


def matmul(walk: Walk, node: Node) -> Value:
    """A Dense without a bias yet."""
    flow = walk.flow(node)
    if flow.axes[-1] != FEATURES or ONE in flow.axes:
        raise ValueError("does not multiply features with a constant matrix")
    return walk.add(flow, _dense(node.label, walk.need(node, 1)))


def _dense(label: str, kernel: Host) -> Draft:
    if kernel.ndim != 2 or kernel.size == 0:
        raise ValueError(f"has weights of shape {kernel.shape}, where a matrix was expected")
    arguments = {"units": kernel.shape[1], "use_bias": False, "activation": Spec()}
    return Draft(Dense, label, arguments, [kernel], kernel.shape[0])


def _biased(walk: Walk, flow: Flow, bias: Host) -> Flow:
    draft = walk.drafts[-1]
    units = draft.arguments["units"]
    if (
        bias.size not in (1, units)
        or bias.shape[-1:] not in ((), (1,), (units,))
        or bias.ndim > len(flow.axes)
        or flow.axes[-1] != FEATURES
    ):
        raise ValueError(f"adds an array of shape {bias.shape} to {units} features")
    draft.arguments["use_bias"] = True
    draft.weights.append(np.array(np.broadcast_to(bias.reshape(-1), (units,))))
    return flow


def add(walk: Walk, node: Node) -> Value:
    """A Dense's bias, the other half of a :class:`Scaling`, or both directions of an LSTM summed."""
    flow, other = _pair(walk, node)
    if isinstance(other, Flow):
        return _merged(flow, other, "sum")
    draft = walk.drafts[-1] if walk.drafts else None
    if isinstance(draft, Scaling) and not draft.weights[1].any():
        draft.weights[1] = walk.by_feature(flow, other, "a summand")
        return flow
    if (
        draft is not None
        and draft.kind is Dense
        and not draft.arguments["use_bias"]
        and draft.arguments["activation"] == Spec()
    ):
        return _biased(walk, flow, other)
    raise ValueError("adds a constant to what is no product")


def multiply(walk: Walk, node: Node) -> Value:
    """A :class:`Scaling`, the mean or the product of both directions, or x sigmoid(x)."""
    values = walk.get(node, 0), walk.get(node, 1)
    if any(isinstance(value, Flow) and value is walk.before for value in values):
        return _silu(walk, *values)
    flow, other = _pair(walk, node)
    if isinstance(other, Flow):
        return _merged(flow, other, "mul")
    if flow.merge == "sum" and other.size == 1 and other == 0.5:
        return flow._replace(merge="ave")
    return walk.add(flow, Scaling(node.label, walk.by_feature(flow, other, "a factor")))


def _pair(walk: Walk, node: Node) -> tuple[Flow, Flow | Host]:
    """A layer's output, and what it is added to or multiplied with, in either order."""
    first = 0 if isinstance(walk.get(node, 0), Flow) else 1
    flow, other = walk.flow(node, first), walk.get(node, 1 - first)
    if isinstance(other, Flow):
        return flow, walk.flow(node, 1 - first)
    return flow, walk.need(node, 1 - first)


def _merged(one: Flow, two: Flow, merge: str) -> Flow:
    """Both directions of an LSTM put together."""
    if {one.part, two.part} != {0, 1} or one._replace(part=0) != two._replace(part=0):
        raise ValueError("joins two branches that are not both directions of an LSTM")
    return one._replace(part=None, merge=merge)


def _silu(walk: Walk, *values: Value | None) -> Value:
    """x sigmoid(x): the sigmoid before was a part of it."""
    flow = next((value for value in values if isinstance(value, Flow) and value is not walk.before), None)
    draft = walk.drafts[-1]
    if flow is None or flow.stage != len(walk.drafts) or draft.kind is not Activation:
        raise ValueError("joins two branches")
    if draft.arguments["activation"] != Spec("sigmoid"):
        raise ValueError("joins two branches")
    draft.arguments["activation"] = Spec("silu")
    return flow


def activation(walk: Walk, node: Node) -> Value:
    """An activation."""
    parameters = _PARAMETERS.get(node.kind)
    if parameters is None:
        return walk.add(walk.flow(node), Draft(Activation, node.label, {"activation": Spec(_NAMES[node.kind])}))
    given = {key: node.attributes.get(key, value) for key, value in parameters.items()}
    return walk.add(walk.flow(node), Draft(Activation, node.label, {"activation": spec(node.kind.lower(), **given)}))


def softmax(walk: Walk, node: Node) -> Value:
    """Over the features."""
    flow = walk.flow(node)
    axis = walk.axis(node, flow, 1 if walk.opset < 13 else -1)
    if axis != len(flow.axes) - 1 or flow.axes[-1] != FEATURES:
        raise ValueError("is over another axis than the features")
    return walk.add(flow, Draft(Activation, node.label, {"activation": Spec("softmax")}))


def layer_normalization(walk: Walk, node: Node) -> Value:
    """Over the features."""
    flow = walk.flow(node)
    if walk.axis(node, flow, -1) != len(flow.axes) - 1:
        raise ValueError("is over more than the features")
    gamma, beta = walk.need(node, 1), walk.constant(node, 2)
    weights = [walk.by_feature(flow, array, "weights") for array in (gamma, beta) if array is not None]
    arguments = {"epsilon": node.attributes.get("epsilon", 1e-5), "center": beta is not None}
    return walk.add(flow, Draft(LayerNormalization, node.label, arguments, weights, weights[0].size))


def gather(walk: Walk, node: Node) -> Value:
    """Rows of a table by index, or one place of an axis."""
    if isinstance(walk.get(node, 1), Flow):
        flow, table = walk.flow(node, 1), walk.need(node, 0)
        if flow.axes != (BATCH, TIME) or table.ndim != 2 or node.attributes.get("axis", 0) not in (0, -2):
            raise ValueError("takes rows of a table by what are no indices of steps")
        arguments = {"input_dim": table.shape[0], "output_dim": table.shape[1]}
        return walk.add(flow, Draft(Embedding, node.label, arguments, [table]), (BATCH, TIME, FEATURES))
    flow, place = walk.flow(node), walk.need(node, 1)
    if place.shape not in ((), (1,)) or place.dtype.kind not in "iu":
        raise ValueError("takes several parts of a layer's output")
    return pick(walk, flow, walk.axis(node, flow, 0), int(place.reshape(-1)[0]), (ONE,) * place.ndim)


#: Activations without parameters, by their operators.
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
