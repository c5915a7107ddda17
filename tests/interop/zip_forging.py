"""Changes to the bytes of a good ``.keras`` archive."""

from __future__ import annotations

import io
import struct
import zipfile

from golden.keras_files import CASES

GOOD = CASES["indices"].path.read_bytes()
WEIGHTS = "model.weights.h5"
END = struct.Struct("<4s4H2LH")


def members():
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(change=None, method=zipfile.ZIP_STORED, entry=None):
    """A zip file of the good members after ``change`` of their dict; ``entry`` changes each ZipInfo."""
    contents = members()
    if change is not None:
        change(contents)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in contents.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if entry is not None:
                entry(info)
            archive.writestr(info, data)
    return file.getvalue()


def put(name, data):
    return zipped(lambda contents: contents.update({name: data}))


def patched(find, offset, value, nth=0, data=None):
    """The file with ``value`` at ``offset`` behind the nth ``find``."""
    raw = bytearray(zipped() if data is None else data)
    place = -1
    for _ in range(nth + 1):
        place = raw.index(find, place + 1)
    raw[place + offset : place + offset + len(value)] = value
    return bytes(raw)


def local(offset, value, nth=0, data=None):
    return patched(b"PK\3\4", offset, value, nth, data)


def central(offset, value, nth=0, data=None):
    return patched(b"PK\1\2", offset, value, nth, data)


def end(offset, value, data=None):
    return patched(b"PK\5\6", offset, value, data=data)


def in_both_headers(offset, value, nth=0):
    """A field in the local header and, two bytes later, in the directory."""
    return central(offset + 2, value, nth, local(offset, value, nth))


def with_name(name):
    """The first member under another name, without a checksum of its own to fool."""

    def change(contents):
        data = contents.pop("metadata.json")
        contents[name] = data

    return zipped(change)


def raw_name(raw):
    """``metadata.json`` under 13 other bytes."""
    return zipped().replace(b"metadata.json", raw)


def duplicate_name():
    """Two members called config.json."""
    raw = with_name("confih.json")
    return raw.replace(b"confih.json", b"config.json")


def inserted(where, data):
    """Bytes put in at ``where``, with the directory's place moved."""
    raw = zipped()
    values = list(END.unpack(raw[-END.size :]))
    values[6] += len(data)
    return raw[:where] + data + raw[where : -END.size] + END.pack(*values)


def gap():
    """Bytes between the last member and the directory."""
    raw = zipped()
    return inserted(END.unpack(raw[-END.size :])[6], b"hidden")


def overlapping():
    """The second entry of the directory points at the first one's header."""
    return central(42, struct.pack("<L", 0), nth=1)


def forged_size(by):
    """The weights' sizes in both headers, changed by ``by``: data reach into what follows, or end early."""
    raw = zipped()
    size = struct.pack("<L", len(members()[WEIGHTS]) + by)
    return central(20, size + size, 2, local(18, size + size, 2, raw))


def quine(levels=6):
    data = b"x" * 100
    for _ in range(levels):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip", data)
        data = file.getvalue()
    return data


def zip64_twice():
    def entry(info):
        if info.filename == "config.json":
            info.extra = struct.pack("<HHQ", 1, 8, 5) * 2

    return zipped(entry=entry)


def with_extra(extra):
    def entry(info):
        info.extra = extra

    return zipped(entry=entry)


def descriptor():
    """The flag that sizes follow the data, where nothing follows."""
    return in_both_headers(6, struct.pack("<H", 8))


def bad_deflate():
    raw = zipped(method=zipfile.ZIP_DEFLATED)
    return local(30 + len("config.json"), b"\xff\xff\xff", 1, raw)


def trailing_deflate():
    """A deflated stream that ends before its member does."""
    raw = zipped(lambda contents: contents.update({"config.json": b"{}" * 500}), zipfile.ZIP_DEFLATED)
    place = raw.index(b"config.json") + len("config.json")
    return raw[:place] + b"\x03\x00" + raw[place + 2 :]


def mode(bits):
    def entry(info):
        info.create_system = 3
        info.external_attr = bits << 16

    return zipped(entry=entry)


def folder_with_content():
    raw = put("assets1", b"data")
    return raw.replace(b"assets1", b"assets/")


def bomb(name, size):
    def change(contents):
        contents[name] = b"\0" * size

    return zipped(change, zipfile.ZIP_DEFLATED)


def no_json():
    return put("config.json", b"\xff\xfe{}")


def forged_bomb():
    """64 MiB of zeros in the config, whose headers say 1,000 bytes."""
    raw = bomb("config.json", 64 << 20)
    small = struct.pack("<L", 1_000)
    return central(24, small, 1, local(22, small, 1, raw))


def shifted(prefix):
    """The whole file moved behind ``prefix``, with all its places moved too."""
    raw = bytearray(prefix + zipped())
    values = list(END.unpack(raw[-END.size :]))
    values[6] += len(prefix)
    raw[-END.size :] = END.pack(*values)
    place = values[6]
    while (place := raw.find(b"PK\1\2", place)) >= 0:
        offset = struct.unpack_from("<L", raw, place + 42)[0] + len(prefix)
        struct.pack_into("<L", raw, place + 42, offset)
        place += 1
    return bytes(raw)


def commented():
    def entry(info):
        info.comment = b"hello"

    return zipped(entry=entry)


def located(off):
    """A ZIP64 locator before the end record, which points ``off`` bytes beside the record that should be before it."""
    raw = zipped()
    record = b"PK\6\7" + bytes(52)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(raw) - END.size + off, 1)
    return raw[: -END.size] + record + locator + raw[-END.size :]
