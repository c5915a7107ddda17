"""Convert operations in the graph of a functional model of Keras, which are layers there and here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .....files.errors import FileFormatError

_NUMPY, _CORE = "keras.src.ops.numpy", "keras.src.ops.core"

#: Operations that legacy files have too, without a module: those that make masks.
_OF_MASKS = ("NotEqual", "Any")


class _Kind(NamedTuple):
    """Operation of Keras."""

    module: str
    function: str  #: its name here
    operands: int
    options: tuple[str, ...] = ()  #: arguments in its config, in the order of the function's


_KINDS = {
    **{
        name: _Kind(_NUMPY, function, 2)
        for name, function in {
            **{"NotEqual": "not_equal", "Equal": "equal", "Greater": "greater", "GreaterEqual": "greater_equal"},
            **{"Less": "less", "LessEqual": "less_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or"},
            **{"Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "true_divide"},
            **{"Maximum": "maximum", "Minimum": "minimum"},
        }.items()
    },
    **{name: _Kind(_NUMPY, name.lower(), 1, ("axis", "keepdims")) for name in ("Any", "All", "Sum", "Mean", "Max", "Min")},
    "LogicalNot": _Kind(_NUMPY, "logical_not", 1),
    "Cast": _Kind(_CORE, "cast", 1, ("dtype",)),
}


def is_operation(entry: Mapping[str, Any]) -> bool:
    """Return whether the entry of a layer is an operation that is read."""
    kind = _KINDS.get(entry["class_name"]) if isinstance(entry.get("class_name"), str) else None
    if kind is None:
        return False
    return entry.get("module") == kind.module or (entry.get("module") is None and entry["class_name"] in _OF_MASKS)


def from_keras_operation(
    name: str, entry: Mapping[str, Any], reference: Callable[[Any], list[Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Convert the entry of an operation to that of a layer and its only call; ``reference`` does that of a tensor.

    Raises
    ------
    FileFormatError
        For several calls, and for arguments that are neither tensors nor numbers.
    """
    kind, nodes = _KINDS[entry["class_name"]], entry.get("inbound_nodes")
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else None
    given = node.get("args") if isinstance(node, dict) and not node.get("kwargs") else None
    if not isinstance(given, list) or len(given) != kind.operands:
        raise FileFormatError(f"its operation {name!r:.100} is not one call with {kind.operands} arguments by position.")
    inputs: list[Any] = []
    arguments: list[Any] = []
    for value in given:
        if isinstance(value, (bool, int, float)):
            arguments.append(value)
            continue
        (found,) = reference(value) or [None]
        if found not in inputs:
            inputs.append(found)
        arguments.append({"input": inputs.index(found)})
    if not inputs or None in inputs:
        raise FileFormatError(f"its operation {name!r:.100} takes no output of a layer.")
    options = {
        key: value for key, value in entry.get("config", {}).items() if key not in ("name", "initial") and value is not None
    }
    if any(key not in kind.options or not _is_plain(value) for key, value in options.items()):
        raise FileFormatError(f"its operation {name!r:.100} has the arguments {options!r:.100}, which are not taken.")
    config = {"name": name, "function": kind.function, "arguments": arguments, "options": options}
    return {"class_name": "Operation", "config": config}, [{"inputs": inputs, "states": [], "training": None}]


def _is_plain(value: Any) -> bool:
    """Return whether a value is an axis or several, a truth value, or the name of a dtype."""
    return isinstance(value, (bool, int, str)) or (isinstance(value, list) and all(isinstance(one, int) for one in value))


def needed_layers(converted: Mapping[str, Any], outputs: Any) -> set[str]:
    """Return the names of layers and of what they take, without operations for masks that were left out."""
    names = [name for name, entry in converted.items() if entry.get("class_name") != "Operation"]
    waiting = [*names, *(reference[0] for reference in _flat(outputs) if reference[0] in converted)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        for call in converted[name]["calls"]:
            masks = [mask for _, mask in call.get("masks", ()) if mask is not None]
            waiting += [reference[0] for reference in (*call["inputs"], *call["states"], *masks)]
    return needed


def _flat(form: Any) -> list[list[Any]]:
    """Return the references in a form."""
    if isinstance(form, dict):
        return list(form.values())
    return [form] if form and isinstance(form[0], str) else form


def to_keras_operation(config: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the config of an Operation to the entry of an operation of Keras, without its call.

    Raises
    ------
    ValueError
        For a function that is not written.
    """
    name, function = config["name"], config["function"]
    found = next((key for key, kind in _KINDS.items() if kind.function == function), None)
    if found is None or len(operands_of(config)) != _KINDS[found].operands:
        raise ValueError(f"{name} calls ops.{function}, which is not written to Keras's files. Save the model as .nlstm.")
    kind = _KINDS[found]
    given = dict(zip(kind.options, config["arguments"][kind.operands :], strict=False)) | config["options"]
    if function != "cast" and kind.options:
        given = {"axis": None, "keepdims": False, **given}
    return {"module": kind.module, "class_name": found, "config": {"name": name, **given}, "registered_name": found}


def operands_of(config: Mapping[str, Any]) -> Sequence[Any]:
    """Return the arguments of an Operation's function that are no options: tensors as ``{"input": k}``, and numbers."""
    kind = next((kind for kind in _KINDS.values() if kind.function == config["function"]), None)
    given = config["arguments"] if kind is None else config["arguments"][: kind.operands]
    plain = [one for one in given if isinstance(one, (bool, int, float)) or (isinstance(one, dict) and "input" in one)]
    return plain if kind is not None and set(config["options"]) <= set(kind.options) else []
