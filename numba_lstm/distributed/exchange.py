"""Exchange of vectors and small values between the processes of a communicator of MPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .exits import count_of_exchanges
from .tree import Vector, add_in_order, nodes_of
from .wire import from_bfloat16, to_bfloat16

#: Formats of the numbers that travel.
WIRES = ("float32", "bfloat16")


class Exchange:
    """Sums of the vectors of all shards, over the processes of a communicator.

    Each process adds the vectors of its own shards as far as the tree goes. Then each receives one segment of all sums, adds it
    to the end, and sends the result to all: a process sends and receives twice the size of a vector, however many there are.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
        The processes.
    shards : int
        A multiple of their number.
    wire : "float32" or "bfloat16"
        What travels of gradients. With "float32" those of float64 models travel as they are, too.
    """

    def __init__(self, communicator: Any, shards: int, wire: str) -> None:
        self._communicator, self._shards, self._wire = communicator, shards, wire
        self.rank, self.ranks = communicator.rank, communicator.size
        self._exchanges = count_of_exchanges(communicator)
        count = shards // self.ranks
        self.places = range(self.rank * count, (self.rank + 1) * count)
        self._nodes = [nodes_of(shards, rank * count, (rank + 1) * count) for rank in range(self.ranks)]

    def sum(self, vectors: Sequence[Vector], exact: int) -> Vector:
        """Return the sum over all shards; ``vectors`` are those of this process, and are overwritten.

        The last ``exact`` elements travel as they are.
        """
        if self._wire == "float32" or self.ranks == 1:
            return self._sum(vectors, rounded=False)
        middle = len(vectors[0]) - exact
        rounded = self._sum([vector[:middle] for vector in vectors], rounded=True)
        return np.concatenate([rounded, self._sum([vector[middle:] for vector in vectors], rounded=False)])

    def _sum(self, vectors: Sequence[Vector], *, rounded: bool) -> Vector:
        pairs = zip(self.places, vectors, strict=True)
        sums = add_in_order(self._shards, [((place, place + 1), vector) for place, vector in pairs])
        if self.ranks == 1:
            return sums[0][1]
        self._exchanges += 1
        dtype, sent = vectors[0].dtype, [_packed(vector, rounded) for _, vector in sums]
        if self.ranks == 2 and len(sent) == 1:
            return self._sum_of_pair(sent[0], dtype, rounded)
        bounds = [rank * len(sent[0]) // self.ranks for rank in range(self.ranks + 1)]
        segment = _packed(self._segment(sent, bounds, dtype, rounded), rounded)
        total = np.empty(len(sent[0]), sent[0].dtype)
        lengths = [end - begin for begin, end in zip(bounds[:-1], bounds[1:], strict=True)]
        self._communicator.Allgatherv(segment, [total, (lengths, bounds[:-1])])
        return _unpacked(total, dtype, rounded)

    def _sum_of_pair(self, sent: npt.NDArray[Any], dtype: np.dtype[Any], rounded: bool) -> Vector:
        """Return the sum of one vector of each of two processes: as many bytes as by segments, in one message."""
        received = np.empty_like(sent)
        other = 1 - self.rank
        receiving = self._communicator.Irecv(received, other)
        self._communicator.Isend(sent, other).Wait()
        receiving.Wait()
        first, second = (sent, received) if self.rank == 0 else (received, sent)
        first, second = _unpacked(first, dtype, rounded), _unpacked(second, dtype, rounded)
        return np.add(first, second, out=first)

    def _segment(
        self, vectors: Sequence[npt.NDArray[Any]], bounds: Sequence[int], dtype: np.dtype[Any], rounded: bool
    ) -> Vector:
        """Return the sum over all shards of the segment of this process."""
        begin, end = bounds[self.rank], bounds[self.rank + 1]
        length = end - begin
        counts = [len(nodes) * length for nodes in self._nodes]
        received = np.empty(sum(counts), vectors[0].dtype)
        sent, starts = (vectors[0], bounds[:-1]) if len(vectors) == 1 else _by_segment(vectors, bounds)
        sizes = [len(vectors) * (b - a) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
        places = np.cumsum([0, *counts[:-1]]).tolist()
        self._communicator.Alltoallv([sent, (sizes, list(starts))], [received, (counts, places)])
        nodes = [node for of_rank in self._nodes for node in of_rank]
        rows = _unpacked(received, dtype, rounded).reshape(len(nodes), length)
        return add_in_order(self._shards, zip(nodes, rows, strict=True))[0][1]

    def gather(self, what: str, value: Any) -> list[Any]:
        """Return the ``value`` of each process, by rank; ``what`` says what it is.

        Raises
        ------
        RuntimeError
            If processes exchange different things, since one has left out a batch or a call.
        """
        if self.ranks == 1:
            return [value]
        self._exchanges += 1
        pairs = self._communicator.allgather((what, value))
        for rank, (other, _) in enumerate(pairs):
            if other != pairs[0][0]:
                raise RuntimeError(
                    f"rank {rank} exchanges {other} while rank 0 exchanges {pairs[0][0]}. All processes must make the same "
                    "calls with as many batches."
                )
        return [found for _, found in pairs]

    def from_first(self, value: Any) -> Any:
        """Return the ``value`` of rank 0."""
        self._exchanges += 1
        return value if self.ranks == 1 else self._communicator.bcast(value, root=0)


def _packed(vector: Vector, rounded: bool) -> npt.NDArray[Any]:
    """Return what travels of a vector: its numbers, or these in bfloat16."""
    return to_bfloat16(vector.astype(np.float32)) if rounded else np.ascontiguousarray(vector)


def _unpacked(received: npt.NDArray[Any], dtype: np.dtype[Any], rounded: bool) -> Vector:
    """Return the numbers of what has travelled."""
    return from_bfloat16(received).astype(dtype) if rounded else received


def _by_segment(vectors: Sequence[npt.NDArray[Any]], bounds: Sequence[int]) -> tuple[npt.NDArray[Any], list[int]]:
    """Return the vectors segment by segment, and where each segment begins."""
    pairs = list(zip(bounds[:-1], bounds[1:], strict=True))
    joined = np.concatenate([vector[begin:end] for begin, end in pairs for vector in vectors])
    return joined, [len(vectors) * begin for begin, _ in pairs]
