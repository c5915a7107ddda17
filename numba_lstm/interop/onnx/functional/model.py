"""Make a functional model of an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import initializers
from ....files.errors import REFUSALS, FileFormatError, short_message
from ....layers import Activation, Input
from ....models import Model
from ..graph.graph import Graph
from ..graph.graph import Value as GraphValue
from ..reading.layer_builders import unique_name
from . import condition_nodes, math_nodes, order_nodes, part_nodes, product_nodes, recurrent_nodes, shape_nodes
from .folding import Known
from .scope import COPIES, Entry, Limits, Scope, run
from .value import Value, natural
from .windows import resampling_nodes, window_nodes

_MODULES = (
    *(condition_nodes, math_nodes, order_nodes, part_nodes, product_nodes, recurrent_nodes),
    *(resampling_nodes, shape_nodes, window_nodes),
)
_HANDLERS: dict[str, Any] = {kind: handler for module in _MODULES for kind, handler in module.HANDLERS.items()}

_BATCH_NAMES = ("N", "batch", "batch_size")  #: of an axis that is that of the batch for certain

Dims = tuple[int | str | None, ...]


def functional_model(
    graph: Graph, inputs: Mapping[str, Any], shapes: Mapping[str, Sequence[int | None]], time_first: bool
) -> Model:
    """Return a model of the graph; see :func:`~numba_lstm.interop.onnx.load_model`.

    Raises
    ------
    FileFormatError
        For a node that has no layer, by name, and for a graph whose axes do not tell the batch.
    """
    dims = {value.name: _dims(value, shapes) for value in graph.inputs if value.name not in inputs}
    for name in (*inputs, *shapes):
        if name not in {value.name for value in graph.inputs}:
            raise ValueError(f"the graph has no input {name!r}, it has {', '.join(repr(v.name) for v in graph.inputs)}.")
    given = {value.name: _given(value, inputs[value.name]) for value in graph.inputs if value.name in inputs}
    error: FileFormatError | None = None
    for batch in _batch_axes(dims, time_first):
        try:
            return _model(graph, given, dims, batch)
        except FileFormatError as refused:
            error = error or refused
    assert error is not None
    raise error


def _dims(value: GraphValue, shapes: Mapping[str, Sequence[int | None]]) -> Dims:
    """Return the sizes of an input, those that ``shapes`` gives in place of the graph's."""
    if value.name not in shapes:
        if value.shape is None:
            raise FileFormatError(
                f"its input {value.name!r:.100} has any shape. Give one: shapes={{{value.name!r:.100}: ...}}."
            )
        return value.shape
    shape = tuple(shapes[value.name])
    fits = value.shape is None or (
        len(shape) == len(value.shape)
        and all(
            size is None or size == known or not isinstance(known, int) for size, known in zip(shape, value.shape, strict=True)
        )
    )
    if not fits:
        raise ValueError(
            f"shapes[{value.name!r}] must fit the graph's {value.shape}, got {shape}. None leaves a size as it is."
        )
    known = value.shape or (None,) * len(shape)
    return tuple(old if size is None else int(size) for size, old in zip(shape, known, strict=True))


def _given(value: GraphValue, number: Any) -> npt.NDArray[Any]:
    """Return the constant in place of an input."""
    array = np.asarray(number)
    if not np.can_cast(array.dtype, value.dtype, "same_kind"):
        raise TypeError(f"inputs[{value.name!r}] must be {value.dtype}, got {array.dtype}.")
    array = array.astype(value.dtype)
    if value.shape is not None and array.ndim != len(value.shape) and array.size == 1:
        array = array.reshape((1,) * len(value.shape))
    return array


def _batch_axes(dims: Mapping[str, Dims], time_first: bool) -> list[dict[str, int] | None]:
    """Return what to try: the axis of the batch in each input, and None for a graph of one sample."""
    found: dict[str, int] = {}
    first: int | str | None = None
    for number, (name, sizes) in enumerate(dims.items()):
        if not number:
            at = 1 if time_first and len(sizes) > 1 else 0
            if not sizes:
                return [None]
            first = sizes[at]
        elif first is not None and first in sizes:
            at = sizes.index(first)
        else:
            free = [k for k, size in enumerate(sizes) if not isinstance(size, int)]
            if not free:
                return [None]
            at = free[0]
        found[name] = at
    return [found] if first in _BATCH_NAMES else [found, None]


def _model(graph: Graph, given: Mapping[str, Any], dims: Mapping[str, Dims], batch: Mapping[str, int] | None) -> Model:
    """Convert the graph with the batch at these axes of its inputs, or as one sample."""
    dtype = next((v.dtype for v in (*graph.inputs, *graph.outputs) if v.dtype in (np.float32, np.float64)), np.dtype("f4"))
    limits = Limits()
    limits.grant([*graph.constants.values(), *given.values()])
    values: dict[str, Entry] = {name: Known(array) for name, array in {**graph.constants, **given}.items()}
    tensors = []
    for value in graph.inputs:
        if value.name in given:
            continue
        tensor, made = _input(value, dims[value.name], None if batch is None else batch[value.name], str(dtype))
        tensors.append(tensor)
        values[value.name] = made
    if not tensors:
        raise FileFormatError("its graph has no inputs but those that are given.")
    scope = Scope(values, graph.opset, limits, {value.name for value in graph.inputs})
    scope.count(graph.nodes, [value.name for value in graph.outputs])
    size = graph.file_size + sum(array.size for array in given.values())
    with initializers.skip_initialization(max_elements=COPIES * size):
        run(scope, graph.nodes, _HANDLERS)
        try:
            outputs = [_output(scope, value, tensors) for value in graph.outputs]
            return Model(tensors, outputs[0] if len(outputs) == 1 else outputs)
        except FileFormatError:
            raise
        except REFUSALS as error:
            raise FileFormatError(f"its model cannot be made: {short_message(error)}") from error


def _input(value: GraphValue, dims: Dims, at: int | None, dtype: str) -> tuple[Any, Value]:
    """Return the model's input and the value of an input of the graph: the batch first, then the other axes."""
    rest = [axis for axis in range(len(dims)) if axis != at]
    sample = tuple(size if isinstance(size := dims[axis], int) else None for axis in rest)
    integer = value.dtype.kind in "iu"
    try:
        tensor = Input(sample, dtype="int64" if integer else dtype, name=value.name)
    except REFUSALS as error:
        raise FileFormatError(
            f"its input {value.name!r:.100} of sizes {dims} cannot be one of a model: {short_message(error)} "
            f"A constant can be given: inputs={{{value.name!r:.100}: ...}}."
        ) from error
    axes: list[int | None] = [None] * len(dims)
    if at is not None:
        axes[at] = 0
    for position, axis in enumerate(rest):
        axes[axis] = position + 1
    return tensor, Value(tensor, tuple(axes), integer)


def _output(scope: Scope, value: GraphValue, inputs: Sequence[Any]) -> Any:
    """Return the model's output for an output of the graph."""
    found = scope.values.get(value.name)
    if not isinstance(found, Value):
        raise FileFormatError(f"its output {value.name!r:.100} does not depend on its inputs.")
    if found.integer:
        raise FileFormatError(f"its output {value.name!r:.100} has whole numbers, which no layer puts out.")
    tensor = natural(found)
    if any(tensor is one for one in inputs):  # an output of a model is the output of a layer
        tensor = Activation(None, name=unique_name("", "activation", scope.used_names))(tensor)
    return tensor
