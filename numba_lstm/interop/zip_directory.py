"""Parse the directory of a zip file and the headers before its data, and check that they agree."""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from typing import BinaryIO

from ..files.errors import FileFormatError

MAX_MEMBERS = 16_384
MAX_DIRECTORY = 4 << 20  #: bytes of the directory at the end
MAX_NAME = 1_024  #: bytes

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_U64 = struct.Struct("<Q")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
STORED, DEFLATED = 0, 8
_DESCRIPTOR, _UTF8 = 1 << 3, 1 << 11
_FLAGS = _DESCRIPTOR | _UTF8 | 0b110  # and the level of compression


@dataclass(frozen=True)
class Member:
    """Entry of a member in the directory."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int  #: bytes in the file
    size: int  #: bytes after inflation
    offset: int  #: of its local header


def _at(file: BinaryIO, offset: int, size: int, what: str) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise FileFormatError(f"it is cut off in {what}.")
    return data


def read_directory(file: BinaryIO, size: int) -> tuple[int, list[Member]]:
    """Read the directory; return its offset and its members."""
    end = size - _END.size
    if end < 0:
        raise FileFormatError("it is too short for a zip file.")
    magic, disk, first, disk_count, count, length, start, comment = _END.unpack(_at(file, end, _END.size, "its end record"))
    if magic != b"PK\5\6" or comment:
        raise FileFormatError("it does not end as a zip file does, or has a comment. Was it cut off, or something put behind?")
    if (disk_count, count) == (_FULL16, _FULL16) or _FULL32 in (length, start) or _has_locator(file, end):
        end, disk, first, disk_count, count, length, start = _end64(file, end)
    if disk or first or disk_count != count:
        raise FileFormatError("it is one of several disks of a zip file.")
    if count > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise FileFormatError(
            f"it has {count:,} members in {length:,} bytes; allowed are {MAX_MEMBERS:,} in {MAX_DIRECTORY:,}."
        )
    if start + length != end:
        raise FileFormatError("its zip directory does not reach from where it should to its end record.")
    data = _at(file, start, length, "its directory")
    members, position = [], 0
    for _ in range(count):
        member, position = _entry(data, position)
        members.append(member)
    if position != length:
        raise FileFormatError("its zip directory has bytes behind its last entry.")
    return start, members


def _has_locator(file: BinaryIO, end: int) -> bool:
    position = end - _LOCATOR.size
    return position >= 0 and _at(file, position, 4, "its end record") == b"PK\6\7"


def _end64(file: BinaryIO, end: int) -> tuple[int, int, int, int, int, int, int]:
    """The fields of the ZIP64 end record: its offset, two disks, two counts, length and start of the directory."""
    if not _has_locator(file, end):
        raise FileFormatError("it needs a ZIP64 end record and has none.")
    position = end - _LOCATOR.size
    _, disk, offset, disks = _LOCATOR.unpack(_at(file, position, _LOCATOR.size, "its ZIP64 locator"))
    if disk or disks != 1 or offset + _END64.size != position:
        raise FileFormatError("its ZIP64 locator points elsewhere than at the record before it.")
    magic, length, _, _, *rest = _END64.unpack(_at(file, offset, _END64.size, "its ZIP64 end record"))
    if magic != b"PK\6\6" or length != _END64.size - 12:
        raise FileFormatError("its ZIP64 end record is damaged.")
    disk_count, count, size, start = rest[2:]
    return offset, rest[0], rest[1], disk_count, count, size, start


def _entry(data: bytes, position: int) -> tuple[Member, int]:
    """The directory's entry at ``position``, and the position of the next one."""
    if position + _ENTRY.size > len(data) or data[position : position + 4] != b"PK\1\2":
        raise FileFormatError("its zip directory is damaged: an entry is missing.")
    fields = _ENTRY.unpack_from(data, position)
    _, made_by, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment, disk, _, mode, offset = fields
    name_end = position + _ENTRY.size + name_size
    end = name_end + extra_size
    if end > len(data):
        raise FileFormatError("its zip directory is damaged: an entry is cut off.")
    name = _name(data[name_end - name_size : name_end], flags)
    if comment or disk:
        raise FileFormatError(f"its member {name!r:.100} has a comment or lies on another disk.")
    if flags & ~_FLAGS:
        raise FileFormatError(f"its member {name!r:.100} is encrypted or patched (flags {flags:#06x}).")
    if method not in (STORED, DEFLATED):
        raise FileFormatError(f"its member {name!r:.100} is compressed by method {method}; stored and deflated ones are read.")
    kind = stat.S_IFMT(mode >> 16) if made_by >> 8 == 3 else 0  # 3: Unix
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FileFormatError(f"its member {name!r:.100} is a link or a device.")
    size, packed, offset = _apply_zip64(data[name_end:end], [size, packed, offset], name)
    if name.endswith("/") and size:
        raise FileFormatError(f"its folder {name!r:.100} has a content.")
    if method == STORED and size != packed:
        raise FileFormatError(f"its stored member {name!r:.100} has two sizes, {size:,} and {packed:,}.")
    return Member(name, flags, method, crc, packed, size, offset), end


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise FileFormatError(f"its zip directory has a name that is not text: {raw!r:.100}.") from None
    if len(raw) > MAX_NAME:
        raise FileFormatError(f"its zip directory has a name of {len(raw):,} bytes; allowed are {MAX_NAME:,}.")
    path = name.removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in path) or "\\" in name or ":" in path[0] or not name.isprintable():
        raise FileFormatError(f"its member {name!r:.100} has no plain relative name.")
    return name


