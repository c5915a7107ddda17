"""``.pt`` files with something wrong: their pickles in opcodes, their zips by Python's own writer."""

from __future__ import annotations

import io
import struct
import zipfile

STOP, MARK, TUPLE, REDUCE, BUILD, PERSISTENT, SETITEM, SETITEMS = b".", b"(", b"t", b"R", b"b", b"Q", b"s", b"u"
NONE, FALSE, DICT, LIST, EMPTY = b"N", b"\x89", b"}", b"]", b")"
PROTOCOL = b"\x80\x02"


def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value):
    """BININT where four bytes hold it, else LONG1."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def find(module, name):
    return f"c{module}\n{name}\n".encode()


def tuple_of(*members):
    return MARK + b"".join(members) + TUPLE


ORDERED = find("collections", "OrderedDict") + EMPTY + REDUCE


STORAGE = {
    "first": text("storage"),
    "kind": find("torch", "FloatStorage"),
    "key": text("0"),
    "location": text("cpu"),
    "numel": number(6),
}


def storage(**changes):
    return tuple_of(*(STORAGE | changes).values()) + PERSISTENT


def tensor(offset=0, shape=(2, 3), strides=(3, 1), of=None):
    sizes = tuple_of(*map(number, shape))
    steps = tuple_of(*map(number, strides))
    arguments = tuple_of(storage() if of is None else of, number(offset), sizes, steps, FALSE, ORDERED)
    return find("torch._utils", "_rebuild_tensor_v2") + arguments + REDUCE


def dict_of(**values):
    return DICT + MARK + b"".join(text(key) + value for key, value in values.items()) + SETITEMS


def pickled(value):
    return PROTOCOL + value + STOP


def zipped(members, root="model", compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{root}/{name}", content)
    return file.getvalue()


def saved(value, data=None, **members):
    """A file of ``torch.save`` whose pickle is ``value``, with one storage of 6 float32 numbers."""
    numbers = struct.pack("<6f", *range(6)) if data is None else data
    return zipped({"data.pkl": pickled(value), "byteorder": b"little", "data/0": numbers, **members})


GOOD = dict_of(weight=tensor())
