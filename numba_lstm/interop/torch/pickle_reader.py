"""Interpret the pickle opcodes that ``torch.save`` writes for dicts of tensors, and no others.

A pickle is a program for a stack machine, whose opcodes can import and call anything. This interpreter imports and calls
nothing: it looks a name up in the caller's dictionary of constructors, each of which builds a plain record. (Opcodes:
``pickletools`` of the standard library. By default ``torch.save`` writes protocol 2 only.)
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...files.errors import FileFormatError

_NAMES = {opcode.code.encode("latin-1"): opcode.name for opcode in pickletools.opcodes}

MAX_STEPS = 200_000  #: opcodes of a pickle; a tensor takes about forty
MAX_NAME = 255  #: letters of a global's module and of its name
MAX_KEY = 1_024  #: letters of a key of a dict, which every opcode can repeat by the memo
MAX_LONG = 8  #: bytes of an integer

_PROTOCOL_2 = b"\x80\x02"

Constructor = Callable[[tuple[Any, ...]], Any]  #: makes a record from the arguments of a global


class Global(NamedTuple):
    """A name in a pickle, ``module.name``, which is never imported."""

    name: str


class _Machine:
    """State of the interpreter: stack, memo and position in the program."""

    def __init__(self, data: bytes, constructors: Mapping[str, Constructor | None], persistent: Callable[[Any], Any]) -> None:
        self.data, self.position = data, 0
        self.constructors, self.persistent = constructors, persistent
        self.stack: list[Any] = []
        self.marks: list[int] = []  #: heights of the stack at the open marks
        self.memo: dict[int, Any] = {}

    # -- the program and the stack ------------------------------------------------------------------------------------

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise FileFormatError("its pickle is cut off, or has no STOP.")
        data = self.data[self.position : end]
        self.position = end
        return data

    def number(self, size: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self) -> str:
        end = self.data.find(b"\n", self.position, self.position + MAX_NAME + 1)
        if end < 0:
            raise FileFormatError(f"its pickle has a name that does not end within {MAX_NAME} letters.")
        text = self.take(end - self.position + 1)[:-1]
        return _text(text)

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        self.need(1)
        return self.stack.pop()

    def need(self, count: int) -> None:
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < count:
            raise FileFormatError("its pickle takes a value from an empty stack.")

    def since_mark(self) -> list[Any]:
        if not self.marks:
            raise FileFormatError("its pickle goes back to a mark that it never made.")
        height = self.marks.pop()
        values = self.stack[height:]
        del self.stack[height:]
        return values

    def last(self, kind: type, opcode: str) -> Any:
        self.need(1)
        if type(self.stack[-1]) is not kind:
            raise FileFormatError(f"its pickle does {opcode} on a {_kind(self.stack[-1])}; only a {kind.__name__} takes it.")
        return self.stack[-1]

    # -- opcodes ------------------------------------------------------------------------------------------------------

    def tuple_of(self, count: int) -> None:
        self.need(count)
        height = len(self.stack) - count
        values = tuple(self.stack[height:])
        del self.stack[height:]
        self.push(values)

    def long(self) -> None:
        size = self.number(1)
        if size > MAX_LONG:
            raise FileFormatError(f"its pickle has a whole number of {size} bytes; up to {MAX_LONG} are read.")
        self.push(self.number(size, signed=True))

    def set_items(self, pairs: list[Any]) -> None:
        target = self.last(dict, "SETITEM")
        if len(pairs) % 2:
            raise FileFormatError("its pickle has a key without a value.")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) not in (str, int) or (type(key) is int and not -(2**31) <= key < 2**31):
                raise FileFormatError(f"its pickle has a key of type {_kind(key)}; texts and small whole numbers are read.")
            if type(key) is str and len(key) > MAX_KEY:
                raise FileFormatError(f"its pickle has a key of {len(key):,} letters; up to {MAX_KEY:,} are read.")
            if key in target:
                raise FileFormatError(f"its pickle has the key {key!r:.100} twice in one dict.")
            target[key] = value

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def append(self) -> None:
        value = self.pop()
        self.last(list, "APPEND").append(value)

    def appends(self) -> None:
        values = self.since_mark()
        self.last(list, "APPENDS").extend(values)

    def find(self) -> None:
        name = f"{self.line()}.{self.line()}"
        if name not in self.constructors:
            raise FileFormatError(
                f"it asks for {name!r:.200}, and only tensors are read. "
                "Save tensors alone: torch.save(model.state_dict(), path)."
            )
        self.push(Global(name))

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        constructor = self.constructors[function.name] if type(function) is Global else None
        if constructor is None or type(arguments) is not tuple:
            what = function.name if type(function) is Global else f"a {_kind(function)}"
            raise FileFormatError(f"its pickle calls {what} with a {_kind(arguments)}, which makes no tensor.")
        self.push(constructor(arguments))

    def build(self) -> None:
        """Ignore the versions of modules, which a ``state_dict`` has beside its tensors."""
        state = self.pop()
        self.last(dict, "BUILD")
        if type(state) is not dict or state.keys() - {"_metadata"}:
            raise FileFormatError("its pickle sets attributes of an object; only a state_dict's _metadata is known.")

    def put(self, index: int) -> None:
        self.need(1)
        self.memo[index] = self.stack[-1]

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise FileFormatError(f"its pickle takes value {index} from its memo, which it never put there.")
        self.push(self.memo[index])


_OPCODES: dict[bytes, Callable[[_Machine], Any]] = {
    b"(": lambda m: m.marks.append(len(m.stack)),
    b")": lambda m: m.push(()),
    b"t": lambda m: m.push(tuple(m.since_mark())),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"]": lambda m: m.push([]),
    b"a": _Machine.append,
    b"e": _Machine.appends,
    b"}": lambda m: m.push({}),
    b"s": _Machine.set_item,
    b"u": lambda m: m.set_items(m.since_mark()),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"J": lambda m: m.push(m.number(4, signed=True)),
    b"K": lambda m: m.push(m.number(1)),
    b"M": lambda m: m.push(m.number(2)),
    b"\x8a": _Machine.long,
    b"G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    b"X": lambda m: m.push(_text(m.take(m.number(4)))),
    b"c": _Machine.find,
    b"R": _Machine.reduce,
    b"Q": lambda m: m.push(m.persistent(m.pop())),
    b"b": _Machine.build,
    b"q": lambda m: m.put(m.number(1)),
    b"r": lambda m: m.put(m.number(4)),
    b"h": lambda m: m.get(m.number(1)),
    b"j": lambda m: m.get(m.number(4)),
}


def loads(data: bytes, constructors: Mapping[str, Constructor | None], persistent: Callable[[Any], Any]) -> Any:
    """Return the value that a pickle describes, made of built-in types and records.

    Parameters
    ----------
    data : bytes
        The pickle; the caller bounds its length.
    constructors : mapping
        The globals that it may name, ``"module.name"``, each with a function that makes a record from arguments; None for one
        that is never called.
    persistent : function
        Makes a record from a persistent id.

    Raises
    ------
    FileFormatError
        For other opcodes and globals, more than ``MAX_STEPS`` opcodes, and a program that underflows its stack.
    """
    if not data.startswith(_PROTOCOL_2):
        raise FileFormatError(
            "its pickle has not protocol 2, which torch.save writes by default. Save it without pickle_protocol."
        )
    machine = _Machine(data, constructors, persistent)
    machine.position = len(_PROTOCOL_2)
    for _ in range(MAX_STEPS):
        opcode = machine.take(1)
        if opcode == b".":
            break
        run = _OPCODES.get(opcode)
        if run is None:
            name = f"opcode {_NAMES[opcode]}" if opcode in _NAMES else f"byte {opcode[0]:#04x} where an opcode should be"
            raise FileFormatError(f"its pickle has the {name}, which no tensor needs.")
        run(machine)
    else:
        raise FileFormatError(f"its pickle has more than {MAX_STEPS:,} opcodes.")
    if len(machine.stack) != 1 or machine.marks or machine.position != len(data):
        raise FileFormatError("its pickle does not end with one value and nothing behind it.")
    return machine.stack[0]


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FileFormatError(f"its pickle has a text that is not UTF-8: {raw[:40]!r}.") from None


def _kind(value: Any) -> str:
    """The type of a value, for messages; its content may be arbitrarily long."""
    return "global" if type(value) is Global else type(value).__name__
