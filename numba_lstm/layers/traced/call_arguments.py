"""Arguments of a user's method ``call``: inputs, constants, and how both are given to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.graph.symbolic import INPUTS, is_symbolic

#: Arguments that are no inputs.
_OPTIONS = frozenset({"training", "mask"})


class BoundCall(NamedTuple):
    """Inputs and other arguments of a call."""

    x: Any  #: one input, or a list of several
    mask: Any  #: what was given as ``mask`` by position
    constants: dict[str, Any]  #: other arguments by name, and for several inputs the names of their parameters


def parameters(call: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters of a function, without ``*args`` and ``**kwargs``."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [name for name, one in inspect.signature(call).parameters.items() if one.kind not in variadic]


def takes_several_arguments(call: Callable[..., Any]) -> bool:
    """Return whether several arguments of ``call`` without defaults take inputs: then a list of inputs is given one by one."""
    known = inspect.signature(call).parameters
    return sum(known[name].default is inspect.Parameter.empty for name in parameters(call) if name not in _OPTIONS) > 1


def bound_call(name: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BoundCall:
    """Return the arguments of a call of the layer ``name``, inputs in the order of the parameters of ``call``.

    Raises
    ------
    TypeError
        For arguments that ``call`` does not have, for a constant by position, and for anything that is no constant.
    """
    if len(args) == 1 and not kwargs:
        return BoundCall(args[0], None, {})
    known = inspect.signature(call).parameters
    given: dict[str, Any] = {}
    variadic = False
    for key, value in inspect.signature(call).bind_partial(*args, **kwargs).arguments.items():
        variadic = variadic or known[key].kind is inspect.Parameter.VAR_POSITIONAL
        entries = enumerate(value) if known[key].kind is inspect.Parameter.VAR_POSITIONAL else [(key, value)]
        given |= value if known[key].kind is inspect.Parameter.VAR_KEYWORD else {str(k): one for k, one in entries}
    mask = given.pop("mask", None)
    first = next(iter(known), None)
    inputs = {key: value for key, value in given.items() if key == first or _is_input(value)}
    constants = {key: as_constant(name, key, value) for key, value in given.items() if key not in inputs}
    for value in args:
        if not (_is_input(value) or isinstance(value, (list, tuple)) or value is None):
            raise TypeError(f"{name} takes arrays or symbolic tensors by position, got {value!r:.80}. Give it by name.")
    constants = {key: value for key, value in constants.items() if not _is_default(known, key, value)}
    if first is not None and list(inputs) == [first]:
        return BoundCall(inputs[first], mask, constants)
    return BoundCall(list(inputs.values()), mask, constants | {INPUTS: () if variadic else tuple(inputs)})


def as_constant(name: str, key: str, value: Any) -> Any:
    """Return an argument of a call of the layer ``name`` that is no input: one value, or a tuple."""
    if isinstance(value, (list, tuple)):
        return tuple(as_constant(name, key, one) for one in value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"{name} takes arrays, symbolic tensors, numbers, texts, True, False and None in a call, got {value!r:.80} "
        f"for {key!r}. Give it to the constructor."
    )


def check_same_form(
    name: str, form: tuple[bool, Mapping[str, Any]], first: tuple[bool, Mapping[str, Any]], calls_layers: bool
) -> None:
    """Raise ValueError where a call of a built layer has another form than the first one.

    A form is whether there are several inputs, and the constants. These may differ unless the layer calls others.
    """
    (several, constants), (several_before, before) = form, first
    if several != several_before:
        raise ValueError(
            f"{name} was called on {'a list of inputs' if several_before else 'one input'} before. "
            "Make a new layer for another form."
        )
    if constants.get(INPUTS) != before.get(INPUTS):
        names = " and ".join(key or "others" for key in before.get(INPUTS) or ["a list"])
        raise ValueError(f"{name} was called on {names} before. Make a new layer for another form.")
    if calls_layers and constants != before:
        had = ", ".join(f"{key}={value!r}" for key, value in before.items() if key != INPUTS) or "none"
        raise ValueError(f"{name} calls layers, and its first call had other arguments: {had}. Make a new layer for others.")


def call_form(
    call: Callable[..., Any], inputs: Sequence[Any], several: bool, names: Sequence[str | None] | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return inputs as arguments of ``call`` by position and by name.

    ``names`` are those of several inputs, None for one by position; none at all if all are by position.
    """
    if not several:
        return tuple(inputs), {}
    if names:
        pairs = list(zip(names, inputs, strict=True))
        return tuple(x for name, x in pairs if name is None), {name: x for name, x in pairs if name is not None}
    if names is not None or takes_several_arguments(call):
        return tuple(inputs), {}
    return (list(inputs),), {}


def call_build(build: Callable[..., Any], input_shape: Any, several: bool) -> None:
    """Call the user's ``build``: with the only shape, a list of shapes, or each of them as an argument."""
    if not several:
        build(tuple(input_shape))
        return
    shapes = [tuple(shape) for shape in input_shape]
    if len(inspect.signature(build).parameters) > 1:
        build(*shapes)
    else:
        build(shapes)


def mask_options(call: Callable[..., Any], masks: Sequence[Any], several: bool, form: tuple[Any, Any]) -> dict[str, Any]:
    """Return the masks by the names of the arguments that take them: ``mask``, and ``query_mask`` of a ``query``."""
    args, named = form
    if len(args) == 1 and not named:
        return {"mask": list(masks) if several else masks[0]}
    names = [*[key for key in parameters(call) if key not in _OPTIONS][: len(args)], *named]
    return {"mask": masks[0]} | {f"{name}_mask": one for name, one in zip(names, masks, strict=False)}


def _is_input(value: Any) -> bool:
    """Return whether an argument is an array or a symbolic tensor, or a list with one."""
    if isinstance(value, (list, tuple)):
        return any(_is_input(one) for one in value[:1000])
    return is_symbolic(value) or (hasattr(value, "shape") and not isinstance(value, np.generic))


def _is_default(known: Mapping[str, inspect.Parameter], key: str, value: Any) -> bool:
    """Return whether a constant is the default of its parameter."""
    return key in known and type(known[key].default) is type(value) and bool(known[key].default == value)
