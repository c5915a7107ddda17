"""Base classes of recurrent cells: over a sequence, and one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import activations, philox
from ...inputs import as_real
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import ROWWISE, Activation, Key
from ..base import Backward, Forward, Layer, to_samples
from ..base.arguments import Shape
from .initial_states import as_cell_states


class SequenceResult(NamedTuple):
    """Result of :meth:`Cell.forward_sequence`."""

    y: Array | None  #: (T, N, P) outputs of all steps, None unless ``sequences``
    states: tuple[Array, ...]  #: the last ones; the first is the last output
    tape: Tape | None
    last: Array | None = None  #: the last output of a cell whose output is no state


class Cell(Layer):
    """Base class of recurrent cells, and of layers that are one."""

    #: The names of the states. The first is the output.
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    #: Whether the output is the first state.
    output_is_state: ClassVar[bool] = True

    @property
    def output_size(self) -> int:
        """The features of the output."""
        raise NotImplementedError

    @property
    def state_size(self) -> int | tuple[int, ...]:
        """The features of the state, or of each of several states."""
        raise NotImplementedError

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The features of each state."""
        return (self.state_size,) if isinstance(self.state_size, int) else self.state_size

    def forward_sequence(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...],
        mask: Array | None,
        training: bool,
        rng: Key | None,
        *,
        sequences: bool,
    ) -> SequenceResult:
        """Compute all steps of x (T, N, D) from these states."""
        raise NotImplementedError

    def backward_sequence(
        self, ops: Ops, tape: Tape, dy: Array | None, dstates: tuple[Array | None, ...], *, need_dx: bool
    ) -> Backward:
        """Compute the gradients of :meth:`forward_sequence`, from those of its sequence and of its last states."""
        raise NotImplementedError

    def check_states(self, states: Any, N: int) -> list[npt.NDArray[Any]]:
        """Return the states from a user for a batch of N as arrays; raise ValueError for anything else."""
        arrays = [
            as_real(state, f"{self.name}'s initial_state") for state in as_cell_states(self.name, self.state_names, states)
        ]
        for array, size in zip(arrays, self.state_sizes, strict=True):
            if array.shape != (N, size):
                raise ValueError(f"{self.name} expects states of shape {(N, size)}, got {array.shape}.")
        return arrays


class StepCell(Cell):
    """Base class of cells that are called step by step."""

    ranks = (2,)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.output_size)

    def get_initial_state(self, batch_size: int) -> list[npt.NDArray[Any]]:
        """Return zeros (N, size) for each state."""
        return [np.zeros((batch_size, size), self.dtype) for size in self.state_sizes]

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the output and the next states for x (N, D) and states."""
        states = states or (None,) * len(self.state_names)
        out = self.forward_sequence(ops, ops.repeat(x, 1), states, None, training, rng, sequences=False)
        return Forward(out.states[0], out.states, None, out.tape)

    def backward(
        self,
        ops: Ops,
        tape: Tape,
        dy: Array | None,
        dstates: tuple[Array | None, ...] | None = None,
        *,
        need_dx: bool = True,
    ) -> Backward:
        dh, *others = dstates or (None,) * len(self.state_names)
        if dy is not None:
            dh = dy if dh is None else ops.add(dy, dh)
        back = self.backward_sequence(ops, tape, None, (dh, *others), need_dx=need_dx)
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
        states : sequence of arrays
            h (N, P), and of an LSTM c (N, H).
        training : bool

        Returns
        -------
        y, states
            Where y is h.
        """
        ops, array = self._enter(x)
        given = tuple(ops.asarray(state, self.dtype) for state in self.check_states(states, array.shape[0]))
        result = self.propagate(ops, array, given, None, training, philox.next_key() if training else None)
        h, *others = (to_samples(ops, state) for state in result.states)
        return h, [h.copy(), *others]


def check_implementation(owner: str, implementation: Any) -> None:
    """Raise ValueError for an ``implementation`` that Keras does not have either."""
    if implementation not in (0, 1, 2):
        raise ValueError(
            f"{owner}'s implementation must be 0, 1 or 2, and has no effect, got {implementation!r}. Leave it out."
        )


def elementwise(kind: str, argument: str, identifier: Any) -> Activation:
    """Return an activation of each element; ValueError for one that needs whole rows."""
    activation = activations.as_spec(identifier)
    if activation.function is None and activation.name in ROWWISE:
        raise ValueError(
            f"{kind} cannot take {activation.name!r} as {argument}: a gate has one number at a time, {activation.name} needs a "
            f"whole row. Take an elementwise one, or add Activation({activation.name!r}) after the layer."
        )
    return activation
