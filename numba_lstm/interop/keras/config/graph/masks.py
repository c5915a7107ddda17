"""Masks in the graph of a functional model of Keras.

Keras 3 writes the operations that make a mask as layers, ``NotEqual`` and ``Any``, and the mask as an argument of a call, also
where it followed the edges of the graph. Such a mask is left out here: the one that the layers before the call make.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from .....files.errors import FileFormatError
from .operations import is_operation

Reference = list[Any]


class Masks:
    """The masks of calls; ``entries`` are the entries of all layers, by name."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self.entries = entries
        self.inputs: dict[tuple[str, int], list[Reference]] = {}  #: the inputs of each call
        self.numbers: dict[str, int] = {}
        self.given: list[dict[str, Any]] = []  #: calls that were given masks
        self.with_states: list[tuple[str, Reference]] = []  #: layers that are called with states, and their inputs

    def add(self, name: str, call: dict[str, Any], *, has_states: bool) -> None:
        """Add the next call of the layer ``name``; ``has_states`` says whether Keras gives it states and no mask."""
        number = self.numbers.get(name, 0)
        self.numbers[name] = number + 1
        inputs, masks = call["inputs"], call.get("masks", [])
        self.inputs[name, number] = inputs
        if any(isinstance(key, int) and key >= len(inputs) for key, _ in masks):
            raise FileFormatError(f"its layer {name!r:.100} is called with more masks than inputs.")
        self.with_states += [(name, source) for source in inputs[:1] if has_states and not masks]
        self.given += [call] if masks else []

    def leave_out(self) -> None:
        """Leave out the masks that the layers before their calls make, after the last call was added."""
        for name, source in self.with_states:
            self.warn_of_states(name, source)
        for call in self.given:
            masks = [
                [key, mask]
                for key, mask in call.pop("masks")
                if mask is None or not (isinstance(key, int) and self._is_made_before(call["inputs"][key], mask))
            ]
            if any(mask is not None for _, mask in masks):
                call["masks"] = masks

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

    def _is_made_before(self, source: Reference, mask: Reference) -> bool:
        """Return whether a ``Masking`` or ``Embedding`` that makes ``mask`` is among the layers before ``source``."""
        made = self._made_of(mask)
        for _ in range(len(self.inputs) + 1):
            name, number, _ = source
            inputs = self.inputs.get((name, number), [])
            if not inputs or made is None:
                return False
            if self._left_out(name) == made[1] and inputs[0] == made[0]:
                return True
            source = inputs[0]
        return False

    def _left_out(self, name: str) -> Any:
        """Return the number that a ``Masking`` or ``Embedding`` leaves out; None for other layers."""
        entry, config = self.entries[name], self.entries[name].get("config")
        if not isinstance(config, dict):
            return None
        if entry.get("class_name") == "Masking":
            return config.get("mask_value", 0.0)
        return 0 if entry.get("class_name") == "Embedding" and config.get("mask_zero") else None

    def _made_of(self, mask: Reference) -> tuple[Reference, Any] | None:
        """Return the output that a mask compares with a number, and it: ``NotEqual(x, 0)`` or ``Any(NotEqual(x, 0.0))``."""
        for _ in range(2):
            entry = self.entries[mask[0]]
            nodes = entry.get("inbound_nodes")
            if not is_operation(entry) or not isinstance(nodes, list) or len(nodes) != 1:
                return None
            try:
                source = nodes[0]["args"][0]["config"]["keras_history"]
            except (TypeError, LookupError):
                return None
            if not isinstance(source, list) or len(source) != 3 or source[0] not in self.entries:
                return None
            if entry["class_name"] == "NotEqual":
                return source, nodes[0]["args"][-1]
            if entry["class_name"] != "Any":
                return None
            mask = source
        return None
