"""Parse the header of a safetensors file, and check dtype, shape and range of every tensor before any is allocated.

The layout: 8 bytes with the header's length (little-endian), the header (a JSON object: a name, dtype, shape and byte range for
each tensor, and texts under ``__metadata__``), then the tensors' bytes, which the ranges tile without gap, overlap or rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..files import strict_json
from ..files.errors import FileFormatError

MAX_BYTES = 1 << 22  #: of a header, whose parsed form takes up to twelve times as much memory
MAX_RANK = 8
MAX_NAME = 255
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}


class Entry(NamedTuple):
    """Entry of a tensor in the header."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int  #: offset of the first byte, counted from the header's end
    end: int  #: offset past the last byte


def read(file: BinaryIO, kind: str = ".nlstm") -> bytes:
    """Read the header's bytes from a file at its beginning; ``kind`` names the format in messages.

    Raises
    ------
    FileFormatError
        If it is shorter than its header.
    """
    prefix = file.read(8)
    if len(prefix) < 8:
        raise FileFormatError(f"it has {len(prefix)} bytes, which is too short for a {kind} file. Was it cut off?")
    length = int.from_bytes(prefix, "little")
    if length > MAX_BYTES:
        raise FileFormatError(
            f"it is no {kind} file, or damaged: it begins with a header's length of {length:,} bytes; "
            f"{MAX_BYTES:,} are allowed."
        )
    raw = file.read(length)
    if len(raw) < length:
        raise FileFormatError(f"its header should have {length:,} bytes, but only {len(raw):,} follow. Was it cut off?")
    return raw


def parse(
    raw: bytes, size: int, dtypes: Mapping[str, np.dtype[Any]] = DTYPES, kind: str = ".nlstm"
) -> tuple[dict[str, str], dict[str, Entry]]:
    """Parse a header: return the metadata, and the entries of tensors in the order of their ranges.

    Parameters
    ----------
    raw : bytes
        The header.
    size : int
        The number of bytes behind it.
    dtypes : mapping
        Supported dtypes, by their names in the header.
    kind : str
        The name of the format in messages.

    Raises
    ------
    FileFormatError
        Unless the header is strict JSON, all dtypes are among ``dtypes``, and the ranges tile the ``size`` bytes.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"its header is not UTF-8 text: {error}.") from error
    if not text.startswith("{"):
        raise FileFormatError(f"its header does not begin with '{{', so it is no {kind} file, or damaged.")
    header = strict_json.loads(text, "its header", MAX_BYTES)  # all of a model is one text in it
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileFormatError("its header's __metadata__ must hold texts only.")
    entries = {name: _entry(name, fields, dtypes) for name, fields in header.items()}
    entries = dict(sorted(entries.items(), key=lambda item: item[1].begin))
    position = 0
    for name, entry in entries.items():
        if entry.begin != position:
            raise FileFormatError(f"tensor {name!r} begins at byte {entry.begin:,}, not {position:,}: a gap or an overlap.")
        position = entry.end
    if position != size:
        raise FileFormatError(f"its tensors take {position:,} bytes, but {size:,} follow the header. Was it cut off?")
    return metadata, entries


def _entry(name: str, fields: Any, dtypes: Mapping[str, np.dtype[Any]]) -> Entry:
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise FileFormatError(f"{name[:80]!r} is no name for a tensor.")
    if not isinstance(fields, dict) or fields.keys() != {"dtype", "shape", "data_offsets"}:
        raise FileFormatError(f"tensor {name!r} must have exactly dtype, shape and data_offsets.")
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in dtypes:
        raise FileFormatError(f"tensor {name!r} has the dtype {str(dtype)[:40]!r}, expected one of {', '.join(dtypes)}.")
    if not _are_sizes(shape, least=1) or len(shape) > MAX_RANK:
        raise FileFormatError(f"tensor {name!r}: the shape must be a list of at most {MAX_RANK} whole numbers from 1 up.")
    if not _are_sizes(offsets, least=0) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise FileFormatError(f"tensor {name!r}: data_offsets must be two whole numbers, begin and end.")
    begin, end = offsets
    expected = math.prod(shape) * dtypes[dtype].itemsize  # integers of Python do not overflow
    if end - begin != expected:
        raise FileFormatError(f"tensor {name!r} takes {end - begin:,} bytes, but {dtype} and its shape need {expected:,}.")
    return Entry(dtypes[dtype], tuple(shape), begin, end)


def _are_sizes(value: Any, *, least: int) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= least for size in value)  # a bool is no size
