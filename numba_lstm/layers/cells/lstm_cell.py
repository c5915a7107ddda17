"""LSTMCell: an LSTM called step by step, or by :class:`~numba_lstm.layers.RNN` over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import random
from ...kernels.contract import Array, Ops
from ...kernels.specs import Key
from ..base import Backward, Forward, to_samples
from ..base.arguments import Shape
from .lstm_core import LSTMCore, LSTMTape


class LSTMCell(LSTMCore):
    """One step of an :class:`~numba_lstm.layers.LSTM`, as ``keras.layers.LSTMCell``.

    Its arguments are those of ``LSTM``, in Keras's order, without the ones of a sequence. In training each call draws masks of
    its own.
    """

    ranks = (2,)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.output_size)

    def get_initial_state(self, batch_size: int) -> list[npt.NDArray[Any]]:
        """Return h (N, P) and c (N, H) of zeros."""
        return [np.zeros((batch_size, size), self.dtype) for size in self.state_size]

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the output and the next states (h, c) for x (N, D) and states (h, c)."""
        out = self.forward_sequence(ops, ops.repeat(x, 1), states or (None, None), None, training, rng, sequences=False)
        return Forward(out.h, (out.h, out.c), None, out.tape)

    def backward(
        self,
        ops: Ops,
        tape: LSTMTape,
        dy: Array | None,
        dstates: tuple[Array | None, ...] | None = None,
        *,
        need_dx: bool = True,
    ) -> Backward:
        dh, dc = dstates or (None, None)
        if dy is not None:
            dh = dy if dh is None else ops.add(dy, dh)
        back = self.backward_sequence(ops, tape, None, (dh, dc), need_dx=need_dx)
        return back._replace(dx=ops.sum_steps(back.dx)) if need_dx else back

    def check_one_array(self) -> None:
        raise ValueError(
            f"{self.name} takes and returns states beside x, but a Sequential passes on one array. Wrap it: RNN(cell)."
        )

    def __call__(  # type: ignore[override]  # a cell has states
        self, x: npt.ArrayLike, states: Sequence[npt.ArrayLike], training: bool = False
    ) -> tuple[npt.NDArray[Any], list[npt.NDArray[Any]]]:
        """Compute one step on the default device; the first call builds the cell.

        Parameters
        ----------
        x : array, (N, D)
        states : two arrays
            h (N, P) and c (N, H).
        training : bool

        Returns
        -------
        y, [h, c]
            Where y is h.
        """
        ops, array = self._enter(x)
        given = tuple(ops.asarray(state, self.dtype) for state in self.check_states(states, array.shape[0]))
        result = self.propagate(ops, array, given, None, training, random.next_key() if training else None)
        h, c = (to_samples(ops, state) for state in result.states)
        return h, [h.copy(), c]


def check_cell(cell: Any) -> LSTMCell:
    """Return ``cell`` if RNN can run it over time; raise TypeError or ValueError if not."""
    if not isinstance(cell, LSTMCell):
        raise TypeError(f"a cell must be an LSTMCell, whose equations are there as kernels, got {cell!r}.")
    for method in ("forward", "backward", "forward_sequence", "backward_sequence"):
        if getattr(type(cell), method) is not getattr(LSTMCell, method):
            raise TypeError(
                f"{cell.name} ({type(cell).__name__}) overrides {method}, but over time the kernels of LSTMCell run, and never "
                "ask it. Write a layer of your own instead, or call the cell step by step."
            )
    if cell.activity_regularizer is not None:
        raise ValueError(f"{cell.name} has an activity_regularizer, which a cell cannot have here. Give it to RNN.")
    return cell
