"""The end of a job whose processes wait for one that ends early, as by ``sys.exit`` or after an error that it caught."""

from __future__ import annotations

import atexit
import os
from functools import cache
from time import sleep
from typing import Any

import numpy as np
import numpy.typing as npt

from .failures import end_job

#: Seconds between two looks at the counts of the others.
INTERVAL = 0.05

Counts = npt.NDArray[np.int64]


def count_of_exchanges(communicator: Any) -> Counts:
    """Return the count of exchanges that this process has begun, an array (1,), which other processes read.

    A process that ends reads the counts of the others until all of them end, too. It ends the job if another one has begun an
    exchange that it never begins. All processes call this at the same place.
    """
    if communicator.size == 1:
        return np.zeros(1, np.int64)
    watches, key = _watches(os.getpid())
    watch = communicator.Get_attr(key)
    if watch is None:
        watch = _Watch(communicator)
        communicator.Set_attr(key, watch)
        watches.append(watch)
    return watch.begun  # type: ignore[no-any-return]


@cache
def _watches(process: int) -> tuple[list[_Watch], int]:
    """Return the watches of a process, at whose end they look, and the key of a communicator's attribute for its watch."""
    from mpi4py import MPI

    found = list[_Watch]()
    atexit.register(_await_others, found, process)
    return found, MPI.Comm.Create_keyval()


def _await_others(watches: list[_Watch], process: int) -> None:
    """Wait until all processes of all communicators end; end the job if one of them waits for this one."""
    from mpi4py import MPI

    if MPI.Is_finalized() or os.getpid() != process:  # a fork has the handlers of its parent
        return
    ends = [watch.others.Ibarrier() for watch in watches]
    while not all(end.Test() for end in ends):
        for watch in watches:
            watch.look()
        sleep(INTERVAL)
    for watch in watches:
        watch.close()


class _Watch:
    """The counts of exchanges of all processes of a communicator, each of which holds its count in a window of memory."""

    def __init__(self, communicator: Any) -> None:
        from mpi4py import MPI

        self.others = communicator.Dup()  # in which no call of a user meets those of the end
        self._lock, self._window = MPI.LOCK_SHARED, MPI.Win.Allocate(8, 8, comm=self.others)
        self.begun: Counts = np.frombuffer(self._window.tomemory(), np.int64)
        self.begun[0] = 0
        self.others.Barrier()

    def look(self) -> None:
        """End the job if another process has begun an exchange that this one has not."""
        count, here = np.zeros(1, np.int64), self.others.rank
        for rank in range(self.others.size):
            self._window.Lock(rank, self._lock)
            self._window.Get(count, rank)
            self._window.Unlock(rank)
            if count[0] > self.begun[0]:
                message = f"rank {here} of {self.others.size} ends while rank {rank} waits for it, and ends the job."
                end_job(self.others, f"{message} All processes must make the same calls before one ends.\n")

    def close(self) -> None:
        """Free what libraries of MPI would warn of."""
        self._window.Free()
        self.others.Free()
