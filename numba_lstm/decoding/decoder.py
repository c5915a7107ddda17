"""Decoders: models that give scores of the next token, from the last one and from states that go from token to token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..inputs import as_real
from ..kernels.contract import DecodingPlan
from ..models import Model, Sequential
from ..training.data.several import validate_inputs
from .steps import ModelSteps, StreamSteps

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
        streamed, from indices or from one-hot rows (V,) to scores (V,): its stream holds the states.
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
        For another number of states and constants than the model has, for states that it does not return as it takes them, for
        tokens that are no indices, and for arrays that the model does not take.
    RuntimeError
        For a step after the weights of the model have changed.
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
        if isinstance(model, Sequential):
            if len(states) or len(constants):
                raise ValueError(
                    f"{model.name} is a Sequential, whose stream holds its states. Leave states and constants out."
                )
            if not model.built:
                raise ValueError(f"{model.name} is not built yet. Call it on data, or add an Input, before decoding.")
            self._shape = model.input_shape
        else:
            wanted = len(model.outputs) - 1
            if len(states) != wanted or len(model.inputs) != 1 + wanted + len(constants):
                raise ValueError(
                    f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs, so it takes a token, "
                    f"{wanted} states and {len(model.inputs) - 1 - wanted} constants; "
                    f"got {len(states)} states and {len(constants)} constants."
                )
            _check_states(model, wanted)
            self._shape = model.inputs[0].shape
        self._states, self._constants = (
            [np.repeat(self._of_samples(array, what), rows, axis=0) for array in arrays]
            for arrays, what in ((states, "state"), (constants, "constant"))
        )
        self._rows = np.arange(self.size)
        self._parents: npt.NDArray[np.intp] | None = None  #: rows whose states the next step continues
        self._plan: DecodingPlan | None = None
        self._steps: ModelSteps | StreamSteps | None = None  #: without a plan, once the first step has come
        self._versions: list[int] = []  #: of the weights, at the first step

    def _of_samples(self, array: Any, what: str) -> Array:
        values = as_real(array, f"a {what}")
        if values.ndim < 1 or len(values) != len(self.start):
            raise ValueError(f"a {what} must have {len(self.start)} samples, as start has, got shape {values.shape}.")
        return values

    def step(self, tokens: npt.NDArray[np.int64]) -> Array:
        """Return the log probabilities (rows, V) of the next tokens after ``tokens`` (rows,)."""
        tokens = np.asarray(tokens, np.int64)
        if tokens.shape != (self.size,):
            raise ValueError(f"{self._model.name} decodes {self.size} rows. Give a token of each, got shape {tokens.shape}.")
        if self._plan is None and self._steps is None:
            self._begin(tokens)
        elif self._versions != self._model.weight_versions():
            raise RuntimeError(
                f"the weights of {self._model.name} have changed since the first step of this decoder, whose states belong to "
                "the former ones. Make another decoder."
            )
        if self._plan is not None:
            if tokens.view(np.uint64).max() >= self._plan.scores.shape[1]:  # of these tokens the model takes all
                self._read(tokens)
            parents, self._parents = self._parents, None
            return self._log_probabilities(self._plan.step(tokens, parents))
        assert self._steps is not None
        x = self._as_input(tokens)
        parents, self._parents = self._parents, None
        scores = self._steps(x, parents)
        return self._log_probabilities(scores.reshape(self.size, -1))

    def search(self, steps: int, end: int | None, penalties: Array) -> tuple[Array, Array, Array] | None:
        """Search the most probable sequences from ``start`` by a plan (:class:`.contract.DecodingPlan`); None without one."""
        tokens = np.repeat(self.start, self.size // len(self.start))
        self._begin(tokens)
        if self._plan is None or (end is not None and not 0 <= end < self._plan.scores.shape[1]):
            return None
        return self._plan.search(steps, end, penalties, self._logits)

    def _begin(self, tokens: npt.NDArray[np.int64]) -> None:
        """Take a plan, or begin steps without one, once the states of the first step are those of ``select``."""
        model, states = self._model, self._states
        if self._parents is not None:
            states = [state[self._parents] for state in states]
        arrays = self._read(tokens, states)
        self._parents, self._versions = None, model.weight_versions()
        if model.why_not_predicted() is None:
            gathered = [reader.gather(model.ops, x, slice(None)) for reader, x in zip(model.readers, arrays, strict=True)]
            last = len(gathered) - len(self._constants)
            beside = None if isinstance(model, Sequential) else gathered[1:last], gathered[last:]
            self._plan, self._idle = model.decoding_plans.take(self.size // len(self.start), gathered[0], *beside)
            if self._plan is not None:
                self._plan.begin(tokens, *beside)
                return
        if isinstance(model, Sequential):
            self._steps = StreamSteps(model, self.size)
        else:
            self._steps = ModelSteps(model, states, self._constants)

    def _read(self, tokens: npt.NDArray[np.int64], states: Sequence[Array] | None = None) -> tuple[Array, ...]:
        """Return the inputs of a step as the model takes them; raise as its calls."""
        x = self._as_input(tokens)
        if states is None or (not states and not self._constants):
            return (self._model.read_input(0, x, "the tokens"),)
        inputs: tuple[Array, ...] = validate_inputs(self._model, [x, *states, *self._constants]).x
        return inputs

    def close(self) -> None:
        """Leave the plan to the next decoder. A decoder takes no step after it."""
        if self._plan is not None:
            self._idle.append(self._plan)
            self._plan = None

    def _as_input(self, tokens: npt.NDArray[np.int64]) -> Array:
        shape = self._shape
        if len(shape) < 3:
            return tokens.reshape((-1,) if len(shape) == 1 else (-1, 1))
        size = shape[-1]
        assert size is not None
        wrong = tokens[(tokens < 0) | (tokens >= size)]
        if wrong.size:
            raise ValueError(f"{self._model.name} takes one-hot rows of {size} tokens, got the token {int(wrong[0])}.")
        rows = np.zeros((len(tokens), 1, size), self._model.dtype)
        rows[self._rows, 0, tokens] = 1
        return rows

    def _log_probabilities(self, scores: Array) -> Array:
        scores = scores.astype(np.float64)
        if self._logits:
            shifted = scores - scores.max(axis=-1, keepdims=True)
            return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
        with np.errstate(divide="ignore"):  # a token of probability 0 is never taken
            return np.asarray(np.log(scores, out=scores))

    def select(self, rows: npt.NDArray[np.intp]) -> None:
        """Let each row go on from the states of another one."""
        self._parents = (self._rows if self._parents is None else self._parents)[rows]


def _check_states(model: Model, count: int) -> None:
    """Raise ValueError for a model that returns a state in another shape than it takes."""
    for k, (taken, given) in enumerate(zip(model.inputs[1 : 1 + count], model.outputs[1:], strict=True)):
        sizes = zip(taken.shape, given.shape, strict=False)
        if len(taken.shape) != len(given.shape) or any(a != b for a, b in sizes if a is not None and b is not None):
            raise ValueError(
                f"{model.name} takes state {k} of shape {taken.shape}, but returns it with shape {given.shape}. "
                "Return states as the model takes them."
            )


def as_tokens(start: Any) -> npt.NDArray[np.int64]:
    """Return first tokens (N,) as int64; raise ValueError for anything but whole numbers from 0."""
    array = as_real(start, "start")
    if array.ndim != 1 or not len(array) or np.any(array < 0) or np.any(array != np.floor(array)):
        raise ValueError(f"start must hold the first token of each sample, whole numbers (N,) from 0, got {start!r:.80}.")
    return array.astype(np.int64)
