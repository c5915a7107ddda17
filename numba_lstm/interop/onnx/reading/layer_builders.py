"""Layers in the making, while a graph is walked, and the model that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import initializers, names
from ....kernels.specs import Activation as Spec
from ....layers import LSTM, Activation, BatchNormalization, Bidirectional, Dense, Input, InputLayer, Layer
from ....models.sequential import Sequential
from ..operators.lstm_operator import Cell

Host = npt.NDArray[Any]

MAX_NAME = 80  #: letters of a layer's name


@dataclass
class Draft:
    """A layer: its class, the arguments that are known so far, its weights in the layer's order, and the name of its node."""

    kind: type[Layer]
    label: str
    arguments: dict[str, Any] = field(default_factory=dict)
    weights: list[Host] = field(default_factory=list)
    features: int | None = None  #: inputs, where they are known

    def settle(self, sequences: bool, merge: str | None) -> None:
        """Hear how the layer's output is taken; only LSTMs have more than one."""

    def layer(self, name: str) -> Layer:
        """The layer, without its weights."""
        return self.kind(**self.arguments, name=name)


class Scaling(Draft):
    """A factor and perhaps a summand a feature: what is left of a batch normalization when nothing is learned any more."""

    def __init__(self, label: str, factor: Host) -> None:
        one = np.ones_like(factor)
        variance = one - one.dtype.type(BatchNormalization().epsilon)  # with epsilon it is 1
        super().__init__(BatchNormalization, label, {}, [factor, 0 * one, 0 * one, variance], factor.size)


class Recurrence(Draft):
    """An LSTM, or two of both directions."""

    def __init__(self, label: str, cells: Sequence[Cell]) -> None:
        self.cells, self.sequences, self.merge = cells, True, "concat"
        weights = [w for cell in cells for w in cell.weights[:4] if w is not None]
        super().__init__(LSTM, label, {}, [weight.value for weight in weights], cells[0].weights.kernel.shape[0])

    def settle(self, sequences: bool, merge: str | None) -> None:
        self.sequences = sequences
        self.merge = merge or self.merge

    def layer(self, name: str) -> Layer:
        made = [self._one(cell, name if k == 0 else f"{name}_back") for k, cell in enumerate(self.cells)]
        if len(made) == 1:
            return made[0]
        alike = self.cells[0].spec == self.cells[1].spec
        return Bidirectional(made[0], self.merge, backward_layer=None if alike else made[1], name=name)

    def _one(self, cell: Cell, name: str) -> LSTM:
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


def model_of(drafts: Sequence[Draft], shape: Sequence[int | None], dtype: str, indices: bool, size: int) -> Sequential:
    """The model of these layers for samples of ``shape``, with at most ``size`` elements of weights."""
    drafts = _fused(drafts)
    taken: set[str] = set()
    stack: list[Layer] = [Input(tuple(shape), dtype="int64" if indices else dtype, name=_name("", InputLayer, taken))]
    with initializers.skipped(at_most=size):
        stack += [draft.layer(_name(draft.label, draft.kind, taken)) for draft in drafts]
        model = Sequential(stack, dtype=dtype)
    model.set_weights([weight for draft in drafts for weight in draft.weights])
    return model


def _fused(drafts: Sequence[Draft]) -> list[Draft]:
    """The layers with each activation behind a Dense as a part of it."""
    found: list[Draft] = []
    for draft in drafts:
        before = found[-1].arguments if found and found[-1].kind is Dense else {}
        if draft.kind is Activation and before.get("activation") == Spec():
            before["activation"] = draft.arguments["activation"]
        else:
            found.append(draft)
    return found


def _name(label: str, kind: type[Layer], taken: set[str]) -> str:
    """A name that no other layer has: the folders of a node's name, as exporters write it, or else its class."""
    stem = "_".join(part for part in label.split("/")[:-1] if part)[:MAX_NAME]
    base = stem if stem.isprintable() and stem else names.snake_case(kind.__name__)
    name, count = base, 0
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name
