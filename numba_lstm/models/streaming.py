"""Stream: computes a model one time step at a time, with states between the calls."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_real
from .passes import Passes
from .plans.step_arrays import StepArrays, samples_first
from .plans.step_graph import StepGraph
from .plans.step_limit import StepLimit
from .plans.streaming import stream_plan


class Stream:
    """Stateful stream through a built model, one time step per call; made by ``model.stream(batch_size)``.

    The outputs are those of ``predict`` on the whole sequence, bit for bit. Any number of streams of one model may be held;
    one stream serves one thread at a time.

    Parameters
    ----------
    model : Sequential
        Built, taking sequences (None, T, D) or indices (None, T), of layers whose outputs depend on no later steps.
    batch_size : int
        N, the number of independent sequences.
    threads : int
        How many threads may share a step of one sequence (N = 1) through an LSTM whose recurrent weights have 2 MiB or more;
        never more than :func:`numba_lstm.get_num_threads`. They halve a step's time on an idle machine, and lose it where other
        programs want the cores, so one thread is the default. The outputs do not depend on it.

    max_steps : int, optional
        Only for models with causal attention: the most steps from a beginning, for which keys and values are kept. A step takes
        the time of all of them. Steps after them are an error.

    Raises
    ------
    ValueError
        For a model that is not built or takes no sequences, or a batch size or a number of threads
        below 1.
    NotImplementedError
        For a layer that needs later steps; the sentence names it and says why.

    Notes
    -----
    The weights are those of the moment when the stream was made: after more training, make a new one.

    A step is microseconds of compiled code between a microsecond or two of Python, for which threads of Python wait for each
    other: several of them that call ``step`` of small models together do fewer steps a second than one of them. What helps is
    more work a call: :meth:`run` over many steps, or one stream of N sequences. LSTM(40) and Dense(1), a stream a thread, in
    million steps a second of all threads together (medians of 15 turns on two cores that were busy with other programs, when
    ``run`` took 0.2 microseconds less a step)::

        Python threads      1       2       4
        step                0.17    0.12    0.12
        run, 4,000 steps    1.44    0.89    1.11
    """

    def __init__(self, model: Passes, batch_size: int = 1, threads: int = 1, *, max_steps: int | None = None) -> None:
        N, threads = as_count(batch_size, "batch_size"), as_count(threads, "threads")
        max_steps = None if max_steps is None else as_count(max_steps, "max_steps")
        if not model.built:
            raise ValueError(f"{model.name} is not built yet. Call it on data, or add an Input, before streaming.")
        shapes = model.input_shape if isinstance(model.input_shape, list) else [model.input_shape]
        for shape, reader, name in zip(shapes, model.readers, model.input_names, strict=True):
            if len(shape) < (2 if reader.takes_indices else 3):
                which = "" if len(shapes) == 1 else f" in its input {name!r}"
                raise ValueError(f"{model.name} takes {shape}{which}, not sequences (None, T, D), so it cannot be streamed.")
        graph = StepGraph(model, max_steps)
        self._plan, self._arrays = stream_plan(model, graph, N, threads), StepArrays(model, graph, N)
        self._limit = StepLimit(graph, model.name)
        self._is_plain = self._arrays.are_plain and not self._limit.counts
        self._cells = [len(shapes) for shapes in graph.cell_states(N)]  #: the number of states of each
        self._dtype, self._rows = np.dtype(model.dtype), N
        D = graph.rows.columns
        #: Computes an output (C,) from an x (D,) in one compiled call, where there is one.
        self._compute = self._plan.single_step if N == 1 and self._is_plain else None
        self._x_shape, self._y_shape = (D,), self._arrays.only_output if self._is_plain else ()
        self._name, self._shapes = model.name, ((D,), (N, D)) if N == 1 else ((N, D),)

    def step(self, x: Any, out: npt.NDArray[Any] | None = None) -> Any:
        """Compute the output for the next input, and update the states.

        Parameters
        ----------
        x : array, (N, D), or (D,) where N is 1; for several inputs a list or a dict of such arrays
            Cast to the model's dtype. Whole numbers for an Embedding are (N,), or () where N is 1.
        out : array, (N, C), or (C,) for (D,), optional
            Where the only output is written: writable, C-contiguous, of the model's dtype.

        Returns
        -------
        y : array, (N, C), or (C,) for (D,); for several outputs a list or a dict, as ``predict`` returns
            Fresh arrays, or ``out``.
        """
        compute, dtype = self._compute, self._dtype  # compute counts strides in elements, as aligned arrays have them
        if compute and type(x) is np.ndarray and x.shape == self._x_shape and x.dtype == dtype and x.flags.aligned:
            if out is None:
                out = np.empty(self._y_shape, dtype)
            elif type(out) is not np.ndarray or out.shape != self._y_shape or out.dtype != dtype or not out.flags.carray:
                self._check_out(out, self._y_shape)
            compute(x, out)
            return out
        if not self._is_plain:
            rows, alone = self._arrays.pack(x, many=False)
            if out is not None:
                self._check_out(out, (*(() if alone else rows.shape[:1]), *self._arrays.only_output))
            self._limit.add(1)
            y = self._arrays.unpack(self._plan(rows), alone)
            if out is None:
                return y
            out[...] = y
            return out
        if type(x) is not np.ndarray or x.dtype != self._dtype or not x.flags.c_contiguous:
            x = self._arrays.only_input(x)
        if x.shape not in self._shapes:
            expected = " or ".join(map(str, self._shapes))
            raise ValueError(f"this stream of {self._name} expects x of shape {expected}, got {x.shape}. One step at a time.")
        if out is None:
            return self._plan(x)
        self._check_out(out, (*x.shape[:-1], *self._arrays.only_output))
        return self._plan(x, out)

    def _check_out(self, out: Any, shape: tuple[int, ...]) -> None:
        if type(out) is not np.ndarray or out.dtype != self._dtype or out.shape != shape or not out.flags.carray:
            came = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
            raise ValueError(
                f"out must be a writable, C-contiguous array of {self._dtype} and of shape {shape}, got {came}. "
                f"Make it by np.empty({shape}, {str(self._dtype)!r})."
            )

    def run(self, x: Any) -> Any:
        """Compute the outputs for the next inputs, those of as many calls of :meth:`step`, and update the states.

        On the CPU it is one call of compiled code for many steps, in which other threads of Python run.

        Parameters
        ----------
        x : array, (T, N, D), or (T, D) where N is 1; for several inputs a list or a dict of such arrays
            Cast to the model's dtype.

        Returns
        -------
        y : array, (T, N, C), or (T, C) for (T, D); for several outputs a list or a dict, as ``predict`` returns
            Fresh arrays.

        Raises
        ------
        ValueError
            For another shape, or no step.
        """
        if not self._is_plain:
            rows, alone = self._arrays.pack(x, many=True)
            self._limit.add(len(rows))
            return self._arrays.unpack(self._plan.run(rows), alone)
        x = self._arrays.only_input(x)
        if x.shape[1:] not in self._shapes:
            expected = " or ".join(f"(T, {', '.join(map(str, shape))})" for shape in self._shapes)
            raise ValueError(f"this stream of {self._name} expects steps of shape {expected}, got {x.shape}.")
        y = self._plan.run(x.reshape(len(x), self._rows, x.shape[-1]))
        return y if x.ndim == 3 else y[:, 0]

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a Stream cannot be copied or pickled. Make another by model.stream() and assign it this one's state.")

    def reset(self) -> None:
        """Set all states to zero."""
        self._limit.reset()
        self._plan.set_states(None)

    @property
    def state(self) -> list[tuple[npt.NDArray[Any], ...]]:
        """Copies of the states of every call of a layer that has some; they can be assigned to any stream of the model.

        (h, c) of an LSTM, (N, P) and (N, H); (h,) of other recurrent layers; for a convolution its last inputs, (N, steps, C).

        Raises
        ------
        TypeError, ValueError
            Assigned anything but such a list; the stream keeps its state.
        """
        states = iter(samples_first(self._plan.states))
        return [tuple(islice(states, count)) for count in self._cells]

    @state.setter
    def state(self, value: Sequence[Sequence[npt.ArrayLike]]) -> None:
        expected = [tuple(state.shape for state in states) for states in self.state]
        promise = f"the state is a list with a tuple of arrays for each layer that has states, of shapes {expected}"
        try:
            cells = [tuple(states) for states in value]
            if [len(states) for states in cells[: len(expected)]] != self._cells[: len(cells)]:
                raise ValueError
        except (TypeError, ValueError):  # it, or something in it, is no tuple
            raise TypeError(f"{promise}, got {reprlib.repr(value)}. Assign what the state of a stream was.") from None
        arrays = [
            tuple(as_real(state, f"state {k} of layer {n}") for k, state in enumerate(cells[n])) for n in range(len(cells))
        ]
        came = [tuple(array.shape for array in states) for states in arrays]
        if came != expected:
            raise ValueError(f"{promise}, got {came}.")
        flat = [array.astype(self._dtype) for states in arrays for array in states]
        self._limit.restore(flat)
        self._plan.set_states(samples_first(flat))
