"""Checks of initial states from users, with errors that say how to write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inputs.array_like import SEQUENCES, axes_of, is_array


def as_cell_states(name: str, kinds: Sequence[str], states: Any) -> Sequence[Any]:
    """Return the states of the layer or the cell ``name`` as a sequence; a single state may come without a list.

    ``kinds`` are the names of its states. ValueError for another number of them.
    """
    if len(kinds) == 1:
        if _count(states) == 1 and not _is_row(states[0]):
            return states  # type: ignore[no-any-return]
        if not _is_one_state(states):
            raise ValueError(f"{name} expects initial_state to be one array, {kinds[0]}, got {_described(states)}. Give [h].")
        return [states]
    if _count(states) != len(kinds):
        raise ValueError(f"{name} expects initial_state to be two arrays, h and c, got {_described(states)}. Give [h, c].")
    return states  # type: ignore[no-any-return]


def check_stack(name: str, kinds: Sequence[Sequence[str]], states: Any) -> None:
    """Raise ValueError unless ``states`` has the states of each cell of the layer ``name``, whose names are ``kinds``."""
    cells = len(kinds)
    if _count(states) == cells and all(_are_states(of_cell, names) for of_cell, names in zip(states, kinds, strict=True)):
        return
    form = ", ".join(f"[{', '.join(names)}]" for names in kinds)
    what = f"pair{'s' * (cells > 1)} of h and c" if _are_pairs(kinds) else f"list{'s' * (cells > 1)} of states"
    raise ValueError(
        f"{name} expects initial_state to be {cells} {what}, got {_described(states)}. "
        f"Give {'a pair' if _are_pairs(kinds) else 'one'} for each cell, the lowest first: [{form}]."
    )


def check_direction_states(name: str, layers: Sequence[tuple[str, Sequence[Sequence[str]]]], states: Any) -> None:
    """Raise ValueError unless ``states`` has as many entries as the two layers of a Bidirectional have states.

    Parameters
    ----------
    name : str
        Of the Bidirectional.
    layers : sequence of (str, sequence of sequence of str)
        The name of each layer, and the names of the states of each of its cells.
    states : object
        What the user gave.
    """
    (one, kinds), (two, _) = layers
    sizes = [num_entries(of_layer) for _, of_layer in layers]
    if _count(states) == sum(sizes):
        return
    pairs = "a pair of h and c for each cell" if _are_pairs(kinds) else "the states of each cell"
    what = " and ".join(kinds[0]) if len(kinds) == 1 else pairs
    raise ValueError(
        f"{name} expects initial_state to be a list of {sum(sizes)}, {what} of {one} and then of {two}, "
        f"got {_described(states)}.{_hint(sizes, kinds, states)}"
    )


def num_entries(kinds: Sequence[Sequence[str]]) -> int:
    """Return the number of entries of a layer's states in a list: those of its cell, or a list for each of several cells."""
    return len(kinds[0]) if len(kinds) == 1 else len(kinds)


def _are_pairs(kinds: Sequence[Sequence[str]]) -> bool:
    return all(len(names) == 2 for names in kinds)


def _hint(sizes: Sequence[int], kinds: Sequence[Sequence[str]], states: Any) -> str:
    is_state = _is_one_state if len(kinds) == 1 else _is_pair
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


def _is_row(state: Any) -> bool:
    """Return whether ``state`` may be a row of h: an array of one axis, or a list of numbers."""
    if is_array(state):
        return axes_of(state) == 1
    return not isinstance(state, SEQUENCES) or not any(is_array(x) or isinstance(x, SEQUENCES) for x in state)


def _are_states(states: Any, names: Sequence[str]) -> bool:
    """Return whether ``states`` may be the states of one cell."""
    if len(names) == 1:
        return _is_one_state(states) or (_count(states) == 1 and _is_one_state(states[0]))
    return _is_pair(states)


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
