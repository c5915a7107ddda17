"""The base class of layers with states, which can be called by themselves on a sequence with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ... import philox
from ...inputs.sequences import as_lengths, length_mask
from ...kernels.contract import Array, Ops
from ..base import Layer, to_samples
from ..base.arguments import Shape
from ..base.graph.symbolic import flatten, is_symbolic

Host = npt.NDArray[Any]


class SequenceLayer(Layer):
    """Base class of layers that take (N, T, D) and have states before the first step and after the last one."""

    ranks = (3,)
    return_sequences: bool
    return_state: bool

    def as_device_states(self, ops: Ops, states: Sequence[Any], N: int) -> tuple[Array, ...]:
        """Return a user's initial states for a batch of N as :meth:`forward` takes them; ValueError if they do not fit."""
        raise NotImplementedError

    def as_user_states(self, states: Sequence[Host]) -> Sequence[Any]:
        """Return the last states, from :meth:`forward`, in the form of ``initial_state``."""
        return states

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        """Return the shapes of the states for an input's shape, all with the batch axis, in the order of :meth:`forward`."""
        raise NotImplementedError

    @property
    def states(self) -> Sequence[Any] | None:
        """Copies of the states of a stateful layer, as ``initial_state`` takes them; None if the next batch begins at zero."""
        raise NotImplementedError

    def check_one_array(self) -> None:
        if self.return_state:
            raise ValueError(f"{self.name} has return_state=True, but a Sequential passes on one array. Leave it out.")

    def __call__(  # type: ignore[override]  # Keras's order: the states come before the flag
        self,
        sequence: Any,
        initial_state: Any = None,
        mask: npt.ArrayLike | None = None,
        training: bool | None = None,
        *,
        lengths: npt.ArrayLike | None = None,
    ) -> Any:
        """Compute the output for ``sequence`` (N, T, D) on the default device; the first call builds the layer.

        For symbolic tensors the outputs are symbolic, too, and a list.

        Parameters
        ----------
        sequence : array, (N, T, D), or a list of a symbolic tensor and its initial states
        initial_state : sequence of arrays, optional
            h (N, P), and of an LSTM c (N, H), before the first step, default zero. For a stack of cells one such list each,
            for ``Bidirectional`` those of both layers.
        mask : array of bool, (N, T), optional
            Where False, a step carries all states, and puts out the output before it (the initial h, where there was none).
        training : bool
        lengths : array of int, (N,), optional
            In place of a mask: the steps of each sample, all later ones are masked.

        Returns
        -------
        y, or with ``return_state`` a tuple of y and the last states, as ``initial_state`` takes them
            y (N, T, P) with ``return_sequences``, else (N, P).
        """
        if is_symbolic(sequence, initial_state, mask):
            if lengths is not None:
                raise TypeError(f"{self.name} takes lengths for arrays alone, not for symbolic tensors. Give a mask.")
            x, *states = flatten(sequence)
            if states and initial_state is not None:
                raise ValueError(f"{self.name} has initial_state twice, in a list with its input and by name. Give it once.")
            states = states or ([] if initial_state is None else flatten(initial_state))
            return self.connect(x, states, training, mask)
        ops, x = self._enter(sequence)
        T, N = x.shape[:2]
        if lengths is not None:
            if mask is not None:
                raise ValueError(f"{self.name} takes mask or lengths, got both. Leave one out.")
            mask = length_mask(as_lengths(lengths, N, T), T)
        steps = self._mask(ops, mask, x)
        first = None if initial_state is None else self.as_device_states(ops, initial_state, N)
        result = self.propagate(ops, x, first, steps, bool(training), philox.next_key() if training else None)
        ys = result.y if isinstance(result.y, tuple) else (result.y,)
        outputs = [to_samples(ops, y) for y in ys]
        if self.return_state:
            outputs += self.as_user_states([to_samples(ops, state) for state in result.states])
        return outputs[0] if len(outputs) == 1 else tuple(outputs)
