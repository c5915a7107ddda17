"""Conversion of a user's input to the array that its layers take on the device, by those that convert inputs on the host."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .execution import ExecutionGraph, LayerCall


def takers(graph: ExecutionGraph, value: int) -> list[LayerCall]:
    """Return the calls that take a value as an input, those of layers that take indices first."""
    calls = [call for call in graph.calls if value in call.inputs]
    return sorted(calls, key=lambda call: not call.layer.takes_indices)


def read_input(graph: ExecutionGraph, value: int, x: Any, what: str) -> npt.NDArray[Any]:
    """Return ``x``, the value of an input, as an array that all layers take which it goes into.

    Parameters
    ----------
    graph : ExecutionGraph
        The calls of a model.
    value : int
        The number of the value, which a call takes.
    x : object
        What the user gave.
    what : str
        Its name in errors.

    Raises
    ------
    TypeError, ValueError
        For anything that a layer does not take, for a value that several layers convert, and for one that no other layer takes.
    """
    calls = takers(graph, value)
    layers = [call.layer for call in calls]
    if not layers:
        raise ValueError(f"{what} goes only into layers that convert inputs. Call them by themselves, or add layers.")
    if len(layers) > 1 and any(layer.converts_inputs for layer in layers):
        names = ", ".join(layer.name for layer in layers)
        raise ValueError(f"{what} is converted and goes into several layers ({names}). Make an input for each.")
    readers = [layer for layer in layers if layer.takes_indices] or layers[:1]
    arrays = [layer.as_input(x, what) for layer in readers]
    return read_input(graph, calls[0].outputs[0], arrays[0], what) if layers[0].converts_inputs else arrays[0]
