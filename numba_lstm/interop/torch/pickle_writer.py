"""Write a dict of arrays as ``torch.save`` writes a state_dict: a zip file of a pickle and a member for each array."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

from .names import Array

_ROOT = "archive"
_DATE = (1980, 1, 1, 0, 0, 0)  # equal weights make equal bytes
_STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage"}
_HOOKS = b"ccollections\nOrderedDict\n)R"


def encode(arrays: Mapping[str, Array]) -> bytes:
    """Return the bytes of a ``.pt`` file; arrays are float32 or float64 and contiguous."""
    members: dict[str, bytes] = {"data.pkl": _program(arrays), "byteorder": b"little"}
    for index, array in enumerate(arrays.values()):
        members[f"data/{index}"] = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    members["version"] = b"3\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name, data in members.items():
            target.writestr(zipfile.ZipInfo(f"{_ROOT}/{name}", _DATE), data)
    return file.getvalue()


def _program(arrays: Mapping[str, Array]) -> bytes:
    """The pickle, in protocol 2: opcodes that push each name and tensor, and then put all into a dict."""
    items = b"".join(_text(name) + _tensor(index, array) for index, (name, array) in enumerate(arrays.items()))
    return b"\x80\x02}(" + items + b"u."


def _tensor(index: int, array: Array) -> bytes:
    """``torch._utils._rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())``."""
    kind = f"ctorch\n{_STORAGES[array.dtype.name]}\n".encode()
    storage = b"(" + _text("storage") + kind + _text(str(index)) + _text("cpu") + _number(array.size) + b"tQ"
    strides = [stride // array.itemsize for stride in array.strides]
    arguments = storage + _number(0) + _tuple(array.shape) + _tuple(strides) + b"\x89" + _HOOKS
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR"


def _text(text: str) -> bytes:
    raw = text.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def _number(value: int) -> bytes:
    """BININT where four bytes hold it, else LONG1."""
    return b"J" + struct.pack("<i", value) if value < 1 << 31 else b"\x8a\x08" + struct.pack("<q", value)


def _tuple(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(_number(value) for value in values) + b"t"
