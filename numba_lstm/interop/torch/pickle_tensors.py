"""Records that the pickle of a ``.pt`` file describes: storages, and tensors as views of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...files.errors import FileFormatError
from ..dtypes import DTYPES, decode, is_possible
from .pickle_reader import Constructor, Global

MAX_RANK = 8
MAX_DEPTH = 16  #: levels of dicts
MAX_VISITS = 100_000  #: values that are searched for tensors; by its memo a pickle can hold one dict many times
MAX_NAME = 1_024  #: letters of a tensor's name, which joins the keys of all dicts around it
MAX_LETTERS = 1 << 24  #: of all names together
MAX_KEY = 20  #: digits of a storage's key

_STORAGES = {
    "torch.FloatStorage": "F32",
    "torch.DoubleStorage": "F64",
    "torch.HalfStorage": "F16",
    "torch.BFloat16Storage": "BF16",
    "torch.LongStorage": "I64",
    "torch.IntStorage": "I32",
    "torch.ShortStorage": "I16",
    "torch.CharStorage": "I8",
    "torch.ByteStorage": "U8",
    "torch.BoolStorage": "BOOL",
}


@dataclass(frozen=True)
class Storage:
    """A vector of numbers, the member ``data/<key>`` of the file."""

    key: str
    dtype: str  #: a name of :data:`..dtypes.DTYPES`
    numel: int

    @property
    def nbytes(self) -> int:
        """Size of the member in bytes."""
        return self.numel * DTYPES[self.dtype].itemsize


@dataclass(frozen=True)
class Tensor:
    """A view within a storage; offset and strides count numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size of its elements in bytes."""
        return math.prod(self.shape) * DTYPES[self.storage.dtype].itemsize

    def to_array(self, data: bytes) -> npt.NDArray[Any]:
        """Return the tensor as a view of ``data``, the bytes of its storage."""
        numbers = np.frombuffer(data, DTYPES[self.storage.dtype])[self.offset :]
        # The stride along an axis of one element is never used and may have any value.
        strides = [0 if size <= 1 else stride * numbers.itemsize for size, stride in zip(self.shape, self.strides, strict=True)]
        return decode(np.lib.stride_tricks.as_strided(numbers, self.shape, strides, writeable=False))


def persistent(identity: Any) -> Storage:
    """Make the storage of a persistent id, ``('storage', type, key, location, number of elements)``."""
    if type(identity) is not tuple or len(identity) != 5 or identity[0] != "storage":
        raise FileFormatError("its pickle has a persistent id that is no storage of five parts.")
    _, kind, key, location, numel = identity
    if type(kind) is not Global or kind.name not in _STORAGES:
        raise FileFormatError(
            f"it has a storage of type {getattr(kind, 'name', kind)!r:.100}. Read are {', '.join(_STORAGES)}."
        )
    if type(key) is not str or len(key) > MAX_KEY or not key.isascii() or not key.isdigit():
        raise FileFormatError(f"it has a storage with the key {key!r:.100}, which is no number of up to {MAX_KEY} digits.")
    if type(location) is not str or not _is_size(numel):
        raise FileFormatError(f"its storage {key:.20} has no place or no number of elements.")
    return Storage(key, _STORAGES[kind.name], numel)


def _tensor(arguments: tuple[Any, ...]) -> Tensor:
    """``torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])``."""
    if len(arguments) not in (6, 7) or type(arguments[0]) is not Storage:
        raise FileFormatError("its pickle makes a tensor of other arguments than a storage, offset, size and strides.")
    storage, offset, shape, strides = arguments[:4]
    name = f"a tensor in its storage {storage.key:.20}"
    if not _is_size(offset) or not _are_sizes(shape) or not _are_sizes(strides) or len(shape) != len(strides):
        raise FileFormatError(f"{name} needs an offset, and as many sizes as strides, of whole numbers from 0 up.")
    if len(shape) > MAX_RANK:
        raise FileFormatError(f"{name} has {len(shape)} axes; up to {MAX_RANK} are read.")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    count = math.prod(shape)
    if last >= storage.numel if count else offset > storage.numel:
        raise FileFormatError(f"{name} reaches to element {last:,}, past its {storage.numel:,}.")
    if not count and not is_possible(shape):
        raise FileFormatError(f"{name} has the shape {shape}, which is larger than any file.")
    if count > storage.numel:
        raise FileFormatError(f"{name} repeats {storage.numel:,} numbers as {count:,}. Save a copy: tensor.contiguous().")
    return Tensor(storage, offset, shape, strides)


def _parameter(arguments: tuple[Any, ...]) -> Tensor:
    """``torch._utils._rebuild_parameter(tensor, requires_grad, hooks)``."""
    if len(arguments) != 3 or type(arguments[0]) is not Tensor:
        raise FileFormatError("its pickle makes a parameter of other arguments than a tensor.")
    return arguments[0]


def _ordered_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if arguments:
        raise FileFormatError("its pickle makes an OrderedDict of arguments; torch.save makes it empty and fills it.")
    return {}


CONSTRUCTORS: dict[str, Constructor | None] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    **dict.fromkeys(_STORAGES),
}


def find_tensors(value: Any) -> dict[str, Tensor]:
    """Find the tensors in nested dicts, by their keys joined by dots; other values are ignored.

    Raises
    ------
    FileFormatError
        For anything but a dict, a dict that contains itself, and two tensors of one name.
    """
    if type(value) is not dict:
        raise FileFormatError("it holds no dict of tensors. Save that: torch.save(model.state_dict(), path).")
    tensors: dict[str, Tensor] = {}
    for name, tensor in _walk(value, "", MAX_DEPTH, _countdown(MAX_VISITS, MAX_LETTERS)):
        if name in tensors:
            raise FileFormatError(f"it has two tensors named {name!r:.100}.")
        tensors[name] = tensor
    return tensors


def _walk(value: dict[Any, Any], prefix: str, depth: int, visit: Callable[[int], None]) -> Iterator[tuple[str, Tensor]]:
    if depth == 0:
        raise FileFormatError(f"its dicts are nested deeper than {MAX_DEPTH} levels.")
    for key, inner in value.items():
        name = f"{prefix}{key}"
        visit(len(name))
        if len(name) > MAX_NAME:
            raise FileFormatError(f"it has a name of {len(name):,} letters, {name[:40]!r}...; up to {MAX_NAME:,} are read.")
        if type(inner) is Tensor:
            yield name, inner
        elif type(inner) is dict:
            yield from _walk(inner, f"{name}.", depth - 1, visit)


def _countdown(visits: int, letters: int) -> Callable[[int], None]:
    def visit(length: int) -> None:
        nonlocal visits, letters
        visits, letters = visits - 1, letters - length
        if visits < 0 or letters < 0:
            raise FileFormatError(f"its dicts hold more than {MAX_VISITS:,} values, or names of {MAX_LETTERS:,} letters.")

    return visit


def _is_size(value: Any) -> bool:
    return type(value) is int and value >= 0


def _are_sizes(values: Any) -> bool:
    return type(values) is tuple and all(map(_is_size, values))
