"""RNN: a cell, or a stack of cells, over a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from ...kernels.contract import Array, Ops
from ...objects import serialization
from ..base.arguments import Shape
from ..base.registry import deserialize
from ..cells.cell import Cell, StepCell
from ..cells.initial_states import check_stack
from ..cells.stacked_cells import StackedRNNCells, check_cell
from ..traced.call_layer import CallLayer
from .recurrent import Recurrent
from .user_cell import UserCell


class RNN(Recurrent):
    """A cell, or a stack of cells, over time, as ``keras.layers.RNN``.

    Each cell runs over all steps before the next, by the kernels of its layer: ``RNN(LSTMCell(8))`` computes what ``LSTM(8)``
    does, and ``RNN([GRUCell(8), LSTMCell(4)])`` what two layers do.

    Parameters
    ----------
    cell : LSTMCell, GRUCell, SimpleRNNCell, StackedRNNCells or sequence of cells, or a cell of your own
        The lowest first. A cell of your own is a layer with ``state_size`` and ``call(inputs, states)``, which returns the
        output and the states. Its call is traced once, and what it computes runs step by step: each op of a step costs some
        microseconds without a plan.
    return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask : bool
        As :class:`~numba_lstm.layers.LSTM`'s.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError
        For any other kind of cell, and for a subclass that computes something else.
    """

    def __init__(
        self,
        cell: StepCell | StackedRNNCells | Sequence[StepCell],
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        self._user_cell = UserCell(cell) if isinstance(cell, CallLayer) else None
        self._cell: Any = cell if self._user_cell or isinstance(cell, StackedRNNCells) else check_cell(cell)
        super().__init__(
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
            **kwargs,
        )

    @property
    def cell(self) -> Any:
        """The cell, or the stack of cells."""
        return self._cell

    @property
    def cells(self) -> Sequence[Cell]:
        if self._user_cell is not None:
            return (self._user_cell,)
        return self.cell.cells if isinstance(self.cell, StackedRNNCells) else (self.cell,)

    def as_device_states(self, ops: Ops, states: Sequence[Any], N: int) -> tuple[Array, ...]:
        if len(self.cells) > 1:
            check_stack(self.name, [cell.state_names for cell in self.cells], states)
        return super().as_device_states(ops, states, N)

    def build(self, input_shape: Shape) -> None:
        (self._user_cell or self.cell).build_for((None, input_shape[-1]), self.dtype)
        self.adopt(self.cell)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cell": serialization.serialize(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        rest = dict(config)
        cell: Any = deserialize(rest.pop("cell", None))
        return cls(cell, **rest)
