"""Ops that return something to call many times: plans, of streams too, and update programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..op_types import Array, DecodingPlan, Plan, StepFunction, StreamPlan, UpdateProgram, Weight
from ..packed_rows import PackedRows
from ..specs import Key, UpdateSpec


class PlanOps(Protocol):
    """The ops whose result is called many times."""

    def plan(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Array | None],
        *,
        key: Key | None = None,
        training: bool = False,
        work: float = 0.0,
    ) -> Plan | None:
        """Return ``function(*inputs, key)`` for many inputs like these; None if a device runs single ops as fast.

        The function is called here, with buffers in place of the inputs, while the device records what its ops would compute.
        So it may look at shapes, dtypes and strides, and never at elements. What it returns, arrays in any nesting, is what the
        plan returns, bit for bit what the function itself would return.

        Parameters
        ----------
        function : callable
            Calls ops.
        inputs : sequence of device arrays
            The first has no negative strides, and a plan may read it where it is. The others are copied. An input of None is
            None in each call. A call may take a host array in the place of any.
        key : Key, optional
            What the function draws from. A call of the plan gives its own, which differs in the step alone.
        training : bool
            Whether the plan packs the weights at each call, since they change from call to call. Without it the plan belongs
            to the present versions of the weights, and the function returns ``(y, mask)``: y (T, N, C) or (N, C), where no
            row depends on another one, and a mask (T, N) or None.
        work : float
            Multiplications of a call without ``training``, by which a device decides to give each thread a share of the rows.
        """

    def copy_output(self, output: Any) -> Any:
        """Return a copy of an output of a plan, an array or what ``float()`` converts, which the plan's next call leaves alone.

        A device that computes later copies later: reading a number may mean waiting for it.
        """

    def update_program(
        self, weights: Sequence[Weight], gradients: Sequence[Array], slots: Sequence[Sequence[Weight]], spec: UpdateSpec
    ) -> UpdateProgram:
        """Return :meth:`update` for many steps, for which the caller writes the ``gradients`` into the same arrays."""

    def stream_plan(
        self, function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]], threads: int = 1
    ) -> StreamPlan | None:
        """Return the step of N independent streams, with zero states; None if a device runs single ops as fast.

        The function is called here, as that of :meth:`plan`, and the plan belongs to the present versions of the weights: it
        keeps their packed forms, and computes the same after the weights have changed.

        Parameters
        ----------
        function : callable
            ``function(xs, states)`` calls ops for one step of the inputs, (1, N, ...) each, and the arrays ``states`` before
            it. It returns the outputs, each with the batch axis where ops have it, and the states after the step. An op that
            takes states computes in the memory of the stream. Any other array that is returned as a state is copied.
        inputs : PackedRows
            The inputs of one sample, and the dtype of outputs and states.
        states : sequence of tuple
            The shapes of the states, for example (N, P) and (N, H) for h and c of an LSTM.
        threads : int
            How many threads, and no more than :func:`get_num_threads`, may share a step of a single large row.
        """

    def decoding_plan(
        self, function: Callable[..., Any], width: int, tokens: Array, states: Sequence[Array], constants: Sequence[Array]
    ) -> DecodingPlan | None:
        """Return the step of sequences of tokens; None if a device runs single ops as fast, or for states of unequal dtypes.

        The function is called here, as that of :meth:`plan`, and the plan belongs to the present versions of the weights.

        Parameters
        ----------
        function : callable
            ``function(tokens, states, constants)`` calls ops for one step of all rows. It returns the scores (rows, V) or
            (1, rows, V) of the next tokens, and the states after the step.
        width : int
            Sequences of a sample. Those of a sample are neighbouring rows.
        tokens : device array
            As the function takes them: indices (1, rows) or (rows,), or one-hot rows (1, rows, V).
        states : sequence of device arrays
            As the function takes them, with the rows on the axis where a device has samples.
        constants : sequence of device arrays
            What is the same at each step.
        """
