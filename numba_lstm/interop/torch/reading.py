"""Read tensors from a state_dict, a ``.safetensors`` file or a ``.pt`` file, all of them or those of a prefix."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from ...files import formats, sniff
from ...files.errors import FileFormatError
from ...objects.serialization import nearest
from ...saving import header
from ..dtypes import DTYPES, decode
from . import archive, names
from .archive import TensorInfo, TensorSource

Arrays = dict[str, npt.NDArray[Any]]
StateDict = Mapping[str, npt.ArrayLike]

MAX_SUGGESTIONS = 100  #: names of a file among which a message finds the nearest
MAX_NAME = 100  #: letters of such a name


def read(source: StateDict | str | os.PathLike[str], prefix: str, required: str) -> Arrays:
    """Read the arrays whose names begin with ``prefix`` as float32 or float64; their keys lack the prefix.

    Parameters
    ----------
    source : state_dict or path
        Arrays, or anything that ``np.asarray`` takes, by name; or a file.
    prefix : str
        For example ``"encoder.lstm."``.
    required : str
        A name that must exist, without the prefix.

    Raises
    ------
    ValueError
        If it does not exist, for arrays that are not floating-point, and for a faulty file; see :func:`errors_name_file`.
    FileNotFoundError
        If there is no such file.
    """
    with open_tensors(source) as content:
        return _select(content, prefix, required)


def read_all(source: StateDict | str | os.PathLike[str]) -> Arrays:
    """Read all arrays as float32 or float64, by name; errors as :func:`read`'s."""
    with open_tensors(source) as content:
        return {name: check_floating(name, content.read(name)) for name in content.names}


@contextmanager
def errors_name_file(source: StateDict | str | os.PathLike[str]) -> Iterator[None]:
    """Turn each ValueError in this context into a FileFormatError that names the file, if ``source`` is one."""
    try:
        yield
    except ValueError as error:
        if isinstance(source, Mapping):
            raise
        raise FileFormatError(f"{os.fsdecode(source)}: {error}") from error


def _select(source: TensorSource, prefix: str, required: str) -> Arrays:
    if prefix + required not in source.names:
        others = [name.removesuffix(required) for name in source.names if name.endswith(required)]
        if others:
            raise ValueError(f"there is no {prefix + required!r:.100}. Give prefix={others[0]!r:.100}.")
        names.check_not_cell([name.removeprefix(prefix) for name in source.names if name.startswith(prefix)], prefix)
        candidates = [name for name in source.names[:MAX_SUGGESTIONS] if len(name) <= MAX_NAME]
        raise ValueError(f"there is no {prefix + required!r:.100}{nearest(prefix + required, candidates):.300}")
    return {
        name.removeprefix(prefix): check_floating(name, source.read(name)) for name in source.names if name.startswith(prefix)
    }


def check_floating(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array as float32 or float64; ValueError for numbers that are not floating."""
    if array.dtype.kind != "f":
        raise ValueError(f"{name!r:.100} holds {array.dtype} numbers, and weights are floating ones.")
    with np.errstate(invalid="ignore"):  # the bits of a NaN may change
        return array if array.dtype == np.float64 else array.astype(np.float32, copy=False)


def _asarray(name: str, value: npt.ArrayLike) -> npt.NDArray[Any]:
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name!r:.100} is no array: {error}. Give tensor.detach().float().cpu().") from error


@contextmanager
def open_tensors(source: StateDict | str | os.PathLike[str]) -> Iterator[TensorSource]:
    """Open a state_dict or a file, whose content decides the format, not its name."""
    if isinstance(source, Mapping):
        yield TensorSource(tuple(source), lambda name: _asarray(name, source[name]))
        return
    path = os.fsdecode(source)
    is_zip = sniff.check_format(path, formats.PT, formats.SAFETENSORS).startswith(b"PK")
    reader = archive.open_archive if is_zip else _safetensors
    with reader(path) as content:
        yield content


@contextmanager
def _safetensors(path: str) -> Iterator[TensorSource]:
    with open(path, "rb") as file:
        raw = header.read(file, ".safetensors")
        begin = 8 + len(raw)
        _, entries = header.parse(raw, os.fstat(file.fileno()).st_size - begin, DTYPES, ".safetensors")

        def read(name: str) -> npt.NDArray[Any]:
            entry = entries[name]
            file.seek(begin + entry.begin)
            data = file.read(entry.end - entry.begin)
            return decode(np.frombuffer(data, entry.dtype).reshape(entry.shape))

        names_of_dtypes = {dtype: name for name, dtype in DTYPES.items()}
        yield TensorSource(
            tuple(entries), read, {name: TensorInfo(names_of_dtypes[e.dtype], e.shape) for name, e in entries.items()}
        )
