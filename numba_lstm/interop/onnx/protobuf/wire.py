"""Decode and encode Protocol Buffers messages by schemas, as far as ONNX files need it.

A message is a sequence of fields. Each has a tag (number and wire type) and a value: a varint, 8 bytes, a length and that many
bytes, or 4 bytes (protobuf.dev/programming-guides/encoding). A schema is a finite tree, which bounds the recursion, whatever a
file contains.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from ....files.errors import FileFormatError

MAX_COST = 100_000  #: of reading a file: a number or a field costs 1, a message MESSAGE_COST
MESSAGE_COST = 20

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_WIRE = {"int": _VARINT, "float": _FIXED32, "double": _FIXED64, "text": _BYTES, "bytes": _BYTES, "message": _BYTES}
_ITEM_SIZES = {"float": 4, "double": 8}  #: bytes of floating-point numbers

Message = dict[str, Any]
Schema = dict[int, "Field"]


class Field(NamedTuple):
    """A field of a message."""

    name: str
    kind: str  #: int (signed, of 64 bits), float, double, text, bytes, message
    many: bool = False
    schema: Schema | None = None  #: of a message


class Budget:
    """The cost that is left for reading one file, of which all its subgraphs spend."""

    def __init__(self) -> None:
        self.left = MAX_COST

    def spend(self, cost: int) -> None:
        """Take ``cost`` off; FileFormatError if so much is not left."""
        self.left -= cost
        if self.left < 0:
            raise FileFormatError("it has more numbers and messages than are read. Keep large tensors as raw data.")


class _Reader:
    """Reader of a file's bytes with a budget of work."""

    def __init__(self, data: memoryview, budget: Budget) -> None:
        self.data, self.spend = data, budget.spend

    def varint(self, position: int, end: int) -> tuple[int, int]:
        value = 0
        for index in range(10):
            if position + index >= end:
                raise FileFormatError("a number in it is cut off.")
            byte = self.data[position + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if value >= 1 << 64:
                    break
                return value, position + index + 1
        raise FileFormatError("a number in it has more than 64 bits.")

    def message(self, position: int, end: int, schema: Schema) -> Message:
        self.spend(MESSAGE_COST)
        fields: Message = {}
        while position < end:
            self.spend(1)
            tag, position = self.varint(position, end)
            number, wire = tag >> 3, tag & 7
            if wire == _BYTES:
                length, position = self.varint(position, end)
            elif wire in _FIXED_SIZES:
                length = _FIXED_SIZES[wire]
            elif wire == _VARINT:
                length = self.varint(position, end)[1] - position
            else:
                raise FileFormatError(f"field {number} has the wire type {wire}, which ONNX does not use.")
            if number == 0 or position + length > end:
                raise FileFormatError(f"field {number} does not lie within its message.")
            if number in schema:
                self.field(fields, schema[number], wire, position, position + length)
            position += length
        return fields

    def field(self, fields: Message, field: Field, wire: int, position: int, end: int) -> None:
        packed = field.many and wire == _BYTES and field.kind in ("int", "float", "double")
        if wire != _WIRE[field.kind] and not packed:
            raise FileFormatError(f"its field {field.name} is no {field.kind}.")
        if not field.many:
            if field.name in fields:
                raise FileFormatError(f"its field {field.name} comes twice in one message.")
            fields[field.name] = self.value(field, position, end)
        elif field.kind in _ITEM_SIZES:
            if (end - position) % _ITEM_SIZES[field.kind]:
                raise FileFormatError(f"its field {field.name} ends within a number.")
            fields.setdefault(field.name, bytearray()).extend(self.data[position:end])
        elif packed:
            values = fields.setdefault(field.name, [])
            while position < end:
                self.spend(1)
                value, position = self.varint(position, end)
                values.append(_to_signed(value))
        else:
            fields.setdefault(field.name, []).append(self.value(field, position, end))

    def value(self, field: Field, position: int, end: int) -> Any:
        raw = self.data[position:end]
        match field.kind:
            case "int":
                return _to_signed(self.varint(position, end)[0])
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
                return self.message(position, end, field.schema)
        return raw


def read(data: bytes | memoryview, schema: Schema, budget: Budget | None = None) -> Message:
    """Decode a message: its fields by name, without those that the schema does not have.

    Repeated fields are lists; those of floating-point numbers are their concatenated bytes. Bytes are views of ``data``.

    Raises
    ------
    FileFormatError
        For bytes that are no such message, a single field that occurs twice, and more than ``MAX_COST``.
    """
    view = memoryview(data)
    return _Reader(view, budget or Budget()).message(0, len(view), schema)


def write(message: Message, schema: Schema) -> bytes:
    """Encode a message; repeated fields are sequences, also of floating-point numbers."""
    chunks: list[bytes] = []
    for number, field in schema.items():
        if field.name not in message:
            continue
        for value in message[field.name] if field.many else [message[field.name]]:
            chunks.append(_varint(number << 3 | _WIRE[field.kind]))
            chunks.append(_encode(value, field))
    return b"".join(chunks)


def _encode(value: Any, field: Field) -> bytes:
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
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _to_signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
