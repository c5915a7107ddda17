"""Calls of layers in a graph: forward, from values to values, and backward, from gradients to gradients."""

from __future__ import annotations

import warnings
from typing import Any

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...layers.base import Backward, Forward
from .execution import LayerCall


def propagate(
    ops: Ops, call: LayerCall, values: list[Any], masks: list[Any], given: tuple[Array, ...], training: bool, key: Key | None
) -> Forward:
    """Compute a call of a layer, and write its outputs and their masks into ``values`` and ``masks``."""
    layer = call.layer
    x, mask = (tuple(entries[value] for value in call.inputs) for entries in (values, masks))
    states = tuple(values[value] for value in call.states) or given or None
    if call.training is not None:
        training = call.training
    result = layer.propagate(
        ops, x if layer.takes_several else x[0], states, mask if layer.takes_several else mask[0], training, key
    )
    if result.mask is None and not layer.supports_masking and any(one is not None for one in mask):
        warnings.warn(f"{layer.name} takes no mask: what follows it sees masked steps as any other.", stacklevel=3)
    ys = result.y if isinstance(result.y, tuple) else (result.y,)
    for value, y in zip(call.outputs, ys, strict=True):
        values[value], masks[value] = y, result.mask
    for value, state in zip(call.last_states, result.states if call.last_states else (), strict=True):
        values[value] = state
    return result


def backpropagate(
    ops: Ops, call: LayerCall, tape: Tape, slopes: list[Any], dstates: tuple[Array, ...], need_dx: bool
) -> Backward | None:
    """Compute the gradients of a call, and add those of its inputs to ``slopes``; None if nothing depends on its outputs."""
    layer = call.layer
    dy = tuple(slopes[value] for value in call.outputs)
    last = tuple(slopes[value] for value in call.last_states)
    if all(slope is None for slope in last):
        last = dstates
    if all(slope is None for slope in dy + last):
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
