"""The base class of recurrent layers: cells over a sequence, with a direction, a mask, and states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from ... import philox
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, to_samples
from ..base.arguments import Shape, batch_shape_of
from ..cells.cell import Cell
from .sequence_layer import Host, SequenceLayer


class RecurrentTape(NamedTuple):
    """Tape of :meth:`Recurrent.forward`."""

    cells: Sequence[Tape]  #: of each cell
    zeroed: Array | None  #: the mask (T, N) whose False steps put out zeros


class Recurrent(SequenceLayer):
    """Base class of layers that run :attr:`cells`, one on top of the other, over time, with the arguments of Keras's ``RNN``.

    As in Keras 2, ``input_dim`` and ``input_length`` stand for ``input_shape=(input_length, input_dim)``.
    """

    later: ClassVar = {"time_major": False}

    streaming_obstacle = "it goes backwards, from a last step that a stream never knows"

    settable = frozenset({"trainable", "go_backwards", "stateful"})

    def __init__(
        self,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        input_dim: int | None = None,
        input_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful, self.unroll = bool(go_backwards), bool(stateful), bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._last_states: tuple[Host, ...] | None = None
        if input_dim is not None:
            batch_shape_of(kwargs.get("input_shape"), input_dim, kwargs.get("batch_input_shape"))  # refuses two of them
            kwargs["batch_input_shape"] = (None, input_length, input_dim)
        elif input_length is not None:
            raise ValueError(f"{type(self).__name__}'s input_length needs input_dim. Give input_shape=(time, features).")
        super().__init__(**kwargs)

    @property
    def cells(self) -> Sequence[Cell]:
        """The cells, the lowest first."""
        raise NotImplementedError

    @property
    def cell(self) -> Any:
        """What has the weights and arguments of a step, as ``layer.cell`` in Keras: the layer itself, or the cell of an RNN."""
        return self

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        N, T, _ = input_shape
        size = self.cells[-1].output_size
        return (N, T, size) if self.return_sequences else (N, size)

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        return [(input_shape[0], size) for cell in self.cells for size in cell.state_sizes]

    # -- on device arrays ---------------------------------------------------------------------------------------------

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the output and the last states (those of each cell in turn) for x (T, N, D), first states and a mask (T, N).

        Going backwards, the outputs of all steps and their mask are in the order in which they were computed.
        """
        if states is None:
            states = self._resumed(ops, x.shape[1])
        if self.go_backwards:
            x, mask = ops.flip(x), None if mask is None else ops.flip(mask)
        last: list[Array] = []
        tapes: list[Tape] = []
        for index, cell in enumerate(self.cells):
            top = index == len(self.cells) - 1
            key = rng if rng is None or len(self.cells) == 1 else philox.branch(rng, index)
            of_cell, sequences = states[self._states_of(index)], self.return_sequences or not top
            out = cell.forward_sequence(ops, x, of_cell, mask, training, key, sequences=sequences)
            x = out.y
            last += out.states
            tapes.append(out.tape)
        if not self.return_sequences:
            y = out.states[0] if out.last is None else out.last
            return Forward(y, tuple(last), None, RecurrentTape(tapes, None) if training else None)
        zeroed = mask if self.zero_output_for_mask else None
        y = x if zeroed is None else ops.zero_masked(x, zeroed)
        return Forward(y, tuple(last), mask, RecurrentTape(tapes, zeroed) if training else None)

    def propagate(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
        **arguments: Any,
    ) -> Forward:
        result = super().propagate(ops, x, states, mask, training, rng, **arguments)
        if self.stateful:
            self._last_states = tuple(to_samples(ops, state) for state in result.states)
        return result

    def backward(
        self,
        ops: Ops,
        tape: RecurrentTape,
        dy: Array | None,
        dstates: tuple[Array | None, ...] | None = None,
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Compute the gradients, from those of the output, ``dy``, and of the last states, ``dstates``; None is zero."""
        into = [None] * self.num_states if dstates is None else list(dstates)
        if dy is not None and not self.return_sequences and self.cells[-1].output_is_state:  # the output is the last h
            h = self._states_of(len(self.cells) - 1).start
            dy, into[h] = None, dy if into[h] is None else ops.add(dy, into[h])
        if dy is not None and tape.zeroed is not None:
            dy = ops.zero_masked(dy, tape.zeroed)
        first: list[Array] = []
        gradients: list[Array] = []
        for index in reversed(range(len(self.cells))):
            of_cell = tuple(into[self._states_of(index)])
            back = self.cells[index].backward_sequence(ops, tape.cells[index], dy, of_cell, need_dx=need_dx or index > 0)
            dy = back.dx
            first[:0], gradients[:0] = back.dstates, back.gradients
        dx = ops.flip(dy) if need_dx and self.go_backwards else dy
        return Backward(dx, tuple(first), tuple(gradients))

    def check_causal(self) -> None:
        if self.go_backwards:
            super().check_causal()

    def stream_states(self, N: int) -> list[tuple[Shape, ...]]:
        return [tuple((N, size) for size in cell.state_sizes) for cell in self.cells]

    @property
    def num_states(self) -> int:
        """The number of states of all cells."""
        return sum(len(cell.state_names) for cell in self.cells)

    def _states_of(self, index: int) -> slice:
        """Return where the states of a cell are among those of all cells."""
        first = sum(len(cell.state_names) for cell in self.cells[:index])
        return slice(first, first + len(self.cells[index].state_names))

    # -- states -------------------------------------------------------------------------------------------------------

    @property
    def states(self) -> Sequence[Any] | None:
        return None if self._last_states is None else self.as_user_states([state.copy() for state in self._last_states])

    def reset_states(self) -> None:
        self._last_states = None

    def _resumed(self, ops: Ops, N: int) -> tuple[Array | None, ...]:
        """Return the initial states of a batch of N: zero, or the last ones of a stateful layer."""
        if self._last_states is None or not self.stateful:
            return (None,) * self.num_states
        if len(self._last_states[0]) != N:
            raise ValueError(
                f"{self.name} is stateful and goes on from a batch of {len(self._last_states[0])}, got a batch of {N}. "
                "Keep the batch size, or call reset_states() first."
            )
        return tuple(ops.gather(state, slice(None), self.dtype) for state in self._last_states)

    def as_device_states(self, ops: Ops, states: Sequence[Any], N: int) -> tuple[Array, ...]:
        """Return a user's states on the device in one tuple: those of each cell in turn."""
        per_cell = [states] if len(self.cells) == 1 else states
        hosts = [state for cell, of_cell in zip(self.cells, per_cell, strict=True) for state in cell.check_states(of_cell, N)]
        return tuple(ops.gather(state, slice(None), self.dtype) for state in hosts)

    def as_user_states(self, states: Sequence[Host]) -> Sequence[Any]:
        """Return the states of the cell; for several cells a list of such lists."""
        if len(self.cells) == 1:
            return states
        return [list(states[self._states_of(index)]) for index in range(len(self.cells))]

    def get_config(self) -> dict[str, Any]:
        config = {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
        }
        return {**super().get_config(), **config}
