"""CPU twin of streams, and those whose rows threads share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import DensePart, LSTMPart
from .one_stream import Stream
from .work import Parts, Score, calls_of, span

Array = npt.NDArray[Any]


class _Shared:
    """Streams of some rows each, which threads do at the same time."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams, first = streams, 0
        self._spans: list[slice] = []
        for stream_ in streams:
            self._spans.append(slice(first, first + stream_.rows))
            first += stream_.rows
        self._bound: dict[int, tuple[list[Array], Array, Score]] = {}  #: of the last number of steps: xs, y and what makes it

    def __call__(self, x: Array) -> Array:
        return self.through(x[None])

    def through(self, x: Array) -> Array:
        bound = self._bound.get(len(x))
        if bound is None:
            bound = self._bind(len(x), x.shape[2])
            self._bound = {len(x): bound}
        xs, y, score = bound
        for own, rows in zip(xs, self._spans, strict=True):
            own[...] = x[:, rows]
        for stream_ in self._streams:
            stream_.begin_in_phase_0()
        score()
        for stream_ in self._streams:
            stream_.count(len(x))
        return y.copy()

    def _bind(self, T: int, features: int) -> tuple[list[Array], Array, Score]:
        dtype, N = self._streams[0].dtype, self._spans[-1].stop
        xs = [np.empty((T, stream_.rows, features), dtype) for stream_ in self._streams]
        y = np.empty((N, self._streams[0].outputs), dtype)
        ways = [list(one.works(x, y[rows].reshape(-1))) for one, x, rows in zip(self._streams, xs, self._spans, strict=True)]
        ends = list(zip_longest(*(reversed(way) for way in ways)))  # from the end: some rows have a product ahead, others none
        return xs, y, Score([Parts(call for work in now if work for call in calls_of(work)) for now in reversed(ends)])

    @property
    def states(self) -> list[tuple[Array, Array]]:
        layers = zip(*(stream_.states for stream_ in self._streams), strict=True)
        return [(np.concatenate([h for h, _ in own]), np.concatenate([c for _, c in own])) for own in layers]

    def set_states(self, states: Sequence[tuple[Array, Array]] | None) -> None:
        for stream_, rows in zip(self._streams, self._spans, strict=True):
            stream_.set_states(None if states is None else [(h[rows], c[rows]) for h, c in states])


def stream(parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any, shares: int = 1) -> Stream | _Shared:
    """CPU twin: one compiled call a step, or for many."""
    if shares == 1:
        return Stream(parts, features, N, dtype)
    spans = [span(N, share, shares) for share in range(shares)]
    return _Shared([Stream(parts, features, last - first, dtype) for first, last in spans])
