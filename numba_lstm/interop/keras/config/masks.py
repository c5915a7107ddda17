"""Check the masks in the graph of a functional model of Keras.

Keras 3 writes the operations that make a mask as layers, ``NotEqual`` and ``Any``, and the mask as an argument of a call. Here
masks follow the edges of the graph, so a mask is left out if it is the one that the layers before the call make.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from ....files.errors import FileFormatError

_MODULE = "keras.src.ops.numpy"
_OPS = ("NotEqual", "Any")

Reference = list[Any]


def is_mask_op(entry: Mapping[str, Any]) -> bool:
    """Return whether the entry of a layer is an operation that makes a mask; legacy files do not have its module."""
    return entry.get("module", _MODULE) == _MODULE and entry.get("class_name") in _OPS


class Masks:
    """Checker of masks; ``entries`` are the entries of all layers, by name."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self.entries = entries
        self.inputs: dict[tuple[str, int], list[Reference]] = {}  #: the inputs of each call
        self.numbers: dict[str, int] = {}
        self.given: list[tuple[str, Reference, Reference]] = []  #: layers that were given a mask, their inputs, the masks
        self.with_states: list[tuple[str, Reference]] = []  #: layers that are called with states, and their inputs

    def add(self, name: str, inputs: list[Reference], masks: list[Reference], *, has_states: bool) -> None:
        """Add the next call of the layer ``name``; ``has_states`` says whether Keras gives it states and no mask."""
        number = self.numbers.get(name, 0)
        self.numbers[name] = number + 1
        self.inputs[name, number] = inputs
        if len(masks) > len(inputs):
            raise FileFormatError(f"its layer {name!r:.100} is called with more masks than inputs.")
        self.with_states += [(name, source) for source in inputs[:1] if has_states and not masks]
        self.given += [(name, source, mask) for source, mask in zip(inputs, masks, strict=False)]

    def check(self) -> None:
        """Check all masks, after the last call was added.

        Raises
        ------
        FileFormatError
            For a mask that is not that of the layers before the call.
        """
        for name, source in self.with_states:
            self.warn_of_states(name, source)
        for name, source, mask in self.given:
            made = self._made_of(mask)
            if made is None or not self._is_made_before(source, made):
                raise FileFormatError(
                    f"its layer {name!r:.100} is called with a mask of its own; masks of Masking and Embedding are read."
                )

    def warn_of_states(self, name: str, source: Reference) -> None:
        """Warn if the layer ``name``, which is called on ``source`` with initial states, sees a mask here."""
        for _ in range(len(self.inputs) + 1):
            layer, number, _ = source
            entry, inputs = self.entries[layer], self.inputs.get((layer, number), [])
            config = entry.get("config")
            if not inputs or not isinstance(config, dict) or config.get("return_sequences") is False:
                return
            if entry.get("class_name") == "Masking" or config.get("mask_zero"):
                warnings.warn(
                    f"{name:.100} leaves masked steps out; Keras 3 does not where a layer is called with initial_state.",
                    stacklevel=2,
                )
                return
            source = inputs[0]

    def _made_of(self, mask: Reference) -> Reference | None:
        """Return the output that a mask compares with a number: ``NotEqual(x, 0)`` or ``Any(NotEqual(x, 0.0))``."""
        for _ in range(2):
            entry = self.entries[mask[0]]
            nodes = entry.get("inbound_nodes")
            if not is_mask_op(entry) or not isinstance(nodes, list) or len(nodes) != 1:
                return None
            try:
                source = nodes[0]["args"][0]["config"]["keras_history"]
            except (TypeError, LookupError):
                return None
            if not isinstance(source, list) or len(source) != 3 or source[0] not in self.entries:
                return None
            if entry["class_name"] == "NotEqual":
                return source
            mask = source
        return None

    def _is_made_before(self, source: Reference, made: Reference) -> bool:
        """Return whether a ``Masking`` or ``Embedding`` that takes ``made`` is among the layers before ``source``."""
        for _ in range(len(self.inputs) + 1):
            name, number, _ = source
            inputs = self.inputs.get((name, number), [])
            if not inputs:
                return False
            if self.entries[name].get("class_name") in ("Masking", "Embedding") and inputs[0] == made:
                return True
            source = inputs[0]
        return False
