"""Read ONNX files as models: chains of layers as Sequential, other graphs as functional models."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy.typing as npt

from ...files.errors import FileFormatError
from ...models import Model
from .functional.model import functional_model
from .graph.graph import Graph
from .graph.reader import read_graph
from .operators.table import OPERATORS
from .reading.chain import chain_model


def load_model(
    path: str | os.PathLike[str],
    *,
    external_data: bool = False,
    time_first: bool = False,
    inputs: Mapping[str, npt.ArrayLike] | None = None,
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> Model:
    """Read an ONNX graph as a model, which can be trained and saved.

    A chain of layers becomes a :class:`~numba_lstm.Sequential`. Its nodes become LSTM (Bidirectional for two directions),
    Dense, Activation, Embedding, LayerNormalization, BatchNormalization (from a factor and a summand), RepeatVector, Reshape
    and Flatten. Nodes around them that transpose, squeeze and join axes become part of the layers.

    Any other graph becomes a functional model of layers and of functions of :mod:`numba_lstm.ops`. It has the graph's inputs
    and outputs in their order, states among them. Nodes that depend on constants and on sizes alone are computed here. Of an
    If only the branch is read that its condition takes. :func:`load` runs graphs without a model.

    Parameters
    ----------
    path : path
        The file.
    external_data : bool
        As :func:`load`'s.
    time_first : bool
        Whether the graph takes (T, N, D), as PyTorch does by default. The model takes (N, T, D).
    inputs : dict of str to array, optional
        Constants in place of inputs of the graph, such as ``{"sr": 16000}``. The model does not have these inputs.
    shapes : dict of str to tuple, optional
        Sizes of inputs that the graph leaves free and that a node needs, such as ``{"input": (None, 512)}``, with ONNX's axes
        in their order. None leaves a size as it is.

    Returns
    -------
    Model
        All its inputs and outputs have the batch first, wherever the graph has it, and then the other axes in their order: a
        state (2, batch, 128) is (batch, 2, 128). Where an input of the graph has no axis that can be a batch, the graph
        computes one sample, and all inputs and outputs of the model have one more axis in front.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged or forged, and for a node that has no layer; the message names it.
    ValueError, TypeError
        For ``inputs`` and ``shapes`` that do not fit the graph.
    """
    name = os.fsdecode(path)
    graph = read_graph(name, external_data, for_model=True)
    try:
        return _model(graph, time_first, inputs or {}, shapes or {})
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error}") from error


def _model(
    graph: Graph, time_first: bool, inputs: Mapping[str, npt.ArrayLike], shapes: Mapping[str, Sequence[int | None]]
) -> Model:
    if not inputs and not shapes and len(graph.inputs) == len(graph.outputs) == 1:
        try:
            return chain_model(graph, time_first)
        except FileFormatError as error:
            no_chain = error
        try:
            return functional_model(graph, inputs, shapes, time_first)
        except FileFormatError as error:
            if all(node.kind in OPERATORS for node in graph.nodes):
                raise no_chain from error
            raise
    return functional_model(graph, inputs, shapes, time_first)
