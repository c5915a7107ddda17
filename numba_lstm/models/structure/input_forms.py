"""Forms in which a model takes its inputs and returns its outputs: one, a list, or a dict by name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ...layers.base.graph.symbolic import SymbolicTensor, flatten


def in_order(model: str, x: Any, names: Sequence[str], layers: Sequence[str]) -> list[Any]:
    """Return the inputs in ``x`` in the order of their ``names``.

    Parameters
    ----------
    model : str
        The model's name.
    x : object
        The only input, or a list or a dict of several.
    names, layers : sequence of str
        The names of the inputs, and those of their input layers, by which a dict may have them, too.

    Raises
    ------
    ValueError
        For another number of entries, and for other keys of a dict.
    """
    if isinstance(x, Mapping):
        return _by_name(model, x, names, layers)
    entries = list(x) if isinstance(x, (list, tuple)) else [x]
    if len(entries) != len(names):
        raise ValueError(
            f"{model} takes {len(names)} input{'s' * (len(names) > 1)} ({', '.join(names)}), got {len(entries)}. "
            "Give a list with one entry for each."
        )
    return entries


def _by_name(model: str, x: Mapping[str, Any], names: Sequence[str], layers: Sequence[str]) -> list[Any]:
    for keys in (names, layers):
        if set(keys) <= set(x):
            if extra := set(x) - set(keys):
                warnings.warn(f"{model} leaves out the inputs {sorted(map(str, extra))}.", stacklevel=6)
            return [x[key] for key in keys]
    came = ", ".join(map(repr, x)) or "none"
    raise ValueError(f"{model} takes a dict with the keys {', '.join(map(repr, names))}, got {came}. Rename them.")


def in_order_of_keys(form: Any) -> list[SymbolicTensor]:
    """Return the tensors of a form, those of a dict in the order of its sorted keys, in which Keras walks to the inputs."""
    if isinstance(form, Mapping) and all(isinstance(key, str) for key in form):
        form = [form[key] for key in sorted(form)]
    return flatten(form)
