"""Plans of predictions: the tasks of a forward pass, recorded for a shape of batches and run for each of them.

A plan holds buffers, so only one thread at a time can run it: a thread takes an idle plan, runs it, and puts it back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import inf, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ...device import get_num_threads
from ...kernels.contract import Array, Plan, StreamPlan
from ...training.batches import each
from ...training.results import PredictionOutput
from ..passes import Passes
from .step_graph import StepGraph
from .streaming import stream_plan
from .waiting import MAX_SHAPES, WaitingPlans

#: Multiplications up to which a stream computes one sequence, in one call of one thread: a few milliseconds.
STREAM_WORK = 60_000_000

#: The same where threads may share the panels of a large LSTM, and the parameters of such a model.
SHARED_STREAM_WORK = 10_000_000
LARGE = 250_000

#: Samples and steps of batches that have plans, and bytes of a batch's sequences; a row has at least a cache line.
MAX_SAMPLES = 1024
MAX_STEPS = 10_000
MAX_BYTES = 32 * 1024 * 1024
LINE = 64

#: Shapes of batches that are remembered: what comes once is not worth a plan.
MAX_REMEMBERED = 8

Host = npt.NDArray[Any]


class PredictionPlans:
    """Plans of a model's forward pass without training.

    The first shape of a batch has a plan from its first batch on, others from their second batch on.
    """

    def __init__(self, model: Passes) -> None:
        self._model, self._dtype = model, np.dtype(model.dtype)
        self._waiting = WaitingPlans(None, False)  # replaced whole, so that no thread sees a plan of another version
        self._remembered: list[Hashable] = []

    def __call__(self, x: Any) -> Any:
        """Return the output for a host array x without a mask, samples first; None where no plan serves.

        For a tuple of several inputs it takes one; for several outputs it returns one.
        """
        waiting = self._current()
        if waiting is None:
            return None
        if type(x) is np.ndarray and x.ndim > 2 and x.dtype == self._dtype and x.flags.c_contiguous and x.flags.aligned:
            xs = (x.swapaxes(0, 1),)  # what gather returns
        elif isinstance(x, tuple):
            xs = self._model.gather(self._model.ops, x, slice(None))
        else:
            xs = (self._model.gather(self._model.ops, x, slice(None)),)
        shape = _shape(xs, None)
        plans = waiting.plans.get(shape)
        if plans is None:
            if type(x) is np.ndarray and x.ndim == 3 and len(x) == 1 and not self._repeats(waiting, shape):
                y = self._by_stream(waiting, x)
                if y is not None:
                    self._known(shape)
                    return y
            plans = self._begun(waiting, shape, xs)
        if plans is None:
            return None
        if type(x) is np.ndarray and not self._model.takes_indices:
            waiting.arrays[x.shape, x.dtype, get_num_threads()] = plans
        return self._run(plans, xs, None, self._to_samples).y

    def repeated(self, x: Any, most: float = inf) -> Any:
        """Return the output for an array of a shape and dtype that came before, of at most so many samples; None for others.

        What had to be validated is known of such an array. So a call of a small model takes a few microseconds.
        """
        if type(x) is not np.ndarray:
            return None
        waiting = self._waiting
        plans = waiting.arrays.get((x.shape, x.dtype, get_num_threads()))
        if not plans or len(x) > most or self._current() is not waiting:
            return None
        try:
            plan = plans.pop()
        except IndexError:  # another thread has taken the last one
            return None
        if x.dtype != self._dtype:
            x = x.astype(self._dtype)
        y = plan(x.swapaxes(0, 1) if x.ndim > 2 else x, None)[0]
        output = _samples_first(y) if type(y) is np.ndarray else each(self._to_samples, y)
        plans.append(plan)
        return output

    @property
    def shapes(self) -> list[tuple[int, ...] | str]:
        """The shapes (T, N, D) of batches that have plans, the oldest first; ``"stream"`` for single sequences."""
        return ["stream" if shape == "stream" else shape[0] for shape in self._waiting.plans]

    def forward(self, x: Any, mask: Array | None) -> PredictionOutput | None:
        """Return the output for a device array, or for a tuple of several; None where no plan serves."""
        waiting = self._current()
        if waiting is None:
            return None
        xs = x if isinstance(x, tuple) else (x,)
        shape = _shape(xs, mask)
        plans = waiting.plans.get(shape)
        if plans is None:
            plans = self._begun(waiting, shape, xs)
        return None if plans is None else self._run(plans, xs, mask, self._model.ops.copy_output)

    def _to_samples(self, y: Array) -> Host:
        """Return a copy of an output of a plan on the host, samples first."""
        return _samples_first(self._model.ops.to_host(y))

    def _current(self) -> WaitingPlans | None:
        """The plans of the model as it is now; None where it has none."""
        model, waiting = self._model, self._waiting
        version = model.changes(), model.weight_versions()
        if waiting.version != version:
            self._waiting = waiting = WaitingPlans(version, model.why_not_predicted(version[0]) is None)
        return waiting if waiting.serves else None

    def _begun(self, waiting: WaitingPlans, shape: Hashable, xs: tuple[Array, ...]) -> list[Any] | None:
        """Return the plans for a shape without any, still empty; None where it is not worth one."""
        return waiting.of(shape) if self._is_small(xs) and self._known(shape) else None

    def _run(
        self, plans: list[Any], xs: tuple[Array, ...], mask: Array | None, copied: Callable[[Array], Array]
    ) -> PredictionOutput:
        """Return copies of the output of one of the plans for a shape, which is made if no other thread leaves one."""
        try:
            plan = plans.pop()
        except IndexError:
            plan = self._plan(xs, mask)
        y, out_mask = plan(*xs, mask)
        output = PredictionOutput(each(copied, y), each(self._model.ops.copy_output, out_mask))
        plans.append(plan)
        return output

    def _is_small(self, xs: tuple[Array, ...]) -> bool:
        """Return whether a batch is small enough for a plan, which keeps its buffers."""
        for reader, x in zip(self._model.readers, xs, strict=True):
            stepwise = len(x.shape) > 2 or (reader.takes_indices and len(x.shape) == 2)
            steps, N = x.shape[:2] if stepwise else (1, x.shape[0])
            sizes = [prod(n or 0 for n in size[2:]) for size in self._model.value_shapes() if len(size) > 2]
            row = sum(max(LINE, size * self._dtype.itemsize) for size in sizes)
            if not x.size or N > MAX_SAMPLES or steps > MAX_STEPS or steps * N * row > MAX_BYTES:
                return False
        return True

    def _repeats(self, waiting: WaitingPlans, shape: Hashable) -> bool:
        """Whether a sequence has a plan, or is worth one: lengths that always differ would drop each other's plans."""
        few = len(waiting.plans) < MAX_SHAPES
        return shape in waiting.plans or (few and (not self._remembered or shape in self._remembered))

    def _known(self, shape: Hashable) -> bool:
        """Whether a plan of this shape is worth while: it is the first one, or has come before."""
        known = not self._remembered or shape in self._remembered
        if shape not in self._remembered:
            self._remembered = [*self._remembered[1 - MAX_REMEMBERED :], shape]
        return known

    def _plan(self, xs: tuple[Array, ...], mask: Array | None) -> Plan:
        model, several = self._model, len(xs) > 1

        def forward(*arrays: Any) -> tuple[Any, Any]:
            *xs, mask, _ = arrays
            result = model.forward(tuple(xs) if several else xs[0], False, None, mask)
            return result.y, result.mask

        alone = not several and model.has_one_output and len(xs[0].shape) > 2
        plan = model.ops.plan(forward, [*xs, mask], work=self._multiplications(xs[0]) if alone else 0.0)
        assert plan is not None  # for why_not_planned returned None
        return plan

    def _multiplications(self, x: Array) -> float:
        """Return those of a call: each step of a sample, or place of an image, meets each weight of a layer."""
        work, (steps, N, *_) = 0, x.shape
        for layer, shape in self._model.shaped_layers():
            steps = (shape[1] or steps) if len(shape) > 2 else 1
            work += steps * prod(n or 1 for n in shape[2:-1]) * N * sum(variable.value.size for variable in layer.variables)
        return float(work)

    # -- one sequence -------------------------------------------------------------------------------------------------

    def _by_stream(self, waiting: WaitingPlans, x: Host) -> Host | None:
        """Return the output of one sequence through a stream, whose steps take one call; None where that is slower."""
        model = self._model
        if (
            model.device != "cpu"
            or not (model.execution.is_chain and len(model.output_shape) == 2)
            or not x.size
            or x.shape[1] > MAX_STEPS
        ):
            return None
        parameters = model.count_params()
        large = get_num_threads() > 1 and parameters > LARGE
        if parameters * x.shape[1] > (SHARED_STREAM_WORK if large else STREAM_WORK):
            return None
        streams: list[StreamPlan | None] = waiting.of("stream")
        try:
            stream = streams.pop()
        except IndexError:
            stream = self._stream()
        y = None
        if stream is not None:
            if x.dtype != self._dtype or not (x.flags.c_contiguous and x.flags.aligned):
                x = np.array(x, self._dtype, order="C")
            stream.set_states(None)
            y = stream.run_last(x.transpose(1, 0, 2))
        streams.append(stream)
        return y

    def _stream(self) -> StreamPlan | None:
        """Return a stream that is faster than a plan of all steps: of recurrent layers, which compute step by step anyway."""
        try:
            graph = StepGraph(self._model)
        except NotImplementedError:
            return None
        if any(len(shape) != 2 for cell in graph.cell_states(1) for shape in cell):
            return None
        stream = stream_plan(self._model, graph, 1)
        return stream if stream.compiled else None


def _shape(xs: tuple[Array, ...], mask: Array | None) -> tuple[Any, ...]:
    """Return what plans depend on besides the model: shapes and dtypes, whether there is a mask, and the number of threads."""
    first, *others = xs
    return first.shape, first.dtype, mask is None, get_num_threads(), *[(x.shape, x.dtype) for x in others]


def _samples_first(array: Array) -> Host:
    """Return a copy of an output of a plan, samples first."""
    return np.array(array.swapaxes(0, 1), order="C") if array.ndim > 2 else array.copy()
