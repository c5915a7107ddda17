"""Passes: the forward and the backward pass through the graph of a model, with masks and states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import INPUT_AXES, as_real
from ..kernels.contract import Array, Ops, Tape
from ..kernels.specs import Key
from ..philox import Stream
from ..training.results import ForwardResult, Gradients, States, TrainedWeights
from .graph.calls import add_to, backpropagate, propagate
from .graph.reading import read_input
from .graph.windows import check_windows
from .planning import PlannedModel


class Passes(PlannedModel):
    """Base class of models that computes the passes of all layers on a device."""

    @property
    def random(self) -> Stream:
        """The stream of random keys."""
        raise NotImplementedError

    # -- input --------------------------------------------------------------------------------------------------------

    def as_input(self, x: Any, what: str) -> npt.NDArray[Any]:
        """Return ``x`` as an array of what the layer of the only input takes: real numbers, or indices.

        Raises
        ------
        TypeError, ValueError
            For anything else.
        """
        return self.read_input(0, x, what) if self.readers else as_real(x, what, INPUT_AXES, sequences=True)

    def read_input(self, index: int, x: Any, what: str) -> npt.NDArray[Any]:
        """Return ``x`` as an array of what the layers of the input of an index take; raises as :meth:`as_input`."""
        reader = self.readers[index]
        if not (reader.converts_inputs or (reader.takes_indices and self.built)):
            return reader.as_input(x, what)
        return read_input(self.execution, self.execution.inputs[index], x, what)

    def validate_input(self, x: Any, what: str = "x") -> npt.NDArray[Any]:
        """Return ``x`` as an array that the model of one input takes; the first input builds the model.

        Raises
        ------
        TypeError, ValueError
            For anything that the model does not take, before anything is changed.
        """
        array = self.as_input(x, what)
        if not self.built:
            self.compute_shapes(array.shape)  # for its sentences: they name the shape that came
            self.build((None, *array.shape[1:]))
        self.check_shape(array.shape)
        return array

    def gather(self, ops: Ops, x: Any, rows: npt.NDArray[np.intp] | slice) -> Any:
        """Copy samples ``rows`` of a validated array to the device as one batch, or those of a tuple of arrays."""
        if isinstance(x, tuple):
            return tuple(reader.gather(ops, array, rows) for reader, array in zip(self.readers, x, strict=True))
        return self.readers[0].gather(ops, x, rows)

    # -- passes -------------------------------------------------------------------------------------------------------

    def forward(
        self,
        x: Array | tuple[Array, ...],
        training: bool = False,
        rng: Key | None = None,
        mask: Array | None = None,
        states: States | None = None,
        ops: Ops | None = None,
    ) -> ForwardResult:
        """Compute the outputs of the model for device arrays.

        Parameters
        ----------
        x : device array, (N, D) or (T, N, D), or a tuple of them
            The input, or all inputs.
        training : bool
            Keep tapes, and drop out.
        rng : Key, optional
            What layers draw from: each call of a layer adds its index to the tag.
        mask : device array of bool, (T, N), optional
            False in the steps of the only input to leave out.
        states : list of tuples, optional
            What each call of a layer begins with, (h, c) of (N, H) for an LSTM; () is the layer's own beginning.
        ops : Ops, optional
            Those of the device of ``x``, for a model inside another one's layer. Default: those of the model's device.
        """
        ops, graph = ops or self.ops, self.execution
        if rng is None and (any(call.training for call in graph.calls) or self.draws_in_inference):
            rng = self.random.next_key()
        values: list[Any] = [None] * graph.size
        masks: list[Any] = [None] * graph.size
        for value, array in zip(graph.inputs, x if isinstance(x, tuple) else (x,), strict=True):
            values[value] = array
        if mask is not None:
            masks[graph.inputs[0]] = mask
        tapes: list[Tape] = []
        after: States = []
        penalty, losses = 0.0, list[Array]()
        for index, call in enumerate(graph.calls):
            key = None if rng is None else replace(rng, tag=(rng.tag + index) % 2**32)
            result = propagate(ops, call, values, masks, states[index] if states else (), training, key)
            tapes.append(result.tape)
            after.append(result.states)
            penalty += result.penalty
            losses += result.losses
            for value in graph.unused[index]:
                values[value] = masks[value] = None
        ys, left = tuple(values[value] for value in graph.outputs), tuple(masks[value] for value in graph.outputs)
        if self.has_one_output:
            return ForwardResult(ys[0], left[0], tapes, after, penalty, losses)
        return ForwardResult(ys, left if any(one is not None for one in left) else None, tapes, after, penalty, losses)

    def backward(
        self,
        tapes: Sequence[Tape],
        dy: Array | tuple[Array | None, ...],
        dstates: States | None = None,
        *,
        need_dx: bool = False,
        trained: TrainedWeights | None = None,
        penalties: bool = True,
        ops: Ops | None = None,
    ) -> Gradients:
        """Compute the gradients of a loss and of all penalties, from those of the loss by the results of :meth:`forward`.

        Parameters
        ----------
        tapes : list
            Of a forward call in training; they serve once.
        dy : device array, or a tuple of them
            The loss's gradient with respect to each output; None where the loss does not depend on one.
        dstates : list of tuples, optional
            The same of the last states of each call of a layer, where the loss depends on them; () is none.
        need_dx : bool
            Go down to the inputs. Else calls that lead to nothing that is trained are left out.
        trained : TrainedWeights, optional
            Of :meth:`trained`, where there are many calls.
        penalties : bool
            Add the gradients of the penalties of weights. Else :meth:`with_penalties` does.
        ops : Ops, optional
            As for :meth:`forward`.
        """
        ops, graph = ops or self.ops, self.execution
        trained = trained or self.trained()
        slopes: list[Any] = [None] * graph.size
        for value, slope in zip(graph.outputs, dy if isinstance(dy, tuple) else (dy,), strict=True):
            add_to(ops, slopes, value, slope)
        weights: list[Any] = [None] * len(trained.weights)
        states: States = [()] * len(graph.calls)
        for index in reversed(range(len(graph.calls))):
            if not (need_dx or trained.reached[index]):
                continue
            call, last = graph.calls[index], (dstates[index] if dstates else ())
            wanted = need_dx or any(trained.reached[place] for place in graph.upstream(index, states=False))
            back = backpropagate(ops, call, tapes[index], slopes, last, wanted)
            if back is None:
                continue
            states[index] = back.dstates
            for place, weight in trained.indices[index]:
                add_to(ops, weights, weight, back.gradients[place])
        for place, variable in enumerate(trained.weights):
            if weights[place] is None:
                weights[place] = ops.asarray(np.zeros(variable.shape, self.dtype), self.dtype)
        if penalties and trained.regularized:
            weights = self.with_penalties(weights, trained)
        dx = tuple(slopes[value] for value in graph.inputs)
        return Gradients(weights, states, None if not need_dx else dx if len(dx) > 1 else dx[0])

    def constrain(self) -> None:
        """Apply the constraints of all layers' trained weights."""
        for layer in self._inside[0]:
            layer.constrain()

    # -- states -------------------------------------------------------------------------------------------------------

    @property
    def stateful(self) -> bool:
        """Whether any layer begins with the last states of the batch before."""
        return any(layer.stateful for layer in self._layers)

    @property
    def calls_with_states(self) -> list[str]:
        """The names of layers whose calls in the graph take initial states."""
        return [call.layer.name for call in self.execution.calls if call.states]

    def check_windows(self) -> None:
        """Raise ValueError for a layer that loses something where truncated backpropagation cuts time into windows."""
        check_windows(self.execution, self.input_shape if isinstance(self.input_shape, list) else [self.input_shape])

    def window_states(self, N: int) -> States:
        """Return what each call of a layer begins with in the first window of N samples; () is the layer's own beginning."""
        ops, dtype = self.ops, self.dtype
        shapes = [call.layer.window_states(N) for call in self.execution.calls]
        return [tuple(ops.asarray(np.zeros(shape), dtype) for shape in of_call) for of_call in shapes]  # type: ignore[arg-type]

    def reset_states(self) -> None:
        """Forget the states of all stateful layers: they begin from zero again."""
        for layer in self._layers:
            layer.reset_states()
