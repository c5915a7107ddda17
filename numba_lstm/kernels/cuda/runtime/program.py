"""Programs of a real device: launches and copies that are prepared once, and copies between fixed arrays and buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from .device_array import DeviceArray
from .driver_api import DriverAPI, Stream
from .loaded_kernel import PreparedLaunch
from .protocol import Copy, Launch

Host = npt.NDArray[Any]


class Program:
    """Launches and copies on one stream, a call of the driver library each.

    Parameters
    ----------
    api : DriverAPI
        The driver library.
    stream : Stream
        Where they queue.
    work : sequence of Launch and Copy
        What was recorded: it keeps the buffers.
    prepare : function
        Prepares a launch.
    ensure_context : function
        Makes the context of the device current in the calling thread.
    """

    def __init__(
        self,
        api: DriverAPI,
        stream: Stream,
        work: Sequence[Launch | Copy],
        prepare: Callable[[Launch], PreparedLaunch],
        ensure_context: Callable[[], None],
    ) -> None:
        self._api, self._work, self._ensure_context = api, tuple(work), ensure_context
        ensure_context()
        self._launches = [prepare(item) if isinstance(item, Launch) else None for item in self._work]
        self._calls = [
            api.prepared_copy("DtoD", item.to.address, item.source.address, item.to.nbytes, stream)
            if launch is None
            else launch.call
            for item, launch in zip(self._work, self._launches, strict=True)
        ]  # type: ignore[union-attr]  # what is no launch is a copy

    def __call__(self) -> None:
        self._ensure_context()
        for call in self._calls:
            status = call()
            if status:
                raise self._api.error(repr(self._launches[self._calls.index(call)] or "A copy of a program"), status)

    def replace(self, index: int, first: int, numbers: Sequence[float]) -> None:
        """Packs the numbers where the driver reads them at the next launch."""
        launch = self._launches[index]
        assert launch is not None
        launch.replace(first, numbers)


class _Transfers:
    """Copies between buffers and pinned arrays."""

    kind = ""

    def __init__(
        self, api: DriverAPI, stream: Stream, buffers: Sequence[DeviceArray], ensure_context: Callable[[], None]
    ) -> None:
        self._api, self._stream, self._buffers, self._ensure_context = api, stream, tuple(buffers), ensure_context
        ensure_context()
        self.arrays, self._calls = [], []
        for buffer in self._buffers:
            array = api.pinned(max(buffer.nbytes, 1))[: buffer.nbytes].view(buffer.dtype).reshape(buffer.shape)
            self.arrays.append(array)
            if buffer.nbytes:
                to, source = (buffer.address, array.ctypes.data)[:: 1 if self.kind == "HtoD" else -1]
                self._calls.append(api.prepared_copy(self.kind, to, source, buffer.nbytes, stream))

    def __call__(self) -> None:
        """Queue the copies."""
        self._ensure_context()
        for call in self._calls:
            status = call()
            if status:
                raise self._api.error("A copy between host and device", status)

    def wait(self) -> None:
        """Wait for the stream."""
        self._stream.synchronize()


class Uploads(_Transfers):
    """Copies from pinned arrays to buffers."""

    kind = "HtoD"


class Downloads(_Transfers):
    """Copies from buffers to pinned arrays."""

    kind = "DtoH"
