"""Convert recurrent nodes: LSTM, GRU and RNN, with states that are inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import ops
from ....layers import GRU, LSTM, Bidirectional, Layer, SimpleRNN
from ....layers.recurrent import Recurrent
from ..graph.graph import Node
from ..operators import activations
from ..operators.compute import cells_of
from ..operators.lstm_operator import DIRECTIONS
from ..reading.layer_builders import LSTMBuilder
from .folding import Known
from .scope import Scope
from .value import Value, arranged

Host = npt.NDArray[Any]
Layers = tuple[list[Recurrent], list[Host]]  #: a layer for each direction, and the weights of all

_GATES = {"GRU": 3, "RNN": 1}


def recurrent(scope: Scope, node: Node) -> list[Value | None]:
    """LSTM, GRU or RNN: the outputs of all steps, and the last states."""
    x, layout = scope.value(node), node.attributes.get("layout", 0)
    directions, weights = _lstms(scope, node) if node.kind == "LSTM" else _others(scope, node)
    if x.rank != 3:
        raise ValueError(f"takes sizes {x.sizes}, where three axes were expected")
    batch, time = (0, 1) if layout else (1, 0)
    if x.batch is None:
        x.without(batch)  # for its sentence
    elif x.batch != batch:
        raise ValueError(f"takes sizes {x.sizes}, where the batch was expected at axis {batch}. Give time_first or shapes")
    sequences = _is_used(scope, node, 0)
    for one in directions:
        one.return_sequences, one.return_state = sequences, True
    tensor = arranged(x, [time, 2])
    states = _states(scope, node, x.batch, batch, len(directions), tensor)
    layer: Layer = directions[0]
    if len(directions) > 1:
        name = scope.name(node, Bidirectional)
        layer = Bidirectional(directions[0], merge_mode=None, backward_layer=directions[1], name=name)
    options = {"initial_state": states} if states else {}
    if (mask := _mask(scope, node, x, tensor)) is not None:
        options["mask"] = mask
    found = list(scope.call(layer, tensor, weights, **options))
    count = len(directions)
    outputs, last = found[:count], found[count:]
    if sequences and mask is not None:  # ONNX's outputs are zero there, and those of layers are repeated
        in_order = ops.expand_dims(ops.flip(mask, 1) if count == 1 and directions[0].go_backwards else mask, -1)
        outputs = [y * in_order for y in outputs]
    y = _sequences(outputs, directions, x.batch is None, layout) if sequences else None
    num_states = len(last) // count
    after = [_joined(last[k::num_states], x.batch is None, layout) for k in range(num_states)]
    return [y, *after]


def _mask(scope: Scope, node: Node, x: Value, tensor: Any) -> Any:
    """Return the mask of the steps (batch, time) that sequence_lens counts, or None if there are all."""
    lengths = scope.get(node, 4)
    if lengths is None:
        return None
    steps = tensor.shape[1]
    if isinstance(lengths, Known):
        if steps is not None and lengths.is_number and np.all(lengths.array >= steps):
            return None
        raise ValueError("has constant sequence_lens of less than all steps. Make them an input of the graph")
    if lengths.rank != 1 or lengths.batch != 0 or x.batch is None:
        raise ValueError(f"has sequence_lens of sizes {lengths.sizes}, where one number for each sample was expected")
    counts = ops.cast(arranged(lengths, []), tensor.dtype)
    numbers = ops.cumsum(ops.ones_like(tensor[:, :, 0]), 1)
    return ops.less_equal(numbers, counts if len(counts.shape) > 1 else ops.expand_dims(counts, 1))


def _is_used(scope: Scope, node: Node, index: int) -> bool:
    return index < len(node.outputs) and scope.uses[node.outputs[index]] > 0


def _sequences(ys: Sequence[Any], layers: Sequence[Recurrent], alone: bool, layout: int) -> Value:
    """Return Y, (T, directions, batch, units), or (batch, T, directions, units) with ``layout``."""
    batch = None if alone else 0
    if len(ys) == 1:
        tensor = ops.flip(ys[0], 1) if layers[0].go_backwards else ys[0]
        time, direction, units = 1, None, 2
    else:
        tensor, time, direction, units = ops.stack(list(ys), 2), 1, 2, 3
    return Value(tensor, (batch, time, direction, units) if layout else (time, direction, batch, units))


def _joined(states: Sequence[Any], alone: bool, layout: int) -> Value:
    """Return last states, (directions, batch, units), or (batch, directions, units) with ``layout``."""
    batch = None if alone else 0
    if len(states) == 1:
        tensor, direction, units = states[0], None, 1
    else:
        tensor, direction, units = ops.stack(list(states), 1), 1, 2
    return Value(tensor, (batch, direction, units) if layout else (direction, batch, units))


def _states(scope: Scope, node: Node, at: int | None, batch: int, directions: int, x: Any) -> list[Any]:
    """Return the initial states of each direction in turn, or none if all are zero."""
    given = [scope.get(node, index) for index in ((5, 6) if node.kind == "LSTM" else (5,))]
    zero = [one is None or (isinstance(one, Known) and one.is_number and not one.array.any()) for one in given]
    if all(zero):
        return []
    values = [one for one in given if isinstance(one, Value)]
    if len(values) + sum(zero) != len(given):
        raise ValueError("begins with constant states that are not zero. Make them inputs of the graph")
    direction = 1 if batch == 0 else 0
    states = []
    for one in given:
        like = one if isinstance(one, Value) else values[0]
        if like.rank != 3 or (like.batch is None) != (at is None) or (at is not None and like.batch in (direction, 2)):
            raise ValueError(f"has states of sizes {like.sizes}, where the batch is expected at the axis of its input")
        if like.batch is None:
            like.without(0 if direction else 1)  # for its sentence
        tensor = arranged(like, [direction, 2])
        tensor = tensor if isinstance(one, Value) else ops.zeros_like(tensor)
        states.append([tensor[:, k] for k in range(directions)])
    return [of_direction[k] for k in range(directions) for of_direction in states]


def _lstms(scope: Scope, node: Node) -> Layers:
    """Return an LSTM layer for each direction of an LSTM node, and their weights."""
    inputs = [None, *(scope.constant(node, index) for index in range(1, 4)), None, None, None]
    inputs.append(scope.constant(node, 7))
    builder = LSTMBuilder(node.label, cells_of(inputs, node.attributes))
    layers = [builder.direction(cell, scope.name(node, LSTM)) for cell in builder.cells]
    return list(layers), builder.weights


def _others(scope: Scope, node: Node) -> Layers:
    """Return a GRU or SimpleRNN for each direction, and their weights."""
    attributes, gates = node.attributes, _GATES[node.kind]
    reverse = DIRECTIONS.get(attributes.get("direction", "forward"))
    if reverse is None:
        raise ValueError(f"has the direction {attributes['direction']!r}")
    W, R, B = scope.require(node, 1), scope.require(node, 2), scope.constant(node, 3)
    K, H = len(reverse), R.shape[-1]
    if W.ndim != 3 or W.shape[:2] != (K, gates * H) or R.shape != (K, gates * H, H):
        raise ValueError(f"has weights of shapes {W.shape} and {R.shape}, of which W must be ({K}, {gates * H}, D)")
    if B is not None and B.shape != (K, 2 * gates * H):
        raise ValueError(f"has a bias of shape {B.shape}, which must be ({K}, {2 * gates * H})")
    if "clip" in attributes:
        raise ValueError(f"has clip={attributes['clip']}, which a {node.kind} layer has not")
    functions = activations.parse(
        list(attributes.get("activations") or (["Sigmoid", "Tanh"] if gates == 3 else ["Tanh"]) * K),
        list(attributes.get("activation_alpha") or ()),
        list(attributes.get("activation_beta") or ()),
    )
    per_direction = 2 if gates == 3 else 1
    if len(functions) != K * per_direction:
        raise ValueError(f"has {len(functions)} activations, which must be {K * per_direction}")
    after = bool(attributes.get("linear_before_reset", 0))
    layers: list[Recurrent] = []
    weights: list[Host] = []
    for k in range(K):
        of_direction = functions[k * per_direction : (k + 1) * per_direction]
        options: dict[str, Any] = {"use_bias": B is not None, "go_backwards": reverse[k]}
        if gates == 3:
            name = scope.name(node, GRU)
            layers.append(GRU(H, of_direction[1], of_direction[0], reset_after=after, name=name, **options))
        else:
            layers.append(SimpleRNN(H, of_direction[0], name=scope.name(node, SimpleRNN), **options))
        weights += [W[k].T, R[k].T]
        if B is not None:
            halves = B[k].reshape(2, -1)
            with np.errstate(invalid="ignore", over="ignore"):  # the sum of infinite biases is NaN
                weights.append(halves if gates == 3 and after else np.asarray(halves.sum(axis=0)))
    return layers, weights


HANDLERS = dict.fromkeys(("GRU", "LSTM", "RNN"), recurrent)
