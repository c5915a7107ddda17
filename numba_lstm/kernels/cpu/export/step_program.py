"""The calls of a recorded step, with arguments that a C program can have: numbers, functions and places in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy.typing as npt

from ..compiler.jit import CFunction, Kernel, entry
from ..plans.stream import StreamPlan
from ..runtime.graph import argument_block
from ..runtime.task import KernelCall, Team, kernel_calls
from .memory_map import MemoryMap, Place, Segment

Array = npt.NDArray[Any]


class Function(NamedTuple):
    """A C function that kernels call by address: the function of an LLVM module behind it, and the kinds of its arguments."""

    symbol: str
    kinds: str  #: i: a word, p: a pointer


Argument = int | float | Place | Function | None  #: None is a null pointer


class Call(NamedTuple):
    """A call of a kernel: its words, and which of them are pointers."""

    symbol: str
    arguments: list[Argument]
    kinds: str  #: i: a word, d: a float64, p: a pointer


class Rows(NamedTuple):
    """Rows (N, columns) in memory; the stride is in elements."""

    place: Place
    N: int
    columns: int
    stride: int


class State(NamedTuple):
    """A state before an even and before an odd step: samples (N, columns) or (N, steps, columns), strides in elements."""

    places: tuple[Place, Place]
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class StepProgram:
    """Even and odd steps of a stream.

    Parameters
    ----------
    plan : StreamPlan
        A compiled one, before its first step.
    constants : iterable
        Arrays of weights, and of the forms that the device prepared of them.
    """

    def __init__(self, plan: StreamPlan, constants: Iterable[Any]) -> None:
        tasks = [list(recorded.tasks) for recorded in plan.recordings]
        self.dtype = plan.dtype
        calls = [[call for task in step for call in _calls(task)] for step in tasks]
        functions = [f for recorded in plan.recordings for f in recorded.functions if isinstance(f, CFunction)]
        functions += [a for step in calls for call, _ in step for a in call.arguments if isinstance(a, CFunction)]
        self._functions = {function.address: function for function in functions}
        kernels = dict.fromkeys(call.kernel for step in calls for call, _ in step)  # in an order that no process changes
        #: LLVM modules, by the function of each that is called.
        self.libraries = {symbol_of(f): library_of(f) for f in (*kernels, *self._functions.values())}
        self._names = sorted({f.compiled.__name__ for f in (*kernels, *self._functions.values())})
        used = [[call.arguments, call.references] for step in calls for call, _ in step]
        scratch = [array for recorded in plan.recordings for array in recorded.scratch]
        self.memory = MemoryMap(constants, [used, plan.rings, plan.x, plan.y], scratch)
        raw = [[_words(call, member) for call, member in step] for step in calls]
        self._use(raw, plan)
        self.memory.visit_records(self._functions.__contains__)
        self.weight_bytes, self.instance_bytes = self.memory.lay_out()
        #: The calls of an even and of an odd step.
        self.steps = [[self._call(*words) for words in step] for step in raw]
        self.inputs = [self._rows(plan.x[0])] * 2
        self.outputs = [self._rows(y) for y in plan.y]
        self.states = [self._state(ring, size) for ring, size in zip(plan.rings, plan.sizes, strict=True)]

    def _use(self, raw: Sequence[Sequence[tuple[Kernel, list[Any], str]]], plan: StreamPlan) -> None:
        for step in raw:
            for _, words, kinds in step:
                for word, kind in zip(words, kinds, strict=True):
                    if kind != "d" and word not in self._functions:
                        self.memory.find(word)
        for array in (plan.x, *plan.y, *plan.rings):
            self.memory.find(_first(array))

    def weight_content(self) -> bytearray:
        """Return the bytes of all weights, each array at its place."""
        content = bytearray(self.weight_bytes)
        for segment in self.memory.segments:
            if segment.constant:
                content[segment.place : segment.place + segment.end - segment.first] = segment.content()
        return content

    def weight_layout(self) -> bytes:
        """Return a digest of all that calls take for granted of the weights: of their places, but not of their numbers."""
        calls = [(c.kinds, [a for a in c.arguments if not isinstance(a, Function)]) for step in self.steps for c in step]
        segments = [
            (segment.constant, segment.place, segment.end - segment.first, None if segment.constant else self.image(segment))
            for segment in self.memory.segments
        ]
        return sha256(repr((self.dtype.str, self._names, calls, segments)).encode()).digest()

    def image(self, segment: Segment) -> bytes:
        """Return the bytes with which a segment of an instance begins, where words that may be addresses are zeros."""
        content = segment.content()
        for offset, _ in self.memory.addresses(segment):
            content[offset : offset + 8] = bytes(8)
        return bytes(content.rstrip(b"\0"))

    def argument(self, word: int) -> Argument:
        """Return what a word of arguments or of a record means."""
        function = self._functions.get(word)
        if function is not None:
            return Function(symbol_of(function), function.arguments)
        return self.memory.place(word) or (word if self.memory.is_number(word) else 0)

    def _call(self, kernel: Kernel, words: list[Any], kinds: str) -> Call:
        arguments = []
        for word, kind in zip(words, kinds, strict=True):
            meaning = word if kind == "d" else self.argument(word)
            arguments.append(None if kind == "p" and isinstance(meaning, int) else meaning)
        return Call(symbol_of(kernel), arguments, kinds)

    def _rows(self, array: Array) -> Rows:
        place = self.memory.place(_first(array))
        assert place is not None
        N, columns = array.shape
        return Rows(place, N, columns, array.strides[0] // array.itemsize)

    def _state(self, ring: Array, size: int) -> State:
        even, odd = (ring[k][..., :size] for k in range(2))
        samples = even.swapaxes(0, 1) if even.ndim > 2 else even
        places = self.memory.place(_first(even)), self.memory.place(_first(odd))
        return State(places, samples.shape, tuple(s // ring.itemsize for s in samples.strides))


def _calls(task: Any) -> list[tuple[KernelCall, bool]]:
    """Return the kernel calls of a task as one thread runs them, and whether each is that of a team of one."""
    calls = kernel_calls(task)
    return [(calls[0], True)] if isinstance(task, Team) else [(call, False) for call in calls]


def _words(call: KernelCall, member: bool) -> tuple[Kernel, list[Any], str]:
    """Return the words of a call without the address of its kernel, and their kinds."""
    target = entry(call.kernel)
    block = argument_block(target, call, {})
    words, kinds, k = [], "", 1
    for kind, value in zip(target.arguments, call.arguments, strict=True):
        if kind in (int, float):
            words.append(float(value) if kind is float else block[k])
            kinds += "d" if kind is float else "i"
            k += 1
        else:
            size = 5 + 2 * kind.ndim
            part = list(block[k : k + size])
            if value.size == 0:
                part[4] = 0  # which is never read
            words += part
            kinds += "ppiip" + "i" * (2 * kind.ndim)
            k += size
    if member:
        words[-1] = 1
    return call.kernel, words, kinds


def symbol_of(function: Kernel | CFunction) -> str:
    """Return the name of a compiled function in its LLVM module."""
    if isinstance(function, CFunction):
        return function.body
    (result,) = function.compiled.overloads.values()
    return str(result.fndesc.llvm_func_name)


def library_of(function: Kernel | CFunction) -> Any:
    """Return the code library of a compiled function, which has its LLVM module also if it was loaded from the disk."""
    if isinstance(function, CFunction):
        return function.compiled._library
    (result,) = function.compiled.overloads.values()
    return result.library


def _first(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
