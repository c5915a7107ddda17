"""Symbolic tensors and nodes: the graph that calls of layers on the output of :func:`numba_lstm.layers.Input` make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ....ops.symbolic import SymbolicOperand
from ....ops.tensor import Tensor, UntraceableError
from ..arguments import Shape

MaskKey = int | str  #: what a mask of a call belongs to: the index of an input, or the name of an argument

#: Key, among the arguments of a call, of the names of the parameters that take inputs. No parameter has this name.
INPUTS = "*"

#: Entries of a list that may be symbolic tensors. A longer one holds numbers.
MAX_INPUTS = 1000

_NO_VALUES = "{name} is a symbolic tensor of shape {shape}, which has no values. {advice}"


class SymbolicTensor(SymbolicOperand):
    """Output of a layer in a graph: a shape and a dtype without values, as ``keras.KerasTensor``.

    Parameters
    ----------
    shape : tuple
        Batch axis first, None where any size fits.
    dtype : str
        Of its values.
    name : str
        The layer's name.
    """

    def __init__(self, shape: Shape, dtype: str, name: str) -> None:
        self.shape, self.dtype, self.name = shape, dtype, name
        self.node: Node  #: the call of a layer that returned it
        self.index: int  #: its place among the outputs of the node

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(self._without_values("Make a Model(inputs, outputs) of it, and call predict on arrays."))

    def __bool__(self) -> NoReturn:
        raise TypeError(self._without_values("A graph cannot branch on values."))

    def __iter__(self) -> NoReturn:
        raise TypeError(self._without_values("A graph cannot loop over its entries."))

    def _without_values(self, advice: str) -> str:
        return _NO_VALUES.format(name=self.name, shape=self.shape, advice=advice)

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class TrainingOfModel:
    """Value of ``training`` while a graph is made: layers follow the model's, and code cannot branch on it."""

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "training has no value while a graph is made, so code cannot branch on it. Pass it on: layer(x, training=training)."
        )


FOLLOWS_MODEL = TrainingOfModel()


class Node:
    """Call of a layer on symbolic tensors.

    Parameters
    ----------
    layer : Layer
        The layer, or a model that is used as one.
    inputs, states : tuple of SymbolicTensor
        Its inputs, and the initial states of a recurrent layer.
    training : bool, optional
        Whether the layer always computes as in training, or never; None follows the model.
    shapes : tuple of tuple
        The shapes of its outputs, the last states included.
    dtype : str
        Of its outputs.
    masks : dict, optional
        The masks of the call: a tensor, or None for no mask, by the index of an input or by the name of an argument. An input
        that has no entry has the mask that follows the edges of the graph.
    arguments : dict, optional
        Further arguments of the call, JSON values.
    """

    def __init__(
        self,
        layer: Any,
        inputs: tuple[SymbolicTensor, ...],
        states: tuple[SymbolicTensor, ...],
        training: bool | None,
        shapes: tuple[Shape, ...],
        dtype: str,
        masks: Mapping[MaskKey, SymbolicTensor | None] | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self.layer, self.inputs, self.states, self.training = layer, inputs, states, training
        self.masks, self.arguments = dict(masks or {}), dict(arguments or {})
        self.losses: list[SymbolicTensor] = []  #: outputs of added losses that depend on it
        self.outputs = tuple(SymbolicTensor(shape, dtype, layer.name) for shape in shapes)
        for index, output in enumerate(self.outputs):
            output.node, output.index = self, index

    @property
    def sources(self) -> tuple[SymbolicTensor, ...]:
        """All tensors that it takes."""
        return (*self.inputs, *self.states, *(mask for mask in self.masks.values() if mask is not None))


def flatten(value: Any) -> list[Any]:
    """Return the entries of nested lists, tuples and dicts in one list."""
    if isinstance(value, (list, tuple)):
        return [entry for part in value for entry in flatten(part)]
    if isinstance(value, Mapping):
        return [entry for part in value.values() for entry in flatten(part)]
    return [value]


class CallsLayersError(UntraceableError):
    """A function of tensors calls a layer, which takes symbolic tensors and arrays alone."""


def is_symbolic(*values: Any) -> bool:
    """Return whether any of ``values``, or an entry of a short list, a tuple or a dict of them, is a symbolic tensor.

    Raises
    ------
    CallsLayersError
        For a tensor of a traced function.
    """
    return any(_is_symbolic(value, 2) for value in values)


def _is_symbolic(value: Any, depth: int) -> bool:
    if isinstance(value, SymbolicTensor):
        return True
    if isinstance(value, Tensor):
        raise CallsLayersError("it calls a layer. Use functions of numba_lstm.ops alone.")
    if not depth or not isinstance(value, (list, tuple, Mapping)) or len(value) > MAX_INPUTS:
        return False
    entries = value.values() if isinstance(value, Mapping) else value
    return any(_is_symbolic(entry, depth - 1) for entry in entries)
