"""RandomExpression: random numbers of a function of symbolic tensors, before they meet one of those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ....ops.symbolic import MAKERS, SymbolicOperand
from ....ops.tensor import FUNCTIONS, as_tensor
from ....ops.tracing import input_like
from ....random.tensors import NAMES, PREFIX
from ...base.graph.symbolic import SymbolicTensor

#: Functions that draw numbers of a shape.
DRAWS = frozenset(PREFIX + name for name in NAMES)

#: In place of unknown sizes in a trial run.
_TRIAL = 9973


class RandomExpression(SymbolicOperand):
    """A draw of :mod:`numba_lstm.random` for as many samples as a graph has, or what is computed of one.

    The first symbolic tensor that it meets in an operation tells the sizes, and the draw becomes an operation on it. So all
    operations that take the expression have the same numbers.

    Parameters
    ----------
    function : str
        The function's name.
    arguments, options
        The function's arguments.
    """

    def __init__(self, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        self.function, self.arguments, self.options = function, arguments, options
        self._met: Any = None
        self.shape = tuple(None if size == _TRIAL else size for size in as_tensor(_tried(self)).shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def met_with(self, tensor: SymbolicTensor) -> Any:
        """Return the symbolic tensor of the numbers, whose unknown sizes are those of ``tensor`` if it is the first one met."""
        if self._met is None:
            arguments = tuple(meeting(argument, tensor) for argument in self.arguments)
            if self.function in DRAWS:
                arguments = (tensor, *arguments)
            options = {name: meeting(value, tensor) for name, value in self.options.items()}
            self._met = MAKERS[0](self.function, arguments, options)
        return self._met


def meeting(value: Any, tensor: SymbolicTensor) -> Any:
    """Return an argument of an operation with the symbolic tensors of its random expressions."""
    if isinstance(value, RandomExpression):
        return value.met_with(tensor)
    if isinstance(value, list):
        return [meeting(entry, tensor) for entry in value]
    return tuple(meeting(entry, tensor) for entry in value) if isinstance(value, tuple) else value


def is_random(value: Any) -> bool:
    """Return whether an argument is a random expression, or a list or a tuple with one."""
    return isinstance(value, RandomExpression) or (isinstance(value, (list, tuple)) and any(map(is_random, value)))


def first_tensor(values: Iterable[Any]) -> SymbolicTensor | None:
    """Return the first symbolic tensor among arguments; None without one."""
    for value in values:
        found = first_tensor(value) if isinstance(value, (list, tuple)) else value
        if isinstance(found, SymbolicTensor):
            return found
    return None


def _tried(value: Any) -> Any:
    """Return an argument of a trial run: tensors in place of expressions, and numbers in place of unknown sizes."""
    if isinstance(value, RandomExpression):
        arguments = [_tried(argument) for argument in value.arguments]
        if value.function in DRAWS:
            arguments = [None, [_TRIAL if size is None else size for size in arguments[0]]]
        return FUNCTIONS[value.function](*arguments, **{name: _tried(one) for name, one in value.options.items()})
    if isinstance(value, (list, tuple)):
        return type(value)(_tried(entry) for entry in value)
    return (
        input_like([_TRIAL if size is None else size for size in value.shape]) if isinstance(value, SymbolicOperand) else value
    )
