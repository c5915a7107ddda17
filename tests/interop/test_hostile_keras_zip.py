"""open_zip refuses ambiguous and damaged archives."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile

import pytest
from watched import refusal_message
from zip_forging import (
    GOOD,
    WEIGHTS,
    bad_deflate,
    bomb,
    central,
    commented,
    descriptor,
    duplicate_name,
    end,
    folder_with_content,
    forged_bomb,
    forged_size,
    gap,
    in_both_headers,
    local,
    located,
    members,
    mode,
    no_json,
    overlapping,
    put,
    quine,
    raw_name,
    shifted,
    trailing_deflate,
    with_extra,
    with_name,
    zip64_twice,
    zipped,
)

import numba_lstm
from numba_lstm.interop import keras  # noqa: F401 - imported before anything is watched
from numba_lstm.interop.zips import open_zip
from numba_lstm.saving import FileFormatError

HOSTILE = {
    "a bomb in the config": (lambda: bomb("config.json", 40 << 20), "at most 4,194,304 are read"),
    "a bomb in the weights": (lambda: bomb(WEIGHTS, 100 << 20), "at most 16,777,216 are read"),
    "a bomb that says it is small": (lambda: forged_bomb(), "checksum differs"),
    "sizes larger than the data": (lambda: forged_size(64), "overlaps what follows"),
    "sizes smaller than the data": (lambda: forged_size(-64), "belong to no member"),
    "two sizes of one stored member": (
        lambda: central(24, struct.pack("<L", 7), data=local(22, struct.pack("<L", 7))),
        "two sizes",
    ),
    "overlapping members": (overlapping, "not begin where|differently|overlaps"),
    "a name twice": (duplicate_name, "has the name 'config.json' twice"),
    "another name in its own header": (lambda: local(30, b"X"), "described differently"),
    "another method in its own header": (lambda: local(8, b"\x08"), "described differently"),
    "another checksum in its own header": (lambda: local(14, b"\0\0\0\0"), "described differently"),
    "another size in its own header": (lambda: local(22, b"\1"), "described differently"),
    "other flags in its own header": (lambda: local(6, b"\x02"), "described differently"),
    "a wrong checksum": (lambda: in_both_headers(14, b"\1\2\3\4", 1), "altered or damaged"),
    "encrypted": (lambda: in_both_headers(6, b"\x01"), "encrypted or patched"),
    "strongly encrypted": (lambda: in_both_headers(6, b"\x41"), "encrypted or patched"),
    "masked headers": (lambda: in_both_headers(6, b"\0\x20"), "encrypted or patched"),
    "compressed by LZMA": (lambda: in_both_headers(8, b"\x0e"), "compressed by method 14"),
    "compressed by an unknown method": (lambda: in_both_headers(8, b"\xff\xff"), "compressed by method 65535"),
    "a name that leads up": (lambda: with_name("../metadata.json"), "no plain relative name"),
    "a name that leads up inside": (lambda: with_name("a/../../b"), "no plain relative name"),
    "an absolute name": (lambda: with_name("/etc/passwd"), "no plain relative name"),
    "a name with a drive": (lambda: with_name("C:/a"), "no plain relative name"),
    "a name with a backslash": (lambda: raw_name(b"metadata\\json"), "no plain relative name"),
    "a name with a NUL": (lambda: raw_name(b"metadata\0json"), "no plain relative name"),
    "a name with a control letter": (lambda: raw_name(b"metadata\x1bjson"), "no plain relative name"),
    "a name that is no text": (lambda: raw_name(b"metadata\xffjson"), "a name that is not text"),
    "a name of two thousand letters": (lambda: with_name("a" * 2_000), "a name of 2,000 bytes"),
    "a name with an empty part": (lambda: with_name("a//b"), "no plain relative name"),
    "a symbolic link": (lambda: mode(stat.S_IFLNK | 0o777), "a link or a device"),
    "a device": (lambda: mode(stat.S_IFCHR | 0o600), "a link or a device"),
    "a pipe": (lambda: mode(stat.S_IFIFO | 0o600), "a link or a device"),
    "a folder with a content": (folder_with_content, "has a content"),
    "bytes before the first member": (lambda: b"#!/bin/sh\n" + GOOD, "begins as a text does"),
    "bytes before the first member, in the directory too": (lambda: shifted(b"PK\3\4#!"), "belong to no member"),
    "bytes between members and directory": (gap, "belong to no member"),
    "bytes behind the end": (lambda: GOOD + b"more", "does not end as a zip file does"),
    "a comment": (lambda: end(20, b"\4\0") + b"more", "does not end as a zip file does"),
    "a comment of a member": (lambda: commented(), "has a comment"),
    "several disks": (lambda: end(4, b"\1\0"), "one of several disks"),
    "fewer members here than in all": (lambda: end(8, b"\1\0"), "one of several disks"),
    "more members than there are": (lambda: end(8, b"\4\0\4\0"), "an entry is missing"),
    "fewer members than there are": (lambda: end(8, b"\2\0\2\0"), "bytes behind its last entry"),
    "too many members": (lambda: end(8, b"\xfe\xff\xfe\xff"), "members in"),
    "a directory that begins elsewhere": (lambda: end(16, b"\1\0\0\0"), "does not reach"),
    "a directory beyond the file": (lambda: end(12, b"\xfe\xff\xff\xff"), "allowed are"),
    "ZIP64 without its record": (lambda: end(8, b"\xff\xff\xff\xff"), "has none"),
    "a ZIP64 locator that points away": (lambda: located(7), "points elsewhere"),
    "a ZIP64 record that is none": (lambda: located(0), "ZIP64 end record is damaged"),
    "ZIP64 sizes that nobody asked for": (lambda: with_extra(struct.pack("<HHQ", 1, 8, 5)), "does not fit its entry"),
    "two ZIP64 fields": (zip64_twice, "two ZIP64 fields"),
    "an extra field that is cut off": (lambda: with_extra(b"\1\0\xff\xff"), "damaged extra field"),
    "sizes behind the data that are not there": (descriptor, "described differently|behind its data"),
    "a deflated member that is none": (bad_deflate, "checksum differs|no member"),
    "a deflated member that ends early": (trailing_deflate, "checksum differs"),
    "a header beyond the directory": (lambda: central(42, b"\xff\xff\xff\x7f"), "cut off|overlaps|no member"),
    "a header in another one's data": (lambda: central(42, b"\x10\0\0\0"), "belong to no member"),
    "cut in the weights": (lambda: GOOD[:20_000], "does not end as a zip file does"),
    "cut in the end record": (lambda: GOOD[:-1], "does not end as a zip file does"),
    "four bytes": (lambda: GOOD[:4], "too short"),
    "zips in a zip": (quine, "without config.json"),
    "another kind of archive": (
        lambda: zipped(lambda contents: contents.clear() or contents.update(a=b"")),
        "without config.json",
    ),
    "no weights": (lambda: zipped(lambda contents: contents.pop(WEIGHTS)), "it has no model.weights.h5"),
    "weights of NumPy": (lambda: zipped(lambda c: c.update({"model.weights.npz": c.pop(WEIGHTS)})), "another format"),
    "weights that are no HDF5": (lambda: put(WEIGHTS, b"PK\3\4"), "not an HDF5 file"),
    "a config that is not UTF-8": (no_json, "not UTF-8"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_archives_that_are_refused(tmp_path, recipe):
    make, message = HOSTILE[recipe]
    path = tmp_path / "hostile.keras"
    path.write_bytes(make())
    error = refusal_message(numba_lstm.load_model, path)
    assert any(part in error for part in message.split("|")), error


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileFormatError, match="not a regular file"):
        open_zip(tmp_path / "pipe")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_python_writes_is_read(tmp_path, method):
    path = tmp_path / "good.zip"
    path.write_bytes(zipped(method=method))
    with open_zip(path) as archive:
        assert {name: archive.read(name, 1 << 20) for name in archive.names} == members()
        with pytest.raises(FileFormatError, match=r"at most 10 are read"):
            archive.read("config.json", 10)
        with pytest.raises(FileFormatError, match="no member 'other'"):
            archive.read("other", 10)


def test_sizes_behind_the_data_and_of_64_bits_are_read(tmp_path):
    class Unseekable(io.RawIOBase):
        data = b""

        def writable(self):
            return True

        def write(self, piece):
            self.data += bytes(piece)
            return len(piece)

    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("small", b"abc" * 50)
        with archive.open("forced", "w", force_zip64=True) as member:
            member.write(b"xyz" * 70)
    (tmp_path / "good.zip").write_bytes(stream.data)
    with open_zip(tmp_path / "good.zip") as archive:
        assert [archive.read(name, 300) for name in archive.names] == [b"abc" * 50, b"xyz" * 70]


@pytest.mark.parametrize("size", [150, 151])
def test_sizes_that_a_header_says_twice_are_read_where_they_agree(tmp_path, size):
    """As zipfile of Python before 3.11.4 writes them: plainly, and in the ZIP64 field of a member's own header."""
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        info = zipfile.ZipInfo("small")
        info.extra = struct.pack("<HHQQ", 1, 16, size, 150)
        archive.writestr(info, b"abc" * 50)
        archive.filelist[0].extra = b""  # the directory's entry
    if size == 150:
        with open_zip(tmp_path / "twice.zip") as archive:
            assert archive.read("small", 300) == b"abc" * 50
    else:
        with pytest.raises(FileFormatError, match="the ZIP64 field of its member 'small' does not fit its entry"):
            open_zip(tmp_path / "twice.zip")
