"""What goes into ops and comes out of them: weights as ops see them, and the named tuples of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy.typing as npt

from .specs import Activation, LSTMSpec

Array = Any  #: a device's own array
Tape = Any  #: what a forward op leaves for its backward op; a value, opaque, good for one backward call


class Weight(Protocol):
    """A weight as ops see it (:class:`numba_lstm.variables.Variable` is one)."""

    @property
    def value(self) -> npt.NDArray[Any]:
        """The host's array, read-only."""

    def prepared(self, form: str, make: Callable[[npt.NDArray[Any]], Any]) -> Any:
        """``make(value)``, kept under ``form`` until the weight changes."""

    def writable(self) -> npt.NDArray[Any]:
        """The host's array to write to, until :meth:`written`; every prepared form is dropped."""

    def written(self) -> None:
        """Say that writing is over; forms that were prepared meanwhile are dropped."""

    def written_as(self, form: str, made: Any, fetch: Callable[[Any], npt.NDArray[Any]]) -> None:
        """Say that ``made``, under ``form``, holds the value; ``fetch(made)`` brings it to the host when it is asked for."""


class LSTMWeights(NamedTuple):
    """The weights of an LSTM, or (as arrays of the same shapes) their gradients; ``None`` where there is none.

    Gate blocks along the last axis stand in the order of :mod:`numba_lstm.gates`: i, f, g, o.
    """

    kernel: Any  #: W (D, 4H)
    recurrent_kernel: Any  #: U (P, 4H), where P is H without a projection
    bias: Any = None  #: b (4H,)
    peephole: Any = None  #: V (3, H), of i, f and o
    projection: Any = None  #: R (H, P)
    kernel_norm: Any = None  #: gamma of x W, (4H,); there are all three norms or none
    recurrent_norm: Any = None  #: gamma of h U, (4H,)
    cell_norm: Any = None  #: gamma and beta of c, (2, H)


class LSTMNoise(NamedTuple):
    """The random masks of an LSTM in training, drawn by the layer; ``None`` where there is none. None has a gradient.

    The first two are floating, 0 or 1 / (1 - rate), for each gate (in the order of :mod:`numba_lstm.gates`) and constant over
    time; the others are boolean, True where the state keeps its value of the step before.
    """

    inputs: Any = None  #: (4, N, D), factors of x
    recurrent: Any = None  #: (4, N, P), factors of h
    zoneout_h: Any = None  #: (T, N, P)
    zoneout_c: Any = None  #: (T, N, H)


class LSTMOutput(NamedTuple):
    """What :meth:`Ops.lstm_forward` answers."""

    y: Array | None  #: (T, N, P) outputs of all steps, ``None`` unless ``sequences``
    h: Array  #: (N, P) last output
    c: Array  #: (N, H) last cell state
    tape: Tape | None  #: ``None`` unless ``training``


class LSTMGradients(NamedTuple):
    """What :meth:`Ops.lstm_backward` answers."""

    dx: Array | None  #: (T, N, D), ``None`` unless ``need_dx``
    dh0: Array  #: (N, P)
    dc0: Array  #: (N, H)
    weights: LSTMWeights  #: gradients in the weights' shapes


class LSTMPart(NamedTuple):
    """An LSTM as a part of a model."""

    weights: LSTMWeights
    spec: LSTMSpec
    sequences: bool = False  #: whether it answers all steps; a stream has one at a time

    @property
    def own(self) -> list[Weight]:
        """The weights that there are."""
        return [weight for weight in self.weights if weight is not None]


class DensePart(NamedTuple):
    """A Dense layer as a part of a model; without a kernel, an activation alone."""

    kernel: Weight | None
    bias: Weight | None
    activation: Activation

    @property
    def own(self) -> list[Weight]:
        """The weights that there are."""
        return [weight for weight in (self.kernel, self.bias) if weight is not None]


class Stepper(Protocol):
    """A model's parts and the states of N independent streams through them: what :meth:`Ops.stream` answers."""

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The outputs (N, C), a fresh array, for the next inputs x (N, D) of the host; (C,) for (D,). The states move on."""

    def through(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The outputs (N, C), a fresh array, after the last of the inputs x (T, N, D) of the host. The states move on."""

    def run(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The outputs (T, N, C), a fresh array, of all steps of x (T, N, D) of the host, T at least 1. The states move on."""

    @property
    def states(self) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """Copies of h (N, P) and c (N, H) of every LSTM."""

    def set_states(self, states: Sequence[tuple[npt.NDArray[Any], npt.NDArray[Any]]] | None) -> None:
        """Overwrite all states; None sets them to zero."""


class ForwardProgram(Protocol):
    """A forward pass through a model's parts, for batches that lie alike; it serves one thread at a time."""

    def __call__(self, x: Array) -> npt.NDArray[Any]:
        """The output for x (T, N, D), a fresh array (N, C) or (N, T, C) of the host."""


class Passes(NamedTuple):
    """What a :class:`GradientProgram` answers."""

    value: float  #: of the loss
    y: Array  #: the output, the caller's own


class GradientProgram(Protocol):
    """A forward and a backward pass through a model's parts, for batches of one shape; it serves one thread at a time."""

    @property
    def gradients(self) -> Sequence[tuple[Array, ...]]:
        """The arrays of each part's gradients, in the order of its weights: what the last call left there."""

    def __call__(self, x: Array, target: Array) -> Passes:
        """The loss of a batch, with the weights as they are now; its gradients are in :attr:`gradients` then."""


class UpdateProgram(Protocol):
    """A step of an optimizer whose arrays lie ready: those of the weights, of their slots and of the gradients."""

    def __call__(self, step: int, rate: float) -> None:
        """:meth:`Ops.update` with the gradients as they are now."""
