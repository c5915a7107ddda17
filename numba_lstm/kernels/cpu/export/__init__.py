"""Exports a stream as an object file that C programs link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, NamedTuple

from ...contract import StepFunction
from ...packed_rows import PackedRows
from ...threads import num_threads
from ..compiler.cpu_info import HOST, VARIABLE
from ..plans.stream import StreamPlan
from ..runtime import memory, recording
from ..runtime.task import HostCall
from . import entries
from .indices import as_indices
from .object_code import emit_object
from .step_program import StepProgram
from .symbols import exported, undefined
from .targets import TARGETS, target_of

__all__ = [
    "HOST",
    "TARGETS",
    "VARIABLE",
    "ObjectFile",
    "as_indices",
    "compile_stream",
    "exported",
    "host_calls",
    "undefined",
    "vectors_of",
]


#: One thread at a time changes what buffers are allocated by.
_RECORDING = Lock()


class ObjectFile(NamedTuple):
    """An exported stream."""

    content: bytes  #: the object file
    weights: bytes  #: the file of weights, of which the first line is a digest of the layout; empty where the object has them
    instance_bytes: int
    format: str  #: elf, coff, macho or wasm
    pointer_bits: int


def compile_stream(
    function: StepFunction,
    N: int,
    inputs: PackedRows,
    states: Sequence[tuple[int, ...]],
    constants: Iterable[Any],
    *,
    name: str,
    target: str,
    embedded: bool,
    limit: tuple[int, int] | None = None,
) -> ObjectFile:
    """Return the object file of N streams, whose step is ``function``; see :meth:`.contract.Ops.stream_plan`.

    Parameters
    ----------
    constants : iterable
        Weights, whose forms are made here.
    name : str
        The prefix of the functions in the object.
    target : str
        A name of :data:`TARGETS` with the geometry of this process, or ``"host"``.
    embedded : bool
        Whether the object has the weights.
    limit : (int, int), optional
        The index of a state that counts steps, and the most for which there is memory.
    """
    weights = list(constants)
    with _RECORDING, memory.zeroed(), num_threads(1):
        plan = StreamPlan(function, N, inputs, states, 1)
    program = StepProgram(plan, [[weight.value, weight.forms] for weight in weights])
    goal = target_of(target)
    module = entries.Module(program, name, goal.pointer_bits, embedded=embedded, limit=limit)
    content = emit_object(module.ir, module.functions, program.libraries, goal)
    return ObjectFile(
        content,
        b"" if embedded else program.weight_layout().ljust(memory.LINE, b"\0") + program.weight_content(),
        program.instance_bytes + memory.LINE - 1,
        goal.object_format,
        goal.pointer_bits,
    )


def host_calls() -> list[str]:
    """Return the functions of NumPy that the recording of this thread has among its tasks."""
    active = recording.active()
    tasks = () if active is None else active.tasks
    return [getattr(task.function, "__name__", "a function") for task in tasks if isinstance(task, HostCall)]


def vectors_of(target: str) -> str:
    """Return the geometry of vectors of a target."""
    return HOST.isa if target == "host" else TARGETS[target].vectors
