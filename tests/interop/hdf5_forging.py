"""Changes to good HDF5 files, by h5py and byte by byte."""

from __future__ import annotations

import io
import struct

import pytest
from golden.keras_files import CASES

h5py = pytest.importorskip("h5py", reason="forging HDF5 files needs h5py")

GOOD, LEGACY = CASES["plain"].path.read_bytes(), CASES["small"].path.read_bytes()
KERNEL = "layers/lstm/cell/vars/0"
EVERYWHERE = (1 << 64) - 1


def changed(change, data=GOOD):
    """The good file after ``change`` of it by h5py."""
    file = io.BytesIO(data)
    with h5py.File(file, "r+") as target:
        change(target)
    return file.getvalue()


def replaced(make, path=KERNEL):
    """The good file with another thing at ``path``, which ``make`` puts into a group under a name."""

    def change(target):
        group, _, name = path.rpartition("/")
        del target[path]
        make(target[group or "/"], name)

    return changed(change)


def dataset(**options):
    return replaced(lambda group, name: group.create_dataset(name, **options))


def member(name, value):
    def change(target):
        target["layers"][name] = value

    return changed(change)


def hard_link(path, to):
    def change(target):
        target[path] = target[to]

    return changed(change)


def virtual():
    layout = h5py.VirtualLayout((3, 12), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3, 12))
    return replaced(lambda group, name: group.create_virtual_dataset(name, layout))


def attribute(value, path="layers/lstm/vars", name="name"):
    def change(target):
        target[path].attrs[name] = value

    return changed(change)


def attribute_of_itself():
    """An attribute that refers to its own group."""
    return changed(lambda target: target["layers"].attrs.__setitem__("name", target["layers"].ref))


def deep(levels):
    return changed(lambda target: target.create_group("layers/" + "/".join("g" * levels)))


def new(**options):
    """The same weights, written in another form of the format."""
    file = io.BytesIO()
    with h5py.File(io.BytesIO(GOOD)) as source, h5py.File(file, "w", **options) as target:
        for name in source:
            source.copy(name, target)
    return file.getvalue()


def huge():
    return dataset(shape=(2**50,), dtype="f4", chunks=(1024,), compression="gzip", fillvalue=1.0)


def place(signature, nth=0, data=GOOD):
    position = -1
    for _ in range(nth + 1):
        position = data.index(signature, position + 1)
    return position


def patched(offset, form, *values, data=GOOD):
    raw = bytearray(data)
    struct.pack_into(form, raw, offset, *values)
    return bytes(raw)


def superblock(offset, form, *values):
    return patched(offset, form, *values)


def near(signature, offset, form, *values, nth=0, data=GOOD):
    return patched(place(signature, nth, data) + offset, form, *values, data=data)


ROOT = struct.unpack_from("<Q", GOOD, 64)[0]


def header(offset, form, *values):
    """Numbers of the root group's header."""
    return patched(ROOT + offset, form, *values)


def goes_on():
    """The root's header goes on in a block that goes on in itself."""
    block = struct.pack("<HHB3xQQ", 0x10, 16, 0, len(GOOD), 24)
    raw = patched(ROOT + 16, "<HHB3xQQ", 0x10, 16, 0, len(GOOD), 24, data=GOOD + block)
    return patched(40, "<Q", len(raw), data=patched(ROOT + 2, "<H", 9, data=raw))


def node_of_itself():
    """A B-tree's only child is the B-tree."""
    at = place(b"TREE")
    return patched(at + 32, "<Q", at, data=patched(at + 5, "<B", 1))


def symbol_twice():
    """Both entries of a group lead to the same header."""
    at = next(p for p in positions(b"SNOD") if struct.unpack_from("<H", GOOD, p + 6)[0] > 1)
    return patched(at + 8 + 40 + 8, "<Q", *struct.unpack_from("<Q", GOOD, at + 16))


def positions(signature, data=GOOD):
    position = data.find(signature)
    while position >= 0:
        yield position
        position = data.find(signature, position + 1)


def layout_of(array):
    """Where the message stands that says where ``array`` lies."""
    with h5py.File(io.BytesIO(GOOD)) as file:
        where = file[array].id.get_offset()
    return GOOD.index(struct.pack("<Q", where)), where


def layout(offset, form, *values):
    return patched(layout_of(KERNEL)[0] + offset, form, *values)


def overlap():
    """Two arrays in one place."""
    at, _ = layout_of("layers/lstm/cell/vars/0")
    _, other = layout_of("layers/lstm/cell/vars/1")
    return patched(at, "<Q", other)


def shape_of(array):
    """Where the message stands that says the array's shape, (3, 12)."""
    return GOOD.index(struct.pack("<2Q", 3, 12))


def text(value, data):
    return data.replace(b"name\0\0\0\0", value)
