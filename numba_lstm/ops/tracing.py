"""Tracing: a trial run of a function with tensors records what it computes."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any

from ..naming.names import name_of
from .tensor import Tensor, UntraceableError, is_traced

_PACKAGE = str(Path(__file__).parent)

#: What a function computes with that is being traced: ``"tensors"``, or symbolic tensors of a ``"graph"``; None outside.
_operands: ContextVar[str | None] = ContextVar("operands of the traced function", default=None)


def traced_operands() -> str | None:
    """Return ``"tensors"`` or ``"graph"`` while a function is being traced on them, None outside."""
    return _operands.get()


@contextmanager
def tracing(operands: str) -> Iterator[None]:
    """Let :func:`traced_operands` return ``operands`` in the block."""
    token = _operands.set(operands)
    try:
        yield
    finally:
        _operands.reset(token)


def traced(function: Callable[..., Any], arguments: Sequence[Any], role: str, **options: Any) -> Any:
    """Return what a user's ``function`` returns for tensors.

    Raises
    ------
    TypeError
        If the function does what a program cannot record. The message names the line.
    """
    try:
        with tracing("tensors" if is_traced(*arguments, *options.values()) else "graph"):
            return function(*arguments, **options)
    except UntraceableError as error:
        where = _line(error.__traceback__)
        raise type(error)(f"{role} {name_of(function)!r} cannot be traced{where}: {error}") from None


def _line(traceback: TracebackType | None) -> str:
    """Return the last line of a traceback that is neither of this package nor of NumPy."""
    found = ""
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith(_PACKAGE) and "numpy" not in name:
            source = linecache.getline(name, traceback.tb_lineno).strip()
            found = f" (line {traceback.tb_lineno} of {Path(name).name}: {source})"
        traceback = traceback.tb_next
    return found


def input_like(shape: Sequence[int], kind: str = "f") -> Tensor:
    """Return an input of a program."""
    return Tensor("input", (), None, tuple(shape), kind)
