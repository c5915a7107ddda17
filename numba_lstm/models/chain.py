"""Chain: the forward and the backward pass through all layers, with masks and states."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .. import device as devices
from ..inputs import INPUT_AXES, as_real
from ..kernels.contract import Array, Ops, Tape
from ..kernels.specs import Key
from ..layers import Layer
from ..layers.base.planning import why_not_planned
from ..layers.base.weights_owner import WeightsOwner
from ..training.results import ForwardResult, Gradients, States, TrainedWeights
from ..variables import Variable
from .trained_weights import WeightSelection


class Chain(WeightSelection):
    """Base class of models that computes the passes of all layers on a device."""

    def __init__(self, name: str | None, dtype: str, trainable: bool) -> None:
        super().__init__(name, dtype, trainable)
        self._device: str | None = None
        self.run_eagerly = False  #: whether calls run the ops of layers one by one, without plans
        self._inside_cache: tuple[list[Layer], list[WeightsOwner], list[Variable]] | None = None
        self._reason: tuple[list[Any], str | None] = ([], None)  #: why there are no plans, after these changes

    # -- device -------------------------------------------------------------------------------------------------------

    def to(self, device: str) -> Self:
        """Compute on ``device`` from now on; return the model."""
        devices.resolve(device)
        self._device = device
        return self

    @property
    def device(self) -> str:
        """The device that the model computes on; "auto" decides by the number of parameters, once the model is built."""
        return self.device_choice[0]

    @property
    def device_choice(self) -> tuple[str, str]:
        """The device, and the reason of "auto" for it."""
        return devices.choose(self._device, self._parameters or (self.count_params() if self.built else 0))

    @property
    def ops(self) -> Ops:
        """The device's ops."""
        return devices.get_ops(self.device)

    # -- input --------------------------------------------------------------------------------------------------------

    def as_input(self, x: Any, what: str) -> npt.NDArray[Any]:
        """Return ``x`` as an array of what the first layer takes: real numbers, or indices.

        Raises
        ------
        TypeError, ValueError
            For anything else.
        """
        return self._layers[0].as_input(x, what) if self._layers else as_real(x, what, INPUT_AXES, sequences=True)

    def check_input(self, x: Any, what: str = "x") -> npt.NDArray[Any]:
        """Return ``x`` as an array that the model takes; the first input builds the model.

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

    def gather(self, ops: Ops, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice) -> Array:
        """Copy samples ``rows`` of an array of :meth:`check_input` to the device as one batch."""
        return self._layers[0].gather(ops, x, rows)

    # -- passes -------------------------------------------------------------------------------------------------------

    def forward(
        self,
        x: Array,
        training: bool = False,
        rng: Key | None = None,
        mask: Array | None = None,
        states: States | None = None,
    ) -> ForwardResult:
        """Compute the output of all layers for device arrays.

        Parameters
        ----------
        x : device array, (N, D) or (T, N, D)
        training : bool
            Keep tapes, and drop out.
        rng : Key, optional
            What layers draw from; its tag becomes each layer's index.
        mask : device array of bool, (T, N), optional
            False in the steps to leave out.
        states : list of tuples, optional
            What each layer begins with, (h, c) of (N, H) for an LSTM; () is the layer's own beginning.
        """
        ops, penalty = self.ops, 0.0
        tapes: list[Tape] = []
        after: States = []
        for index, layer in enumerate(self._layers):
            key = None if rng is None else Key(rng.seed, rng.step, index)
            first = (states[index] or None) if states else None
            came = mask
            x, last, mask, tape, extra = layer.propagate(ops, x, first, mask, training, key)
            if came is not None and mask is None and not layer.supports_masking:
                warnings.warn(f"{layer.name} takes no mask: what follows it sees masked steps as any other.", stacklevel=2)
            tapes.append(tape)
            after.append(last)
            penalty += extra
        return ForwardResult(x, mask, tapes, after, penalty)

    def backward(
        self,
        tapes: Sequence[Tape],
        dy: Array,
        dstates: States | None = None,
        *,
        need_dx: bool = False,
        trained: TrainedWeights | None = None,
        penalties: bool = True,
    ) -> Gradients:
        """Compute the gradients of a loss and of all penalties, from those of the loss by the results of :meth:`forward`.

        Parameters
        ----------
        tapes : list
            Of a forward call in training; they serve once.
        dy : device array
            The loss's gradient with respect to the output.
        dstates : list of tuples, optional
            The same of the last states of each layer, where the loss depends on them; () is none.
        need_dx : bool
            Go down to the input. Else layers below the first one with anything to train are left out.
        trained : TrainedWeights, optional
            Of :meth:`trained`, where there are many calls.
        penalties : bool
            Add the gradients of the penalties of weights. Else :meth:`with_penalties` does.
        """
        ops, (_, chosen, first, regularized) = self.ops, trained or self.trained()
        weights: list[Array] = []
        states: States = [()] * len(chosen)
        for index in reversed(range(0 if need_dx else first, len(chosen))):
            layer, last = self._layers[index], (dstates[index] or None) if dstates else None
            dy, states[index], extra = layer.backpropagate(ops, tapes[index], dy, last, need_dx=need_dx or index > first)
            if penalties and index in regularized:
                extra = tuple(layer.add_penalty_gradients(ops, extra))
            weights[:0] = [extra[place] for place in chosen[index]]
        return Gradients(weights, states, dy if need_dx else None)

    # -- plans --------------------------------------------------------------------------------------------------------

    def changes(self, *, weights: bool = False) -> list[Any]:
        """Return the state of all settings of the built model and its layers: as long as it is equal, plans stay valid.

        With ``weights`` the versions of all variables are included.
        """
        layers, owners, variables = self._inside
        counts = [self.run_eagerly, self.device, *layers, *[owner._changes for owner in owners]]
        return counts + [variable.version for variable in variables] if weights else counts

    @property
    def _inside(self) -> tuple[list[Layer], list[WeightsOwner], list[Variable]]:
        """The layers, all owners of weights inside them, and all variables; cached."""
        found = self._inside_cache
        if found is None or found[0] != self._layers:
            layers = self.layers
            owners = [owner for layer in layers for owner in layer.owners()]
            self._inside_cache = found = layers, owners, [variable for layer in layers for variable in layer.variables]
        return found

    def why_not_planned(self) -> str | None:
        """Return the reason why the built model has no plans, as a clause; None if it has plans."""
        changes = self.changes()
        if self._reason[0] != changes:
            self._reason = changes, self._find_reason()
        return self._reason[1]

    def _find_reason(self) -> str | None:
        if self.run_eagerly:
            return "run_eagerly is set"
        if self.device != "cpu":
            return f"{self.device} runs single ops as fast"
        cls = type(self)
        overridden = [name for name in ("forward", "backward", "gather") if getattr(cls, name) is not getattr(Chain, name)]
        if overridden:
            return f"{cls.__name__} overrides {overridden[0]}"
        return next((reason for owner in self._inside[1] if (reason := why_not_planned(owner)) is not None), None)

    def constrain(self) -> None:
        """Apply the constraints of all layers' trained weights."""
        for layer in self._layers:
            layer.constrain()

    # -- states -------------------------------------------------------------------------------------------------------

    @property
    def stateful(self) -> bool:
        """Whether any layer begins with the last states of the batch before."""
        return any(layer.stateful for layer in self._layers)

    def reset_states(self) -> None:
        """Forget the states of all stateful layers: they begin from zero again."""
        for layer in self._layers:
            layer.reset_states()
