"""StackedRNNCells: several cells, each on top of the other, as one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...objects import serialization
from ..base import Layer
from ..base.arguments import Shape
from ..base.registry import deserialize
from .cell import StepCell
from .initial_states import check_stack
from .lstm_cell import LSTMCell
from .rnn_cells import GRUCell, SimpleRNNCell


class StackedRNNCells(Layer):
    """Several cells, each on top of the other, as one cell; as ``keras.layers.StackedRNNCells``.

    Parameters
    ----------
    cells : sequence of LSTMCell, GRUCell and SimpleRNNCell
        The lowest first; of different names.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError
        For anything else, and for a subclass that computes something else: only these equations are kernels.
    ValueError
        For no cells, two of one name, and for a cell with an ``activity_regularizer``: give that to ``RNN``.
    """

    ranks = (2,)

    def __init__(self, cells: Sequence[StepCell], **kwargs: Any) -> None:
        self.cells = [check_cell(cell) for cell in cells]
        super().__init__(**kwargs)
        if len({cell.name for cell in self.cells}) < max(1, len(self.cells)):
            raise ValueError(f"{self.name} needs at least one cell, and cells of different names, got {self.cells}.")

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            cell.build_for(input_shape, self.dtype)
            self.adopt(cell)
            input_shape = cell.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.output_size)

    @property
    def output_size(self) -> int:
        """The features of the output."""
        return self.cells[-1].output_size

    @property
    def state_size(self) -> list[int | tuple[int, ...]]:
        """The features of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    def get_initial_state(self, batch_size: int) -> list[list[npt.NDArray[Any]]]:
        """Return a list of zeros (N, size), one for each state, for each cell."""
        return [cell.get_initial_state(batch_size) for cell in self.cells]

    def check_one_array(self) -> None:
        self.cells[0].check_one_array()

    def __call__(  # type: ignore[override]  # a cell has states
        self, x: npt.ArrayLike, states: Sequence[Sequence[npt.ArrayLike]], training: bool = False
    ) -> tuple[npt.NDArray[Any], list[list[npt.NDArray[Any]]]]:
        """Compute one step, ``y, [[h, c], ...]``, for x (N, D) and a list of the states of each cell."""
        check_stack(self.name, [cell.state_names for cell in self.cells], states)
        self._enter(x)
        y, moved = x, []
        for cell, cell_states in zip(self.cells, states, strict=True):
            y, after = cell(y, cell_states, training)
            moved.append(after)
        return np.asarray(y), moved

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialization.serialize(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        rest = dict(config)
        cells: list[Any] = [deserialize(cell) for cell in rest.pop("cells", ())]
        return cls(cells, **rest)


#: The cells whose equations are kernels.
CELLS: tuple[type[StepCell], ...] = (LSTMCell, GRUCell, SimpleRNNCell)


def check_cell(cell: Any) -> StepCell:
    """Return ``cell`` if RNN can run it over time; raise TypeError or ValueError if not."""
    base = next((cls for cls in CELLS if isinstance(cell, cls)), None)
    if base is None:
        names = "an LSTMCell, a GRUCell or a SimpleRNNCell"
        raise TypeError(f"a cell must be {names}, whose equations are there as kernels, got {cell!r}.")
    for method in ("forward", "backward", "forward_sequence", "backward_sequence"):
        if getattr(type(cell), method) is not getattr(base, method):
            raise TypeError(
                f"{cell.name} ({type(cell).__name__}) overrides {method}, but over time the kernels of {base.__name__} run, "
                "and never ask it. Write a layer of your own instead, or call the cell step by step."
            )
    if cell.activity_regularizer is not None:
        raise ValueError(f"{cell.name} has an activity_regularizer, which a cell cannot have here. Give it to RNN.")
    return cell  # type: ignore[no-any-return]
