"""Convert TensorProto messages to arrays, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.errors import FileFormatError
from ...dtypes import DTYPES, decode, is_possible
from .wire import Message

Array = npt.NDArray[Any]
External = Callable[[Message, int], memoryview]  #: reads so many bytes of a tensor from an external file

MAX_RANK = 8

#: ONNX data type -> its name in this package, and the field of its numbers if they are not raw.
_TYPES = {
    1: ("F32", "float_data"),
    2: ("U8", "int32_data"),
    3: ("I8", "int32_data"),
    4: ("U16", "int32_data"),
    5: ("I16", "int32_data"),
    6: ("I32", "int32_data"),
    7: ("I64", "int64_data"),
    9: ("BOOL", "int32_data"),
    10: ("F16", "int32_data"),
    11: ("F64", "double_data"),
    12: ("U32", "uint64_data"),
    13: ("U64", "uint64_data"),
    16: ("BF16", "int32_data"),
}
_FIELDS = ("raw_data", *sorted({field for _, field in _TYPES.values()}), "string_data")


def dtype_of(number: int, what: str) -> np.dtype[Any]:
    """Return the dtype of arrays of an ONNX data type; FileFormatError for one that is not supported."""
    if number not in _TYPES:
        raise FileFormatError(f"{what} has ONNX's data type {number}, which is not read.")
    name = _TYPES[number][0]
    return np.dtype("f4") if name == "BF16" else DTYPES[name]


def name_of(number: int) -> str:
    """Return the name of an ONNX data type, or its number if it is not supported."""
    return _TYPES[number][0] if number in _TYPES else f"data type {number}"


def number_of(dtype: npt.DTypeLike) -> int:
    """Return the ONNX data type of a dtype."""
    return next(number for number, (name, _) in _TYPES.items() if DTYPES[name] == np.dtype(dtype))


def array_of(tensor: Message, external: External) -> Array:
    """Convert a TensorProto to an array, which may be a view of the file's bytes.

    Raises
    ------
    FileFormatError
        For data that do not fit the dims, data in several fields, and unsupported data types.
    """
    what = f"tensor {tensor.get('name', '')!r:.100}"
    dims, number = tensor.get("dims", []), tensor.get("data_type", 0)
    dtype_of(number, what)
    if len(dims) > MAX_RANK or any(size < 0 for size in dims):
        raise FileFormatError(f"{what}: the dims must be at most {MAX_RANK} whole numbers from 0 up.")
    if 0 in dims and not is_possible(dims):
        raise FileFormatError(f"{what} has the dims {list(dims)}, which are larger than any file.")
    if "segment" in tensor:
        raise FileFormatError(f"{what} comes in segments, which are not read.")
    name, field = _TYPES[number]
    dtype, count = DTYPES[name], math.prod(dims)
    if tensor.get("data_location", 0):
        data: Any = external(tensor, count * dtype.itemsize)
        field = "raw_data"
    else:
        data_fields = [key for key in _FIELDS if len(tensor.get(key, ()))]
        field = data_fields[0] if data_fields else "raw_data"
        if len(data_fields) > 1 or field not in ("raw_data", _TYPES[number][1]):
            raise FileFormatError(
                f"{what} has data in {', '.join(data_fields)}, where its data type has them in one other place."
            )
        data = tensor.get(field, b"")
    if field in ("raw_data", "float_data", "double_data"):
        if len(data) != count * dtype.itemsize:
            raise FileFormatError(f"{what} has {len(data):,} bytes, but its dims need {count * dtype.itemsize:,}.")
        return decode(np.frombuffer(data, dtype)).reshape(dims)
    if len(data) != count:
        raise FileFormatError(f"{what} has {len(data):,} numbers, but its dims need {count:,}.")
    bits = np.dtype("<u2") if name in ("F16", "BF16") else dtype
    try:
        numbers = np.array([value & (2**64 - 1) for value in data] if field == "uint64_data" else data, dtype=bits)
    except OverflowError:
        raise FileFormatError(f"{what} has numbers that are no {name}.") from None
    return decode(numbers.view(dtype)).reshape(dims)


def tensor_of(name: str, array: Array) -> Message:
    """Convert an array to a TensorProto."""
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return {"name": name, "dims": array.shape, "data_type": number_of(array.dtype), "raw_data": array.tobytes()}
