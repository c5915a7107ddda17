"""Read untrusted zip files, but only those that every reader interprets alike.

Two readers of one zip file may find different contents: by its directory or by the headers before the data, by the first or the
last of equal names, in bytes outside of all members. This reader requires that the directory, the headers and the file's length
agree. It extracts nothing to disk.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from typing import BinaryIO, Self

from ..files import formats, sniff
from ..files.errors import FileFormatError
from . import zip_directory as directory
from .zip_directory import Member


class Zip:
    """An open zip file with consistent directory and headers, from :func:`open_zip`. A context manager.

    Attributes
    ----------
    names : tuple of str
        Names of the members, in the order of the directory; those of folders end in ``/``.
    size : int
        Size of the file in bytes.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self.size = file, size
        start, members = directory.read_directory(file, size)
        self._members = {member.name: member for member in members}
        if len(self._members) != len(members):
            duplicate = next(name for name, count in Counter(member.name for member in members).items() if count > 1)
            raise FileFormatError(f"its zip directory has the name {duplicate!r:.100} twice.")
        self._data = directory.check_headers(file, members, start)
        self.names = tuple(self._members)

    def read(self, name: str, limit: int) -> bytes:
        """Read all bytes of a member.

        Parameters
        ----------
        name : str
            One of :attr:`names`.
        limit : int
            Maximum of bytes to read and to allocate.

        Raises
        ------
        FileFormatError
            If there is no such member, for more than ``limit`` bytes, and for a wrong length or checksum.
        """
        member = self._members.get(name)
        if member is None:
            raise FileFormatError(f"it has no member {name!r:.100}.")
        if member.size > limit:
            raise FileFormatError(f"its member {name!r:.100} takes {member.size:,} bytes; at most {limit:,} are read.")
        self._file.seek(self._data[name])
        data = _read_stored(self._file, member) if member.method == directory.STORED else _read_deflated(self._file, member)
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            raise FileFormatError(f"its member {name!r:.100} was altered or damaged: its checksum differs.")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_zip(path: str | os.PathLike[str]) -> Zip:
    """Open a zip file and check its structure: ``with open_zip(path) as archive: archive.read(name, limit)``.

    Members may be stored or deflated, also in ZIP64. Encryption, links, comments, several disks and bytes outside of all
    members are refused.

    Parameters
    ----------
    path : path
        A regular file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is no zip file, or an ambiguous one.
    """
    sniff.check_format(os.fsdecode(path), formats.KERAS, formats.PT)
    file = open(path, "rb")  # noqa: SIM115 - the Zip closes it
    try:
        return Zip(file, os.fstat(file.fileno()).st_size)
    except BaseException:
        file.close()
        raise


def _read_stored(file: BinaryIO, member: Member) -> bytes:
    return file.read(member.size)


def _read_deflated(file: BinaryIO, member: Member) -> bytes:
    """Inflate a member; b"" for data of another length than the directory says, which fail the later check."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(file.read(member.packed), member.size + 1)
    except zlib.error:
        return b""
    return data if inflater.eof and not inflater.unused_data else b""
