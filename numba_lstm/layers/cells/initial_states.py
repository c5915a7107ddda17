"""Checks of initial states from users, with errors that say how to write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inputs.array_like import SEQUENCES, axes_of, is_array


def check_h_and_c(name: str, states: Any) -> None:
    """Raise ValueError unless ``states`` has two entries, for the layer or the cell ``name``."""
    if _count(states) != 2:
        raise ValueError(f"{name} expects initial_state to be two arrays, h and c, got {_described(states)}. Give [h, c].")


def check_pairs(name: str, states: Any, cells: int) -> None:
    """Raise ValueError unless ``states`` are pairs of h and c, one for each of ``cells`` cells of the layer ``name``."""
    if _count(states) != cells or not all(map(_is_pair, states)):
        form = ", ".join(["[h, c]"] * cells)
        raise ValueError(
            f"{name} expects initial_state to be {cells} pair{'s' * (cells > 1)} of h and c, got {_described(states)}. "
            f"Give a pair for each cell, the lowest first: [{form}]."
        )


def check_direction_states(name: str, layers: Sequence[tuple[str, int]], states: Any) -> None:
    """Raise ValueError unless ``states`` has as many entries as the two layers of a Bidirectional have states.

    Parameters
    ----------
    name : str
        Of the Bidirectional.
    layers : sequence of (str, int)
        The name and the number of cells of both.
    states : object
        What the user gave.
    """
    (one, cells), (two, _) = layers
    sizes = [2 if count == 1 else count for _, count in layers]
    if _count(states) == sum(sizes):
        return
    what = "h and c" if cells == 1 else "a pair of h and c for each cell"
    raise ValueError(
        f"{name} expects initial_state to be a list of {sum(sizes)}, {what} of {one} and then of {two}, "
        f"got {_described(states)}.{_hint(sizes, cells, states)}"
    )


def _hint(sizes: Sequence[int], cells: int, states: Any) -> str:
    is_state = _is_one_state if cells == 1 else _is_pair
    pairs = [] if _count(states) != 2 else [list(pair) if isinstance(pair, SEQUENCES) else [] for pair in states]
    if list(map(len, pairs)) == list(sizes) and all(is_state(state) for pair in pairs for state in pair):
        return " Put the states of both layers in one list: [*states[0], *states[1]]."
    if _count(states) == sizes[0] == sizes[1] and all(map(is_state, states)):
        return " For the same in both directions: [*states, *states]."
    return ""


def _count(states: Any) -> int:
    """Return the number of states; 0 for anything but a list of them, such as one array (N, H)."""
    if isinstance(states, SEQUENCES) or (is_array(states) and axes_of(states) > 2):
        return len(states)
    return 0


def _is_one_state(state: Any) -> bool:
    """Return whether ``state`` may be h or c: an array (N, H), or rows of numbers."""
    if is_array(state):
        return axes_of(state) == 2
    return isinstance(state, SEQUENCES) and not any(axes_of(row) > 1 for row in state)


def _is_pair(state: Any) -> bool:
    """Return whether ``state`` may be a pair of h and c."""
    return _count(state) == 2 and all(map(_is_one_state, state))


def _described(states: Any) -> str:
    if is_array(states):
        return f"one array of shape {getattr(states, 'shape', '()')}"
    if not isinstance(states, SEQUENCES):
        return type(states).__name__
    kinds = {"array" if is_array(state) else "list" if isinstance(state, SEQUENCES) else "entry" for state in states}
    kind = kinds.pop() if len(kinds) == 1 else "entry"
    plural = "entries" if kind == "entry" else f"{kind}s"
    return f"{len(states)} {kind if len(states) == 1 else plural}"
