"""Tasks: calls with bound arguments, of kernels alone, independent of each other or as a team, and of the interpreter.

A task is a value. :mod:`.graph` runs tasks, immediately or as a graph that is lowered once and run many times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy.typing as npt

from ..compiler.jit import CFunction, Kernel

Array = npt.NDArray[Any]


class KernelCall:
    """A kernel with its arguments, arrays, numbers and C functions, which stand for their addresses.

    ``references`` keeps alive what those arguments that are addresses point to.
    """

    __slots__ = ("arguments", "kernel", "references")

    def __init__(self, kernel: Kernel, *arguments: Any, references: Any = None) -> None:
        self.kernel, self.arguments, self.references = kernel, arguments, references

    def __call__(self) -> None:
        """Call the kernel through the interpreter."""
        self.kernel(*(value.address if isinstance(value, CFunction) else value for value in self.arguments))


class ParallelFor:
    """Kernel calls that do not depend on each other."""

    __slots__ = ("calls",)

    def __init__(self, calls: Iterable[KernelCall]) -> None:
        self.calls = tuple(calls)


class Team:
    """Calls of one kernel that run at the same time and wait for each other at barriers (:func:`~.atomics.barrier`).

    As many of the calls run as threads are free when the team starts. The last argument of each call is the team's size, which
    the executor fills in then.
    """

    __slots__ = ("barrier_counter", "calls")

    def __init__(self, calls: Iterable[KernelCall], barrier_counter: Array) -> None:
        self.calls, self.barrier_counter = tuple(calls), barrier_counter


class HostCall:
    """A Python function with its arguments, which reads and writes arrays: NumPy's, where a kernel is not worth compiling."""

    __slots__ = ("arguments", "function", "keywords")

    def __init__(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
        self.function, self.arguments, self.keywords = function, arguments, keywords

    def __call__(self) -> None:
        """Call the function."""
        self.function(*self.arguments, **self.keywords)


Task = KernelCall | ParallelFor | Team | HostCall


def partition(n: int, index: int, count: int) -> tuple[int, int]:
    """The range ``index`` of ``count`` nearly equal ranges of range(n), as ``(first, last)``."""
    return n * index // count, n * (index + 1) // count


def parallel_for(n: int, count: int, call: Callable[[int, tuple[int, int]], KernelCall]) -> KernelCall | ParallelFor:
    """``call(index, (first, last))`` for ``count`` nearly equal ranges of range(n); a single call where ``count`` is 1."""
    return call(0, (0, n)) if count == 1 else ParallelFor(call(index, partition(n, index, count)) for index in range(count))


def kernel_calls(task: KernelCall | ParallelFor | Team) -> tuple[KernelCall, ...]:
    """The kernel calls of a task."""
    return (task,) if isinstance(task, KernelCall) else task.calls
