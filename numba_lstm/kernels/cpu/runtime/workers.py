"""The worker threads of the pool, and the two ways to reach them: a queue, and the job board that idle workers poll."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache
from queue import SimpleQueue

import numpy as np

from . import executor
from .memory import address, aligned

#: Seconds that an idle worker polls before it goes to sleep.
SPIN_SECONDS = 0.001

#: Seconds that the end of the interpreter waits for each worker.
JOIN_SECONDS = 1.0


@cache
def spins(seconds: float) -> int:
    """The number of spins that take so long."""
    spin, count, times = executor.compiled(executor.spin), 1000, []
    for _ in range(3):
        began = time.perf_counter()
        spin(count)
        times.append(time.perf_counter() - began)
    return int(seconds / min(times) * count)


class Job:
    """A function of an index, called once for each index of range(count) by the threads that come."""

    def __init__(self, function: Callable[[int], None], count: int) -> None:
        self.function, self.count = function, count
        self.lock = threading.Lock()
        self.begun = self.ended = 0
        self.error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Call the function for indices that nobody has begun, until there is none."""
        while True:
            with self.lock:
                index = self.begun
                if index == self.count:
                    return
                self.begun += 1
            try:
                self.function(index)
            except BaseException as error:  # noqa: BLE001 - raised again by the job's caller
                self.error = error
            with self.lock:
                self.ended += 1
                if self.ended == self.count:
                    self.done.set()


class Workers:
    """The worker threads, and the two ways to reach them: the queue, and the job board that idle workers poll."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.queue: SimpleQueue[Job | None] = SimpleQueue()  # None: there is something on the job board
        self.start_lock, self.count_lock = threading.Lock(), threading.Lock()
        self.sleeping = 0  # less what there is in the queue: the workers that would come if they were woken
        self.stopping = False
        self.job_board = aligned((executor.JOB_BOARD,), np.int64)
        self.job_board[...] = 0
        self.job_board_address = address(self.job_board)

    def start(self, wanted: int) -> None:
        """Start threads until there are so many, as far as the system gives them; callers do the work of missing ones."""
        (
            executor.compiled(executor.worker_loop),
            spins(SPIN_SECONDS),
        )  # here: no worker compiles while its process forks or ends
        with self.start_lock:
            while len(self.threads) < wanted and not self.stopping:
                name = f"numba_lstm-{len(self.threads) + 1}"
                worker = threading.Thread(target=self.run, name=name, daemon=True)
                try:
                    worker.start()
                except RuntimeError:
                    return
                self.threads.append(worker)

    def run(self) -> None:
        """Run as a worker: sleep on the queue, run jobs, poll the job board."""
        worker_loop, spin_limit = executor.compiled(executor.worker_loop), spins(SPIN_SECONDS)
        while True:
            with self.count_lock:
                self.sleeping += 1
            job = self.queue.get()
            if self.stopping:
                return
            woken = job is None
            if job is not None:
                job.run()
                job = None  # else its references would live until the next one comes
            if self.queue.empty():
                self.job_board[executor.INTERRUPT] = 0
            if woken or self.queue.empty():  # others may have been woken, too
                worker_loop(self.job_board_address, spin_limit)

    def wake(self, wanted: int) -> int:
        """Wake up to so many sleeping workers, and return how many will come."""
        with self.count_lock:
            coming = max(0, min(wanted, self.sleeping))
            for _ in range(coming):
                self.queue.put(None)
                self.sleeping -= 1
        return coming

    def send(self, job: Job, wanted: int) -> None:
        """Hand a job to so many workers, who begin it when they have ended what they are doing."""
        self.job_board[executor.INTERRUPT] = 1
        with self.count_lock:
            for _ in range(wanted):
                self.queue.put(job)
                self.sleeping -= 1

    def stop(self) -> None:
        """End all workers: one that is in compiled code when the interpreter goes would return to nothing."""
        with self.start_lock:
            self.stopping = True
            self.job_board[executor.INTERRUPT] = 1
            for _ in self.threads:
                self.queue.put(None)
            for thread in self.threads:
                thread.join(JOIN_SECONDS)
