"""Protocol buffers, read and written by a table of fields: as much of the format as ONNX files need.

A message is a row of fields, each a tag (number and wire type) and a value: a varint, 8 bytes, a length and that many bytes, or
4 bytes. (protobuf.dev/programming-guides/encoding) Nothing here recurses into what a file nests: a schema is a finite tree.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from ....files.errors import FileFormatError

MAX_COST = 100_000  #: of a file: a number or a field costs 1, a message MESSAGE_COST
MESSAGE_COST = 20

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_SKIPPED = {_EIGHT: 8, _FOUR: 4}
_WIRE = {"int": _VARINT, "float": _FOUR, "double": _EIGHT, "text": _BYTES, "bytes": _BYTES, "message": _BYTES}
_BYTES_OF = {"float": 4, "double": 8}  #: of floating numbers

Message = dict[str, Any]
Schema = dict[int, "Field"]


class Field(NamedTuple):
    """A field of a message."""

    name: str
    kind: str  #: int (signed, of 64 bits), float, double, text, bytes, message
    many: bool = False
    schema: Schema | None = None  #: of a message


class _Reader:
    """The bytes of a file, and what reading them may still cost."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.left = data, MAX_COST

    def spend(self, cost: int) -> None:
        self.left -= cost
        if self.left < 0:
            raise FileFormatError("it has more numbers and messages than are read. Keep large tensors as raw data.")

    def varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for index in range(10):
            if at + index >= end:
                raise FileFormatError("a number in it is cut off.")
            byte = self.data[at + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if value >= 1 << 64:
                    break
                return value, at + index + 1
        raise FileFormatError("a number in it has more than 64 bits.")

    def message(self, at: int, end: int, schema: Schema) -> Message:
        self.spend(MESSAGE_COST)
        found: Message = {}
        while at < end:
            self.spend(1)
            tag, at = self.varint(at, end)
            number, wire = tag >> 3, tag & 7
            if wire == _BYTES:
                length, at = self.varint(at, end)
            elif wire in _SKIPPED:
                length = _SKIPPED[wire]
            elif wire == _VARINT:
                length = self.varint(at, end)[1] - at
            else:
                raise FileFormatError(f"field {number} has the wire type {wire}, which ONNX does not use.")
            if number == 0 or at + length > end:
                raise FileFormatError(f"field {number} does not lie within its message.")
            if number in schema:
                self.field(found, schema[number], wire, at, at + length)
            at += length
        return found

    def field(self, found: Message, field: Field, wire: int, at: int, end: int) -> None:
        packed = field.many and wire == _BYTES and field.kind in ("int", "float", "double")
        if wire != _WIRE[field.kind] and not packed:
            raise FileFormatError(f"its field {field.name} is no {field.kind}.")
        if not field.many:
            if field.name in found:
                raise FileFormatError(f"its field {field.name} comes twice in one message.")
            found[field.name] = self.value(field, at, end)
        elif field.kind in _BYTES_OF:
            if (end - at) % _BYTES_OF[field.kind]:
                raise FileFormatError(f"its field {field.name} ends within a number.")
            found.setdefault(field.name, bytearray()).extend(self.data[at:end])
        elif packed:
            values = found.setdefault(field.name, [])
            while at < end:
                self.spend(1)
                value, at = self.varint(at, end)
                values.append(_signed(value))
        else:
            found.setdefault(field.name, []).append(self.value(field, at, end))

    def value(self, field: Field, at: int, end: int) -> Any:
        raw = self.data[at:end]
        match field.kind:
            case "int":
                return _signed(self.varint(at, end)[0])
            case "float":
                return struct.unpack("<f", raw)[0]
            case "double":
                return struct.unpack("<d", raw)[0]
            case "text":
                try:
                    return str(raw, "utf-8")
                except UnicodeDecodeError:
                    raise FileFormatError(f"its field {field.name} is no UTF-8 text.") from None
            case "message":
                assert field.schema is not None
                return self.message(at, end, field.schema)
        return raw


def read(data: bytes | memoryview, schema: Schema) -> Message:
    """The fields of a message by name; those that it has not, and those that the schema has not, are left out.

    Repeated fields are lists, but for floating numbers: their bytes, one after the other. Bytes are views of ``data``.

    Raises
    ------
    FileFormatError
        For bytes that are no such message, a single field that comes twice, and more than ``MAX_COST``.
    """
    view = memoryview(data)
    return _Reader(view).message(0, len(view), schema)


def write(message: Message, schema: Schema) -> bytes:
    """The bytes of a message; repeated fields are any sequences, floating ones too."""
    parts: list[bytes] = []
    for number, field in schema.items():
        if field.name not in message:
            continue
        for value in message[field.name] if field.many else [message[field.name]]:
            parts.append(_varint(number << 3 | _WIRE[field.kind]))
            parts.append(_encoded(value, field))
    return b"".join(parts)


def _encoded(value: Any, field: Field) -> bytes:
    match field.kind:
        case "int":
            return _varint(int(value) & ((1 << 64) - 1))
        case "float":
            return struct.pack("<f", value)
        case "double":
            return struct.pack("<d", value)
        case "text":
            value = value.encode()
        case "message":
            assert field.schema is not None
            value = write(value, field.schema)
    return _varint(len(value)) + bytes(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
