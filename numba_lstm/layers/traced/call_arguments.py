"""Arguments of a user's method ``call``: which of them are inputs, and how inputs are given to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..base.graph.symbolic import is_symbolic

#: Arguments that are no inputs.
_OPTIONS = frozenset({"training", "mask"})


def parameters(call: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters of a function, without ``*args`` and ``**kwargs``."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [name for name, one in inspect.signature(call).parameters.items() if one.kind not in variadic]


def input_parameters(call: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters that take inputs."""
    return [name for name in parameters(call) if name not in _OPTIONS]


def takes_several_arguments(call: Callable[..., Any]) -> bool:
    """Return whether several arguments of ``call`` without defaults take inputs: then a list of inputs is given one by one."""
    known = inspect.signature(call).parameters
    return sum(known[name].default is inspect.Parameter.empty for name in input_parameters(call)) > 1


def bound_inputs(name: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """Return the inputs of a call of the layer ``name``, in the order of the parameters of ``call``.

    Raises
    ------
    TypeError
        For anything but arrays and symbolic tensors, and for arguments that ``call`` does not have.
    """
    given = inspect.signature(call).bind(*args, **kwargs).arguments
    for key, value in given.items():
        if not (is_symbolic(value) or hasattr(value, "shape") or isinstance(value, (list, tuple))):
            raise TypeError(
                f"{name} takes arrays or symbolic tensors in a call, got {value!r} for {key!r}. Give it to the constructor."
            )
    return list(given.values())


def mask_options(call: Callable[..., Any], masks: Sequence[Any], several: bool, positional: bool) -> dict[str, Any]:
    """Return the masks by the names of the arguments that take them: ``mask``, and ``query_mask`` of a ``query``."""
    if not positional:
        return {"mask": list(masks) if several else masks[0]}
    return {"mask": masks[0]} | {f"{name}_mask": one for name, one in zip(input_parameters(call), masks, strict=False)}
