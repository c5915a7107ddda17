"""Operation: a layer that calls a function of numba_lstm.ops, as operators of symbolic tensors do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...naming import names
from ...ops.symbolic import MAKERS, SymbolicOperand
from ...ops.tensor import FUNCTIONS, Operand, Tensor, UntraceableError, as_tensor
from ...ops.tracing import input_like, traced_operands
from ...random.tensors import PREFIX
from ...variables import Variable
from ..base.arguments import Shape
from .graphs.random_expression import DRAWS, RandomExpression, first_tensor, is_random, meeting
from .several_inputs import SeveralInputs, Shapes
from .trial_shapes import trial_shapes

#: In place of unknown sizes in a trial run.
_SIZE = 11


class BatchAxisError(ValueError):
    """A function does not keep the batch axis first."""


class Operation(SeveralInputs):
    """A function of :mod:`numba_lstm.ops` on symbolic tensors: ``a + b``, ``a[:, -1]``, ``ops.mean(a, axis=1)``.

    Parameters
    ----------
    function : str
        The function's name.
    arguments : list
        Its arguments as JSON values: ``{"input": k}`` is input k, ``{"weight": k}`` weight k, ``{"slice": [0, 9, 2]}`` a slice,
        ``{"call": [function, arguments, options]}`` the result of another function.
    options : dict
        Arguments by name, in the same form.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For an unknown function.
    """

    at_least = least_rank = 1
    takes_any_number = True

    @property
    def draws_in_inference(self) -> bool:
        return self.function.startswith(PREFIX)

    def __init__(self, function: str, arguments: Sequence[Any], options: Mapping[str, Any], **kwargs: Any) -> None:
        if function not in FUNCTIONS:
            raise ValueError(f"numba_lstm.ops has no function {function!r} for symbolic tensors.")
        self.function, self.arguments, self.options = function, list(arguments), dict(options)
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        y = as_tensor(fill({"call": [self.function, self.arguments, self.options]}, inputs, weights))
        if not y.ndim or y.shape[0] != inputs[0].shape[0]:
            raise BatchAxisError(f"{self.name} must keep the batch axis first, but makes {y.shape} of {inputs[0].shape}.")
        return y

    def compute_mask_of(self, inputs: Any, masks: Any) -> None:
        return None

    def check_shapes(self, shapes: Shapes) -> None:
        self.compute_output_shape(shapes)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        weights = [input_like(variable.shape) for variable in self.variables]
        try:
            (output,) = trial_shapes(input_shape, lambda xs: [self.compute(xs, (None,) * len(xs), weights, False)])
        except UntraceableError as error:
            raise ValueError(f"{self.name} does not take inputs of shapes {list(input_shape)}: {error}") from None
        return output

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "function": self.function, "arguments": self.arguments, "options": self.options}


class WeightExpression(SymbolicOperand):
    """What a method ``call`` computes of weights alone, before it meets a symbolic tensor: it becomes part of an operation.

    Parameters
    ----------
    function : str, optional
        The function's name; None for the weight itself.
    arguments, options
        The function's arguments, or the variable.
    """

    def __init__(self, function: str | None, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        self.function, self.arguments, self.options = function, arguments, options
        found = _Operands()
        value = fill(found.described(self), (), [input_like(variable.shape) for variable in found.weights])
        self.shape = as_tensor(value).shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)


class BatchExpression(WeightExpression):
    """What a method ``call`` computes of a whole batch, without the axis of samples: a loss that ``add_loss`` takes."""

    def __init__(self, function: str | None, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        self.function, self.arguments, self.options = function, arguments, options
        described, inputs, weights = describe(self)
        trials = [input_like([_SIZE if size is None else size for size in tensor.shape]) for tensor in inputs]
        self.shape = as_tensor(fill(described, trials, [input_like(variable.shape) for variable in weights])).shape


def describe(expression: WeightExpression) -> tuple[Any, list[Any], list[Variable]]:
    """Return an expression as a JSON value, with the symbolic tensors and the weights in it."""
    operands = _Operands()
    return operands.described(expression), operands.inputs, operands.weights


class _Operands:
    """The symbolic tensors and the weights in the arguments of a function, each once."""

    def __init__(self) -> None:
        self.inputs: list[SymbolicOperand] = []
        self.weights: list[Variable] = []

    def described(self, value: Any) -> Any:
        """Return an argument as a JSON value, and collect the tensors and the weights in it."""
        if isinstance(value, Operand):
            value = value.operand
        if isinstance(value, WeightExpression):
            if value.function is None:
                return {"weight": _place(self.weights, value.arguments[0])}
            arguments = [self.described(argument) for argument in value.arguments]
            return {"call": [value.function, arguments, {key: self.described(one) for key, one in value.options.items()}]}
        if isinstance(value, SymbolicOperand):
            return {"input": _place(self.inputs, value)}
        if isinstance(value, slice):
            return {"slice": [None if n is None else int(n) for n in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"ellipsis": True}
        if isinstance(value, tuple):
            return {"tuple": [self.described(entry) for entry in value]}
        if isinstance(value, list):
            return [self.described(entry) for entry in value]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"a graph computes with tensors, arrays and numbers, got {type(value).__name__}.")
        return array.item() if array.ndim == 0 else {"array": array.tolist()}


def _place(found: list[Any], value: Any) -> int:
    """Return the place of ``value`` among those ``found``, to which it is added at its first occurrence."""
    if not any(value is one for one in found):
        found.append(value)
    return next(k for k, one in enumerate(found) if one is value)


def fill(value: Any, inputs: Sequence[Tensor], weights: Sequence[Tensor]) -> Any:
    """Return an argument with the inputs and the weights in their places."""
    if not isinstance(value, Mapping):
        return [fill(entry, inputs, weights) for entry in value] if isinstance(value, list) else value
    ((kind, content),) = value.items()
    if kind == "call":
        function, arguments, options = content
        filled = [fill(argument, inputs, weights) for argument in arguments]
        return FUNCTIONS[function](*filled, **{key: fill(one, inputs, weights) for key, one in options.items()})
    if kind == "tuple":
        return tuple(fill(entry, inputs, weights) for entry in content)
    if kind in ("input", "weight"):
        return (inputs if kind == "input" else weights)[content]
    if kind == "slice":
        return slice(*content)
    return Ellipsis if kind == "ellipsis" else np.asarray(content)


def make(function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Return the symbolic result of a function of symbolic tensors: the output of a new layer, or an expression of weights."""
    values = [*arguments, *options.values()]
    if any(map(is_random, values)) or function in DRAWS:
        tensor = first_tensor(values)
        if tensor is None:
            return RandomExpression(function, arguments, options)
        arguments = tuple(meeting(argument, tensor) for argument in arguments)
        options = {name: meeting(value, tensor) for name, value in options.items()}
    operands = _Operands()
    described = [operands.described(argument) for argument in arguments]
    named = {name: operands.described(value) for name, value in options.items()}
    if not operands.inputs:
        return WeightExpression(function, arguments, options)
    label = {"_take_index": "get_item"}.get(function, function)
    layer = Operation(function, described, named, name=label)
    layer.variables = operands.weights
    of_batch = any(map(_is_of_batch, [*arguments, *options.values()]))
    try:
        layer.compute_output_shape([tensor.shape for tensor in operands.inputs])
    except BatchAxisError:
        if traced_operands() is None:  # add_loss is called in a method that is being traced
            raise
        return BatchExpression(function, arguments, options)
    if of_batch:
        raise ValueError(f"{label} joins a value of the whole batch with its samples, but only add_loss takes such a value.")
    layer.name = names.unique(label.title().replace("_", ""))
    return layer(operands.inputs)


def _is_of_batch(value: Any) -> bool:
    return isinstance(value, BatchExpression) or (isinstance(value, (list, tuple)) and any(map(_is_of_batch, value)))


MAKERS.append(make)
