"""What a reader may do with a file that it refuses: read it, quickly, in little memory, and nothing else."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from numba_lstm.saving import FileFormatError, native  # noqa: F401 - readers are imported before anything is watched

SECONDS = 2.0
MEMORY = 64 << 20  #: bytes on top of twice the file
HARMLESS = {"builtins.id", "object.__getattr__", "sys._getframe", "os.listdir"}  # audited, but neither write, import nor run

_seen: list[tuple[str, Any]] | None = None


def _audit(event: str, arguments: Any) -> None:
    if _seen is not None and event not in HARMLESS:
        _seen.append((event, arguments))


sys.addaudithook(_audit)  # cannot be removed again; it records only while _seen is a list


def refusal_message(read: Callable[[Path], Any], path: Path) -> str:
    """The message with which ``read`` refuses the file; opening that file for reading is all that it may do."""
    global _seen
    for measure in (_quick, _small):  # apart, since tracing is slow
        _seen = []
        try:
            with pytest.raises(FileFormatError) as caught:
                measure(lambda: read(path), path.stat().st_size)
        finally:
            events, _seen = _seen, None
        _check(events, path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert len(message) < 1000
    return message


def is_accepted(read: Callable[[Path], Any], path: Path) -> bool:
    """Whether ``read`` takes a file that may be damaged; any other end than a refusal is a failure."""
    global _seen
    _seen = []
    begin = time.process_time()
    try:
        read(path)
    except FileFormatError:
        return False
    finally:
        events, _seen = _seen, None
        assert time.process_time() - begin < SECONDS
        _check(events, path)
    return True


def _check(events: list[tuple[str, Any]], path: Path) -> None:
    unexpected = [event for event in events if event[0] != "open" or event[1][:2] != (str(path), "r")]
    assert not unexpected, f"reading did more than to open the file: {unexpected[:5]}"


def _quick(read: Callable[[], Any], size: int) -> None:
    gc.disable()  # else the collector may go through what all tests have left, which takes seconds
    begin = time.process_time()
    try:
        read()
    finally:
        seconds = time.process_time() - begin
        gc.enable()
        assert seconds < SECONDS


def _small(read: Callable[[], Any], size: int) -> None:
    tracemalloc.start()
    try:
        read()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MEMORY + 2 * size
