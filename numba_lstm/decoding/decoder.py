"""Decoders: models that give scores of the next token, from the last one and from states that go from token to token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..inputs import as_real
from ..models import Model, Sequential

Array = npt.NDArray[Any]


class Decoded(NamedTuple):
    """Sequences of tokens, the most probable ones first where there are several of a sample."""

    tokens: npt.NDArray[np.int64]  #: (N, L), or (N, width, L) of a beam search; after the end token there are more of it
    scores: Array  #: (N,) or (N, width): sums of log probabilities, divided by the length penalty of a beam search
    lengths: npt.NDArray[np.int64]  #: (N,) or (N, width): tokens up to the end token, which counts


class Decoder:
    """A decoder with the states of its rows.

    Parameters
    ----------
    model : Model or Sequential
        A model of the inputs ``[token, *states, *constants]`` and the outputs ``[scores, *states]``, where a token is an index
        (N, 1) or (N,), or a one-hot row (N, 1, V), and scores are (N, V) or (N, 1, V). Or a ``Sequential`` that can be
        streamed, from one-hot rows (V,) to scores (V,): its stream holds the states.
    start : array of int, (N,)
        The first token of each sample.
    states : sequence of arrays (N, ...)
        The first states. None, for a ``Sequential``, is zero.
    constants : sequence of arrays (N, ...)
        Inputs that are the same at each step, such as the outputs of an encoder.
    logits : bool
        Whether the scores are logits. Else they are probabilities.
    rows : int
        Rows of each sample, as the beams of a search.

    Raises
    ------
    TypeError, ValueError
        For another number of states and constants than the model has, and for tokens that are no indices.
    """

    def __init__(
        self,
        model: Model,
        start: Any,
        states: Sequence[Any] = (),
        constants: Sequence[Any] = (),
        *,
        logits: bool,
        rows: int = 1,
    ) -> None:
        self.start = as_tokens(start)
        self._logits, self._model = logits, model
        self.size = len(self.start) * rows
        self._stream = model.stream(self.size) if isinstance(model, Sequential) else None
        if self._stream is not None:
            if len(states) or len(constants):
                raise ValueError(
                    f"{model.name} is a Sequential, whose stream holds its states. Leave states and constants out."
                )
            self._states: list[Array] = []
            self._constants: list[Array] = []
            self._shape: tuple[int | None, ...] = (None, model.input_shape[-1])
            return
        wanted = len(model.outputs) - 1
        if len(states) != wanted or len(model.inputs) != 1 + wanted + len(constants):
            raise ValueError(
                f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs, so it takes a token, "
                f"{wanted} states and {len(model.inputs) - 1 - wanted} constants; "
                f"got {len(states)} states and {len(constants)} constants."
            )
        self._states, self._constants = (
            [np.repeat(self._of_samples(array, what), rows, axis=0) for array in arrays]
            for arrays, what in ((states, "state"), (constants, "constant"))
        )
        self._shape = model.inputs[0].shape
        self._largest_token = -1  #: of those that the model has taken

    def _of_samples(self, array: Any, what: str) -> Array:
        values = as_real(array, f"a {what}")
        if values.ndim < 1 or len(values) != len(self.start):
            raise ValueError(f"a {what} must have {len(self.start)} samples, as start has, got shape {values.shape}.")
        return values

    def step(self, tokens: npt.NDArray[np.int64]) -> Array:
        """Return the log probabilities (rows, V) of the next tokens after ``tokens`` (rows,)."""
        x = self._as_input(tokens)
        if self._stream is not None:
            scores = self._stream.step(x)
        else:
            scores, *self._states = self._outputs(x, int(tokens.max()))
        return self._log_probabilities(scores.reshape(self.size, -1))

    def _outputs(self, x: Array, largest: int) -> Sequence[Array]:
        """Return the outputs of the model for a token. Only its first call checks the states, and larger tokens are checked."""
        arrays = x, *self._states, *self._constants
        if self._largest_token >= 0 and len(arrays) > 1:
            if largest > self._largest_token:
                self._model.read_input(0, x, "the tokens")
                self._largest_token = largest
            planned = self._model.prediction_plans(arrays)
            if planned is not None:
                return planned if isinstance(planned, tuple) else (planned,)
        outputs = self._model(list(arrays))
        self._largest_token = max(largest, self._largest_token)
        if isinstance(outputs, dict):
            return list(outputs.values())
        return outputs if isinstance(outputs, list) else [outputs]

    def _as_input(self, tokens: npt.NDArray[np.int64]) -> Array:
        shape = self._shape
        if self._stream is None and len(shape) < 3:
            return tokens.reshape((-1,) if len(shape) == 1 else (-1, 1))
        size = shape[-1]
        assert size is not None
        if tokens.max(initial=0) >= size:
            raise ValueError(f"{self._model.name} takes one-hot rows of {size} tokens, got the token {int(tokens.max())}.")
        rows = np.zeros((len(tokens), size), self._model.dtype)
        rows[np.arange(len(tokens)), tokens] = 1
        return rows if self._stream is not None else rows[:, None]

    def _log_probabilities(self, scores: Array) -> Array:
        scores = scores.astype(np.float64)
        if self._logits:
            shifted = scores - scores.max(axis=-1, keepdims=True)
            return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
        with np.errstate(divide="ignore"):  # a token of probability 0 is never taken
            return np.asarray(np.log(scores, out=scores))

    def select(self, rows: npt.NDArray[np.intp]) -> None:
        """Let each row go on from the states of another one."""
        if self._stream is not None:
            self._stream.state = [(h[rows], c[rows]) for h, c in self._stream.state]
            return
        self._states = [state[rows] for state in self._states]


def as_tokens(start: Any) -> npt.NDArray[np.int64]:
    """Return first tokens (N,) as int64; raise ValueError for anything but whole numbers from 0."""
    array = as_real(start, "start")
    if array.ndim != 1 or not len(array) or np.any(array < 0) or np.any(array != np.floor(array)):
        raise ValueError(f"start must hold the first token of each sample, whole numbers (N,) from 0, got {start!r:.80}.")
    return array.astype(np.int64)
