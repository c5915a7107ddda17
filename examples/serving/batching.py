"""Predictions in batches: requests that wait are computed by one call of ``model.predict``."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np


class OverloadError(Exception):
    """A request that is not computed: too many wait, or the server shuts down."""


@dataclass
class Request:
    x: np.ndarray
    deadline: float  #: until when it waits for others
    output: asyncio.Future[np.ndarray]


class Batcher:
    """A bounded queue of requests, and the thread that computes them.

    A batch begins when the thread is idle, and either ``max_batch`` requests wait or the first of them has waited
    ``max_wait_ms``. The requests that come meanwhile are the next batch. The other threads go on: kernels release the GIL.
    """

    def __init__(self, model: Any, max_batch: int, max_wait_ms: float, max_queue: int) -> None:
        self.model, self.max_batch, self.max_wait, self.max_queue = model, max_batch, max_wait_ms / 1000, max_queue
        self.queue: deque[Request] = deque()
        self.closed = False
        self._changed = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "predict")

    async def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the output for one sample. It has the bits of ``model.predict(x[None])[0]``."""
        if self.closed:
            raise OverloadError("the server shuts down. Send the request again, to another one.")
        if len(self.queue) >= self.max_queue:
            raise OverloadError(f"{len(self.queue)} requests wait already. Send the request again in a second.")
        loop = asyncio.get_running_loop()
        request = Request(x, loop.time() + self.max_wait, loop.create_future())
        self.queue.append(request)
        if len(self.queue) in (1, self.max_batch):
            self._changed.set()
        return await request.output

    def close(self) -> None:
        """Take no more requests. :meth:`run` computes those that wait, and returns."""
        self.closed = True
        self._changed.set()

    async def run(self) -> None:
        """Compute batches until the batcher is closed and no request waits."""
        while self.queue or not self.closed:
            left = self.queue[0].deadline - asyncio.get_running_loop().time() if self.queue else None
            if not self.closed and len(self.queue) < self.max_batch and (left is None or left > 0):
                self._changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), left)
                continue
            batches: dict[Any, list[Request]] = {}  # sequences of one length are one batch
            for _ in range(min(len(self.queue), self.max_batch)):
                request = self.queue.popleft()
                if not request.output.cancelled():
                    batches.setdefault((request.x.shape, request.x.dtype), []).append(request)
            for batch in batches.values():
                await self._compute(batch)
        self._thread.shutdown()

    async def _compute(self, batch: list[Request]) -> None:
        def predict() -> np.ndarray:
            return self.model.predict(np.stack([request.x for request in batch]), batch_size=len(batch), verbose=0)

        outputs: Any
        try:
            outputs = await asyncio.get_running_loop().run_in_executor(self._thread, predict)
        except Exception as error:  # the requests of this batch fail; the next batch is computed all the same
            outputs = [error] * len(batch)
        for request, output in zip(batch, outputs, strict=True):
            if request.output.cancelled():
                continue
            if isinstance(output, Exception):
                request.output.set_exception(output)
            else:
                request.output.set_result(output)
