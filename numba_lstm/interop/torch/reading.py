"""Tensors by a prefix of their names, from a state_dict, a ``.safetensors`` file or a ``.pt`` file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from ...files import formats, sniff
from ...files.errors import FileFormatError
from ...saving import header
from ...serialization import nearest
from ..dtypes import DTYPES, decode
from . import archive, names
from .tensor_source import Form, Source

Arrays = dict[str, npt.NDArray[Any]]
StateDict = Mapping[str, npt.ArrayLike]

SHOWN = 100  #: names of a file that a message chooses from
MAX_NAME = 100  #: letters of such a name


def read(source: StateDict | str | os.PathLike[str], prefix: str, wanted: str) -> Arrays:
    """The float32 or float64 arrays whose names begin with ``prefix``, which is taken off.

    Parameters
    ----------
    source : state_dict or path
        Arrays, or anything that ``np.asarray`` takes, by name; or a file.
    prefix : str
        As ``"encoder.lstm."``.
    wanted : str
        A name that must be there, behind the prefix.

    Raises
    ------
    ValueError
        If it is not there, for numbers that are not floating, and for what is wrong with a file; see :func:`blaming`.
    FileNotFoundError
        If there is no such file.
    """
    with opened(source) as content:
        return _select(content, prefix, wanted)


def read_all(source: StateDict | str | os.PathLike[str]) -> Arrays:
    """All float32 and float64 arrays, by their names; errors as :func:`read`'s."""
    with opened(source) as content:
        return {name: _floating(name, content.read(name)) for name in content.names}


@contextmanager
def blaming(source: StateDict | str | os.PathLike[str]) -> Iterator[None]:
    """Within this context, what is wrong with the tensors of a file is a FileFormatError that names the file."""
    try:
        yield
    except ValueError as error:
        if isinstance(source, Mapping):
            raise
        raise FileFormatError(f"{os.fsdecode(source)}: {error}") from error


def _select(source: Source, prefix: str, wanted: str) -> Arrays:
    if prefix + wanted not in source.names:
        others = [name.removesuffix(wanted) for name in source.names if name.endswith(wanted)]
        if others:
            raise ValueError(f"there is no {prefix + wanted!r:.100}. Give prefix={others[0]!r:.100}.")
        names.refuse_step([name.removeprefix(prefix) for name in source.names if name.startswith(prefix)], prefix)
        shown = [name for name in source.names[:SHOWN] if len(name) <= MAX_NAME]
        raise ValueError(f"there is no {prefix + wanted!r:.100}{nearest(prefix + wanted, shown):.300}")
    return {name.removeprefix(prefix): _floating(name, source.read(name)) for name in source.names if name.startswith(prefix)}


def _floating(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.kind != "f":
        raise ValueError(f"{name!r:.100} holds {array.dtype} numbers, and weights are floating ones.")
    with np.errstate(invalid="ignore"):  # a NaN stays one, whichever it was
        return array if array.dtype == np.float64 else array.astype(np.float32, copy=False)


def _asarray(name: str, value: npt.ArrayLike) -> npt.NDArray[Any]:
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name!r:.100} is no array: {error}. Give tensor.detach().float().cpu().") from error


@contextmanager
def opened(source: StateDict | str | os.PathLike[str]) -> Iterator[Source]:
    """The tensors of a state_dict or a file; the file's content says which kind it is, not its name."""
    if isinstance(source, Mapping):
        yield Source(tuple(source), lambda name: _asarray(name, source[name]))
        return
    path = os.fsdecode(source)
    is_zip = sniff.check_format(path, formats.PT, formats.SAFETENSORS).startswith(b"PK")
    reader = archive.opened if is_zip else _safetensors
    with reader(path) as content:
        yield content


@contextmanager
def _safetensors(path: str) -> Iterator[Source]:
    with open(path, "rb") as file:
        raw = header.read(file, ".safetensors")
        begin = 8 + len(raw)
        _, entries = header.parse(raw, os.fstat(file.fileno()).st_size - begin, DTYPES, ".safetensors")

        def read(name: str) -> npt.NDArray[Any]:
            entry = entries[name]
            file.seek(begin + entry.begin)
            data = file.read(entry.end - entry.begin)
            return decode(np.frombuffer(data, entry.dtype).reshape(entry.shape))

        words = {dtype: word for word, dtype in DTYPES.items()}
        yield Source(tuple(entries), read, {name: Form(words[e.dtype], e.shape) for name, e in entries.items()})
