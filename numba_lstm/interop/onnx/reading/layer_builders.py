"""Builders of layers: they collect arguments and weights while the nodes of a graph are visited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import initializers
from ....kernels.specs import Activation as Spec
from ....layers import LSTM, Activation, BatchNormalization, Bidirectional, Dense, Input, InputLayer, Layer
from ....models.sequential import Sequential
from ....naming import names
from ..operators.lstm_operator import Cell

Host = npt.NDArray[Any]

MAX_NAME = 80  #: letters of a layer's name


@dataclass
class LayerBuilder:
    """Class, arguments so far and weights in order of one layer, and the name of its node."""

    kind: type[Layer]
    label: str
    arguments: dict[str, Any] = field(default_factory=dict)
    weights: list[Host] = field(default_factory=list)
    features: int | None = None  #: of the input, if known

    def select_output(self, sequences: bool, merge: str | None) -> None:
        """Note which output the graph uses; only LSTMs have several."""

    def layer(self, name: str) -> Layer:
        """Make the layer, without its weights."""
        return self.kind(**self.arguments, name=name)


class BatchNormalizationBuilder(LayerBuilder):
    """A factor and perhaps a summand per feature: a batch normalization in inference."""

    def __init__(self, label: str, factor: Host) -> None:
        one = np.ones_like(factor)
        variance = one - one.dtype.type(BatchNormalization().epsilon)  # with epsilon it is 1
        super().__init__(BatchNormalization, label, {}, [factor, 0 * one, 0 * one, variance], factor.size)


class LSTMBuilder(LayerBuilder):
    """An LSTM, or a Bidirectional of two."""

    def __init__(self, label: str, cells: Sequence[Cell]) -> None:
        self.cells, self.sequences, self.merge = cells, True, "concat"
        weights = [w for cell in cells for w in cell.weights[:4] if w is not None]
        super().__init__(LSTM, label, {}, [weight.value for weight in weights], cells[0].weights.kernel.shape[0])

    def select_output(self, sequences: bool, merge: str | None) -> None:
        self.sequences = sequences
        self.merge = merge or self.merge

    def layer(self, name: str) -> Layer:
        layers = [self.direction(cell, name if k == 0 else f"{name}_back") for k, cell in enumerate(self.cells)]
        if len(layers) == 1:
            return layers[0]
        same_spec = self.cells[0].spec == self.cells[1].spec
        return Bidirectional(layers[0], self.merge, backward_layer=None if same_spec else layers[1], name=name)

    def direction(self, cell: Cell, name: str) -> LSTM:
        """Make the layer of one direction, without its weights."""
        spec, weights = cell.spec, cell.weights
        return LSTM(
            weights.recurrent_kernel.shape[0],
            spec.activation,
            spec.recurrent_activation,
            weights.bias is not None,
            output_activation=None if spec.output_activation == spec.activation else spec.output_activation,
            peephole=weights.peephole is not None,
            cell_clip=spec.clip,
            coupled=spec.coupled,
            return_sequences=self.sequences,
            go_backwards=cell.reverse,
            name=name,
        )


def build_model(
    builders: Sequence[LayerBuilder], shape: Sequence[int | None], dtype: str, indices: bool, size: int
) -> Sequential:
    """Build the model for samples of ``shape``, with at most ``size`` elements of weights."""
    builders = _fuse_activations(builders)
    used_names: set[str] = set()
    stack: list[Any] = [Input(tuple(shape), dtype="int64" if indices else dtype, name=_name("", InputLayer, used_names))]
    with initializers.skip_initialization(max_elements=size):
        stack += [builder.layer(_name(builder.label, builder.kind, used_names)) for builder in builders]
        model = Sequential(stack, dtype=dtype)
    model.set_weights([weight for builder in builders for weight in builder.weights])
    return model


def _fuse_activations(builders: Sequence[LayerBuilder]) -> list[LayerBuilder]:
    """Make each activation that follows a Dense an argument of that layer."""
    fused: list[LayerBuilder] = []
    for builder in builders:
        arguments = fused[-1].arguments if fused and fused[-1].kind is Dense else {}
        if builder.kind is Activation and arguments.get("activation") == Spec():
            arguments["activation"] = builder.arguments["activation"]
        else:
            fused.append(builder)
    return fused


def unique_name(label: str, base: str, used_names: set[str]) -> str:
    """Return a new unique name: the folders of a node's name, as exporters write it, or else ``base``."""
    stem = "_".join(part for part in label.split("/")[:-1] if part)[:MAX_NAME]
    base = stem if stem.isprintable() and stem else base
    name, count = base, 0
    while name in used_names:
        count += 1
        name = f"{base}_{count}"
    used_names.add(name)
    return name


def _name(label: str, kind: type[Layer], used_names: set[str]) -> str:
    return unique_name(label, names.snake_case(kind.__name__), used_names)
