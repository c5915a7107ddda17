"""Calls of layers in a graph: forward, from values to values, and backward, from gradients to gradients."""

from __future__ import annotations

import warnings
from typing import Any

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...layers.base import Backward, Forward
from ...ops.program import is_index
from .execution import LayerCall


def propagate(
    ops: Ops, call: LayerCall, values: list[Any], masks: list[Any], given: tuple[Array, ...], training: bool, key: Key | None
) -> Forward:
    """Compute a call of a layer, and write its outputs and their masks into ``values`` and ``masks``."""
    layer = call.layer
    x, mask = (tuple(entries[value] for value in call.inputs) for entries in (values, masks))
    arguments = call.arguments
    if call.masks:
        mask, arguments = _given_masks(ops, call, values, mask)
    states = tuple(values[value] for value in call.states) or given or None
    if call.training is not None:
        training = call.training
    result = layer.propagate(
        ops, x if layer.takes_several else x[0], states, mask if layer.takes_several else mask[0], training, key, **arguments
    )
    if result.mask is None and not layer.supports_masking and any(one is not None for one in mask):
        warnings.warn(f"{layer.name} takes no mask: what follows it sees masked steps as any other.", stacklevel=3)
    ys = result.y if isinstance(result.y, tuple) else (result.y,)
    after = result.mask if isinstance(result.mask, tuple) else (result.mask,) * len(ys)
    for value, y, one in zip(call.outputs, ys, after, strict=True):
        values[value], masks[value] = y, one
    for value, state in zip(call.last_states, result.states if call.last_states else (), strict=True):
        values[value] = state
    return result


def _given_masks(ops: Ops, call: LayerCall, values: list[Any], masks: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """Return the masks of the inputs (T, N) and the arguments of a call, with the masks that the call was given."""
    found, arguments = list(masks), dict(call.arguments)
    for key, value in call.masks:
        mask = None if value is None else _as_mask(ops, values[value])
        if isinstance(key, int):
            found[key] = mask
        else:
            arguments[key] = mask
    return tuple(found), arguments


def _as_mask(ops: Ops, x: Array) -> Array:
    """Return a value as truth values, steps first: it is (T, N) in whole numbers, and of numbers (N, T) or (T, N, S)."""
    rows = len(x.shape) == 2 and not is_index(x)
    return ops.not_equal(ops.dense(ops.permute(x, (1, 0))) if rows else x, 0)


def backpropagate(
    ops: Ops, call: LayerCall, tape: Tape, slopes: list[Any], dstates: tuple[Array, ...], need_dx: bool
) -> Backward | None:
    """Compute the gradients of a call, and add those of its inputs to ``slopes``; None if nothing depends on its outputs."""
    layer = call.layer
    dy = tuple(slopes[value] for value in call.outputs)
    last = tuple(slopes[value] for value in call.last_states)
    if all(slope is None for slope in last):
        last = dstates
    if all(slope is None for slope in dy + last) and not layer.adds_losses:
        return None
    back = layer.backpropagate(ops, tape, dy if len(dy) > 1 else dy[0], last or None, need_dx=need_dx)
    if need_dx:
        dx: Any = back.dx if layer.takes_several else (back.dx,)
        for value, slope in zip(call.inputs, dx, strict=True):
            add_to(ops, slopes, value, slope)
    for value, slope in zip(call.states, back.dstates if call.states else (), strict=True):
        add_to(ops, slopes, value, slope)
    return back


def add_to(ops: Ops, sums: list[Any], index: int, slope: Array | None) -> None:
    """Add a gradient to an entry of ``sums``."""
    if slope is not None:
        sums[index] = slope if sums[index] is None else ops.add(sums[index], slope)
