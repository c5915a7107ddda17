"""Operation: a layer that calls a function of numba_lstm.ops, as operators of symbolic tensors do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...naming import names
from ...ops.symbolic import MAKERS, SymbolicOperand
from ...ops.tensor import FUNCTIONS, Tensor, UntraceableError, as_tensor
from ...ops.tracing import input_like
from ..base.arguments import Shape
from .several_inputs import SeveralInputs, Shapes

#: Sizes in place of unknown ones, for two trial runs: what differs between them is unknown in the output.
_TRIALS = (11, 13)


class Operation(SeveralInputs):
    """A function of :mod:`numba_lstm.ops` on symbolic tensors: ``a + b``, ``a[:, -1]``, ``ops.mean(a, axis=1)``.

    Parameters
    ----------
    function : str
        The function's name.
    arguments : list
        Its arguments as JSON values: ``{"input": k}`` is input k, ``{"slice": [start, stop, step]}`` a slice.
    options : dict
        Arguments by name, in the same form.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For an unknown function.
    """

    at_least = 1
    supports_masking = False

    def __init__(self, function: str, arguments: Sequence[Any], options: Mapping[str, Any], **kwargs: Any) -> None:
        if function not in FUNCTIONS:
            raise ValueError(f"numba_lstm.ops has no function {function!r} for symbolic tensors.")
        self.function, self.arguments, self.options = function, list(arguments), dict(options)
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        arguments = [_filled(argument, inputs) for argument in self.arguments]
        options = {name: _filled(value, inputs) for name, value in self.options.items()}
        y = as_tensor(FUNCTIONS[self.function](*arguments, **options))
        if not y.ndim or y.shape[0] != inputs[0].shape[0]:
            raise ValueError(f"{self.name} must keep the batch axis first, but makes {y.shape} of {inputs[0].shape}.")
        return y

    def compute_mask_of(self, inputs: Any, masks: Any) -> None:
        return None

    def check_shapes(self, shapes: Shapes) -> None:
        self.compute_output_shape(shapes)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        try:
            one, other = (self._trial(input_shape, size) for size in _TRIALS)
        except UntraceableError as error:
            raise ValueError(f"{self.name} does not take inputs of shapes {list(input_shape)}: {error}") from None
        sizes = [a if a == b else None for a, b in zip(one, other, strict=True)]
        return (input_shape[0][0], *sizes[1:])

    def _trial(self, shapes: Shapes, size: int) -> tuple[int, ...]:
        inputs = tuple(input_like(tuple(size if n is None else n for n in (None, *shape[1:]))) for shape in shapes)
        return self.compute(inputs, (None,) * len(inputs), (), False).shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "function": self.function, "arguments": self.arguments, "options": self.options}


def _filled(value: Any, inputs: Sequence[Tensor]) -> Any:
    """Return an argument with the inputs in their places."""
    if isinstance(value, Mapping):
        ((kind, content),) = value.items()
        if kind == "input":
            return inputs[content]
        if kind == "slice":
            return slice(*content)
        if kind == "tuple":
            return tuple(_filled(entry, inputs) for entry in content)
        return Ellipsis if kind == "ellipsis" else np.asarray(content)
    return [_filled(entry, inputs) for entry in value] if isinstance(value, list) else value


def _described(value: Any, inputs: list[SymbolicOperand]) -> Any:
    """Return an argument as a JSON value, and collect the symbolic tensors in it."""
    if isinstance(value, SymbolicOperand):
        if not any(value is one for one in inputs):
            inputs.append(value)
        return {"input": next(k for k, one in enumerate(inputs) if one is value)}
    if isinstance(value, slice):
        return {"slice": [None if n is None else int(n) for n in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, tuple):
        return {"tuple": [_described(entry, inputs) for entry in value]}
    if isinstance(value, list):
        return [_described(entry, inputs) for entry in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a graph computes with tensors, arrays and numbers, got {type(value).__name__}.")
    return array.item() if array.ndim == 0 else {"array": array.tolist()}


def make(function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Return the symbolic result of a function of symbolic tensors: the output of a new layer."""
    inputs: list[SymbolicOperand] = []
    described = [_described(argument, inputs) for argument in arguments]
    named = {name: _described(value, inputs) for name, value in options.items()}
    label = {"_take_index": "get_item"}.get(function, function)
    return Operation(function, described, named, name=names.unique(label.title().replace("_", "")))(inputs)


MAKERS.append(make)