def _apply_zip64(extra: bytes, values: list[int], name: str) -> list[int]:
    """Replace those of ``values`` that are all ones, in this order, by the 64-bit values of the ZIP64 extra field."""
    zip64_field = None
    while extra:
        if len(extra) < 4 or len(extra) < 4 + int.from_bytes(extra[2:4], "little"):
            raise FileFormatError(f"its member {name!r:.100} has a damaged extra field.")
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            if zip64_field is not None:
                raise FileFormatError(f"its member {name!r:.100} has two ZIP64 fields.")
            zip64_field = extra[4 : 4 + length]
        extra = extra[4 + length :]
    replaced = [i for i, value in enumerate(values) if value == _FULL32]
    if not replaced and zip64_field == struct.pack(f"<{len(values)}Q", *values):
        return values  # Python's zipfile before 3.11.4 writes the sizes twice
    if len(zip64_field or b"") != 8 * len(replaced):
        raise FileFormatError(f"the ZIP64 field of its member {name!r:.100} does not fit its entry.")
    for index, (value,) in zip(replaced, _U64.iter_unpack(zip64_field or b""), strict=True):
        values[index] = value
    return values


def check_headers(file: BinaryIO, members: list[Member], end: int) -> dict[str, int]:
    """Check that headers and data of the members fill the file up to ``end``; return the offset of each member's data.

    Raises
    ------
    FileFormatError
        If a header contradicts the directory, and for bytes that belong to two members or to none.
    """
    ordered = sorted(members, key=lambda member: member.offset)
    bounds = [member.offset for member in ordered] + [end]
    if bounds[0]:
        raise FileFormatError(f"its first {bounds[0]:,} bytes belong to no member.")
    starts = {}
    for member, bound in zip(ordered, bounds[1:], strict=True):
        starts[member.name] = _check_header(file, member)
        rest = bound - starts[member.name] - member.packed
        if rest < 0:
            raise FileFormatError(f"its member {member.name!r:.100} overlaps what follows it.")
        if rest and not (member.flags & _DESCRIPTOR and rest <= 24):
            raise FileFormatError(f"the {rest:,} bytes behind its member {member.name!r:.100} belong to no member.")
        if member.flags & _DESCRIPTOR:
            _check_descriptor(_at(file, bound - rest, rest, "a descriptor"), member)
    return starts


def _check_header(file: BinaryIO, member: Member) -> int:
    raw = _at(file, member.offset, _LOCAL.size, "a member's header")
    magic, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(raw)
    if magic != b"PK\3\4" or name_size > MAX_NAME:
        raise FileFormatError(f"its member {member.name!r:.100} does not begin where its directory says.")
    data = _at(file, member.offset + _LOCAL.size, name_size + extra_size, "a member's header")
    size, packed = _apply_zip64(data[name_size:], [size, packed], member.name)
    header_fields = [_name(data[:name_size], flags), flags, method, crc, packed, size]
    directory_fields = [member.name, member.flags, member.method, member.crc, member.packed, member.size]
    certain = 3 if flags & _DESCRIPTOR else 6  # checksum and sizes may follow the data
    optional = zip(header_fields[certain:], directory_fields[certain:], strict=True)
    if header_fields[:certain] != directory_fields[:certain] or any(a not in (0, b) for a, b in optional):
        raise FileFormatError(f"its member {member.name!r:.100} is described differently by its directory and its own header.")
    return member.offset + _LOCAL.size + len(data)


def _check_descriptor(data: bytes, member: Member) -> None:
    numbers = (member.crc, member.packed, member.size)
    expected = (struct.pack(form, *numbers) for form in ("<3L", "<LQQ") if form == "<LQQ" or max(numbers) <= _FULL32)
    if data.removeprefix(b"PK\7\x08") not in expected:
        raise FileFormatError(f"its member {member.name!r:.100} is described differently by its directory and behind its data.")
