"""Protocol of strategies, by which several processes train one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from .batches import HostBatch


@runtime_checkable
class Strategy(Protocol):
    """Division of batches into shards, of which each process computes its own, and the exchange between the processes."""

    @property
    def rank(self) -> int:
        """The number of this process, from 0. That of rank 0 alone shows progress and writes files."""

    @property
    def shards(self) -> int:
        """The number of shards of each batch."""

    @property
    def places(self) -> range:
        """The shards that this process computes."""

    @property
    def local_batches(self) -> bool:
        """Whether each process brings samples of its own instead of the whole batch."""

    def local_shards(self, batch: HostBatch) -> list[HostBatch | None]:
        """Return the samples of each of :attr:`places`; None for a shard without samples."""

    def gather(self, what: str, value: Any) -> list[Any]:
        """Return the ``value`` of each process, by rank; ``what`` says what it is, and must be the same everywhere."""

    def sum(self, vectors: Sequence[npt.NDArray[np.floating]], exact: int) -> npt.NDArray[np.floating]:
        """Return the sum of vectors of all shards, added in the order of a balanced tree.

        Every process has the same bits, for any number of processes. ``vectors`` are those of :attr:`places`, and are
        overwritten. The last ``exact`` elements are never rounded to travel.
        """

    def compare(self, facts: dict[str, Any]) -> None:
        """Raise ValueError on all processes if one brings other ``facts`` than rank 0."""

    def share(self, model: Any, place: Any) -> Any:
        """Give all processes the weights, the state of the optimizer and of the random stream, and ``place`` of rank 0."""

    def agree(self, *, stop: bool) -> bool:
        """Return whether any process wants to ``stop``."""
