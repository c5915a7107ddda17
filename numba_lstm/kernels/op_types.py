"""Argument and return types of the ops: the protocol of a weight, and named tuples of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .specs import Key

Array = Any  #: an array of a device
#: A step of a stream from its inputs and the states before it to its outputs and the states after it.
StepFunction = Callable[[Sequence[Array], Sequence[Array]], tuple[Sequence[Array], Sequence[Array]]]
Tape = Any  #: what a forward op saves for its backward op: an opaque value, for one backward call


class Weight(Protocol):
    """The interface of a weight that ops use (:class:`numba_lstm.variables.Variable` has it)."""

    version: int  #: how often the value has changed, as a writer counts; prepared forms belong to one version

    @property
    def fetch(self) -> Callable[[], npt.NDArray[Any]] | None:
        """What reading :attr:`value` calls, where a device holds the value; None where the host does."""

    @property
    def value(self) -> npt.NDArray[Any]:
        """The array on the host, read-only."""

    def prepared(self, form: str, make: Callable[[npt.NDArray[Any]], Any]) -> Any:
        """Return ``make(value)``, cached under ``form`` until the weight changes."""

    def writable(self) -> npt.NDArray[Any]:
        """Return the array on the host for writing, until :meth:`written`. Drops every prepared form."""

    def written(self) -> None:
        """End the writing. Drops the forms that were prepared meanwhile."""

    def written_as(self, form: str, made: Any, fetch: Callable[[Any], npt.NDArray[Any]]) -> None:
        """Declare that ``made``, under ``form``, holds the value. Reading :attr:`value` calls ``fetch(made)``."""


class LSTMWeights(NamedTuple):
    """The weights of an LSTM, or arrays of the same shapes with their gradients. An absent weight is ``None``.

    The gate blocks along the last axis are in the order of :mod:`numba_lstm.gates`: i, f, g, o.
    """

    kernel: Any  #: W (D, 4H)
    recurrent_kernel: Any  #: U (P, 4H), where P is H without a projection
    bias: Any = None  #: b (4H,)
    peephole: Any = None  #: V (3, H), of i, f and o
    projection: Any = None  #: R (H, P)
    kernel_norm: Any = None  #: gamma of x W, (4H,); all three norms are present or none
    recurrent_norm: Any = None  #: gamma of h U, (4H,)
    cell_norm: Any = None  #: gamma and beta of c, (2, H)


class LSTMNoise(NamedTuple):
    """The random masks of an LSTM in training, which the layer draws. An absent mask is ``None``. No mask has a gradient.

    The dropout masks are floating, 0 or 1 / (1 - rate), one for each gate (in the order of :mod:`numba_lstm.gates`), and
    constant over time. The zoneout masks are boolean, True where the state keeps its value of the previous step.
    """

    inputs: Any = None  #: (4, N, D), dropout mask of x
    recurrent: Any = None  #: (4, N, P), dropout mask of h
    zoneout_h: Any = None  #: (T, N, P)
    zoneout_c: Any = None  #: (T, N, H)


class LSTMOutput(NamedTuple):
    """What :meth:`Ops.lstm_forward` returns."""

    y: Array | None  #: (T, N, P) outputs of all steps, ``None`` unless ``sequences``
    h: Array  #: (N, P) last output
    c: Array  #: (N, H) last cell state
    tape: Tape | None  #: ``None`` unless ``training``


class LSTMGradients(NamedTuple):
    """What :meth:`Ops.lstm_backward` returns."""

    dx: Array | None  #: (T, N, D), ``None`` unless ``need_dx``
    dh0: Array  #: (N, P)
    dc0: Array  #: (N, H)
    weights: LSTMWeights  #: gradients in the weights' shapes


class RNNWeights(NamedTuple):
    """The weights of a GRU or of a simple RNN, or arrays of the same shapes with their gradients. No bias is ``None``.

    G is 3 for a GRU, whose blocks of H columns are z, r and g, and 1 for a simple RNN.
    """

    kernel: Any  #: W (D, GH)
    recurrent_kernel: Any  #: U (H, GH)
    bias: Any = None  #: b (GH,); with ``reset_after`` (2, 3H), that of x W above that of h U


class RNNNoise(NamedTuple):
    """The dropout masks of a GRU or of a simple RNN in training, one for each gate, as in :class:`LSTMNoise`."""

    inputs: Any = None  #: (G, N, D), dropout mask of x
    recurrent: Any = None  #: (G, N, H), dropout mask of h


class RNNOutput(NamedTuple):
    """What :meth:`Ops.rnn_forward` returns."""

    y: Array | None  #: (T, N, H) outputs of all steps, ``None`` unless ``sequences``
    h: Array  #: (N, H) last output
    tape: Tape | None  #: ``None`` unless ``training``


class RNNGradients(NamedTuple):
    """What :meth:`Ops.rnn_backward` returns."""

    dx: Array | None  #: (T, N, D), ``None`` unless ``need_dx``
    dh0: Array  #: (N, H)
    weights: RNNWeights  #: gradients in the weights' shapes


class Plan(Protocol):
    """A function of arrays, for inputs of one shape each. One thread at a time may call it. :meth:`Ops.plan` returns one."""

    def __call__(self, *inputs: Array | None, key: Key | None = None) -> Any:
        """Compute the function of ``inputs``. The next call overwrites what this one returns."""


class StreamPlan(Protocol):
    """The step of N independent streams, and their states. One thread at a time may call it.

    :meth:`Ops.stream_plan` returns one. Its inputs are packed rows of D columns, as :class:`.packed_rows.PackedRows` makes
    them. The outputs of a sample are the elements of all outputs one after the other, C columns.
    """

    compiled: bool  #: whether one compiled call runs many steps

    #: Runs one step from a flat x to a flat output, where it is one compiled call; it checks neither array.
    single_step: Callable[[npt.NDArray[Any], npt.NDArray[Any]], None] | None

    def __call__(self, x: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Run one step on host inputs x (N, D) or (D,). Returns the outputs, (N, C) or (C,), in a new array or in ``out``.

        Both arrays are C-contiguous, of the dtype of the stream.
        """

    def run_last(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Run all steps of host inputs x (T, N, D). Returns a new array of the outputs of the last step, (N, C)."""

    def run(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Run all steps of host inputs x (T, N, D), T at least 1. Returns a new array of their outputs, (T, N, C)."""

    @property
    def states(self) -> list[npt.NDArray[Any]]:
        """Copies of the states."""

    def set_states(self, states: Sequence[npt.NDArray[Any]] | None) -> None:
        """Overwrite all states. None sets them to zero."""


class DecodingPlan(Protocol):
    """The step of the sequences of all samples, ``width`` ones each. One thread at a time may call it.

    :meth:`Ops.decoding_plan` returns one.
    """

    width: int  #: sequences of a sample
    scores: npt.NDArray[Any]  #: (rows, V) of the last step, where a row is a sequence

    def begin(self, tokens: npt.NDArray[np.int64], states: Sequence[Array] | None, constants: Sequence[Array]) -> None:
        """Begin sequences with their first tokens (rows,), and with states and constants on the device; None is zero."""

    def step(self, tokens: npt.NDArray[np.int64], parents: npt.NDArray[np.intp] | None) -> npt.NDArray[Any]:
        """Return the scores after ``tokens``, which continue the rows ``parents``, by default each its own.

        The next call overwrites them. The first call after :meth:`begin` reads no parents.
        """

    def search(
        self, steps: int, end: int | None, penalties: npt.NDArray[np.float64], logits: bool
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Search the most probable sequences after :meth:`begin`.

        Of equal sequences the first one by its parent and its token comes first.

        Parameters
        ----------
        steps : int
            The most tokens of a sequence.
        end : int, optional
            Token that ends a sequence.
        penalties : float64 array, (steps + 2,)
            By what the log probability of a sequence is divided, by its tokens.
        logits : bool
            Whether scores are logits, and not probabilities.

        Returns
        -------
        tokens : (rows, L)
            The best sequences of each sample first.
        sums : (samples, width)
            Log probabilities, without penalties.
        lengths : (samples, width)
            Tokens up to the end token, which counts.
        """


class UpdateProgram(Protocol):
    """A step of an optimizer on fixed arrays: those of the weights, of their slots and of the gradients."""

    def __call__(self, step: int, rate: float) -> None:
        """Apply :meth:`Ops.update` with the current gradients."""


class ElementwiseFormula(NamedTuple):
    """A function of the elements of several arrays, which a device compiles once for each text.

    ``text`` has lines ``v0 = add(x0, c0)`` with the operations of :data:`.formulas.OPERATIONS` but ``constant``, and with
    ``sigmoid``. Its last line is the name of the result. ``x0, x1, ...`` are elements of the operands, and ``c0, c1, ...`` the
    ``constants``.
    """

    text: str
    constants: tuple[float, ...] = ()


#: The formula of a copy.
IDENTITY = ElementwiseFormula("x0")
#: The formula that adds two operands.
SUM = ElementwiseFormula("v0 = add(x0, x1)\nv0")
