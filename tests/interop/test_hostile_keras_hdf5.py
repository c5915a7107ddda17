"""hdf5.read refuses links, filters, cycles, wrong numbers, and datasets that are not contiguous."""

from __future__ import annotations

import numpy as np
import pytest
from golden.keras_files import CASES
from hdf5_forging import (
    EVERYWHERE,
    GOOD,
    KERNEL,
    LEGACY,
    attribute,
    attribute_of_itself,
    changed,
    dataset,
    deep,
    goes_on,
    hard_link,
    header,
    huge,
    layout,
    member,
    near,
    new,
    node_of_itself,
    overlap,
    patched,
    replaced,
    shape_of,
    superblock,
    symbol_twice,
    virtual,
)
from watched import refusal_message

import numba_lstm
from numba_lstm.interop import hdf5, keras  # noqa: F401 - imported before anything is watched
from numba_lstm.saving import FileFormatError

h5py = pytest.importorskip("h5py", reason="forging HDF5 files needs h5py")


@pytest.fixture(scope="module")
def read():
    """A function that loads weights into a model."""
    model = CASES["plain"].make(numba_lstm)
    return lambda path: model.load_weights(path)


HOSTILE = {
    # links and references
    "an external link": (lambda: member("evil", h5py.ExternalLink("/etc/passwd", "/")), "is a link|of a newer form"),
    "a soft link": (lambda: member("evil", h5py.SoftLink("/layers/lstm")), "is a link"),
    "a soft link to itself": (lambda: member("evil", h5py.SoftLink("/layers/evil")), "is a link"),
    "a weight as a soft link": (
        lambda: replaced(lambda group, name: group.__setitem__(name, h5py.SoftLink(f"/{KERNEL}"))),
        "is a link",
    ),
    "a group in itself": (lambda: hard_link("layers/lstm/again", "layers"), "used twice"),
    "two names for one array": (lambda: hard_link("layers/lstm/vars/0", KERNEL), "used twice"),
    "external storage": (lambda: dataset(shape=(3, 12), dtype="f4", external=[("/etc/passwd", 0, 144)]), "external files"),
    "a virtual dataset": (virtual, "layout|newer form"),
    "an object reference": (lambda: dataset(shape=(3, 12), dtype=h5py.ref_dtype), "its type is references"),
    "a region reference": (lambda: dataset(shape=(3, 12), dtype=h5py.regionref_dtype), "its type is references"),
    # types
    "lists of numbers": (lambda: dataset(shape=(3, 12), dtype=h5py.vlen_dtype("f4")), "its type is lists"),
    "texts": (lambda: dataset(shape=(3, 12), dtype="S4"), "a dataset of texts"),
    "texts of any length": (lambda: dataset(shape=(3, 12), dtype=h5py.string_dtype()), "a dataset of texts"),
    "a compound": (lambda: dataset(shape=(3, 12), dtype=[("a", "f4"), ("b", "i4")]), "its type is compounds"),
    "complex numbers": (lambda: dataset(data=np.ones((3, 12), "c8")), "its type is compounds|class"),
    "an enumeration": (lambda: dataset(data=np.ones((3, 12), bool)), "its type is enumerations"),
    "opaque bytes": (lambda: dataset(data=np.ones((3, 12), "V4")), "its type is opaque bytes"),
    "arrays in arrays": (lambda: dataset(shape=(3,), dtype="(12,)f4"), "its type is arrays|has shape"),
    "half precision": (lambda: dataset(data=np.ones((3, 12), "f2")), "its type is floats of 2 bytes"),
    "big-endian numbers": (lambda: dataset(data=np.ones((3, 12), ">f4")), "its type is floats of 4 bytes"),
    "a named type": (lambda: member("type", np.dtype("f4")), "neither a group nor a dataset"),
    "whole numbers": (lambda: dataset(data=np.ones((3, 12), "i4")), "dtype int32"),
    "float64": (lambda: dataset(data=np.ones((3, 12))), "dtype float64"),
    # layouts and shapes
    "chunks": (lambda: dataset(data=np.ones((3, 12), "f4"), chunks=(1, 12)), "layout is chunked"),
    "gzip": (lambda: dataset(data=np.ones((3, 12), "f4"), compression="gzip"), "filters"),
    "a checksum filter": (lambda: dataset(data=np.ones((3, 12), "f4"), fletcher32=True), "filters"),
    "2^50 numbers under gzip": (huge, "filters"),
    "2^50 numbers that were never written": (lambda: dataset(shape=(2**50,), dtype="f4"), "beyond the end|does not take"),
    "no numbers": (lambda: dataset(shape=(0, 12), dtype="f4"), "does not take"),
    "an empty dataspace": (lambda: dataset(data=h5py.Empty("f4")), "does not take|shape|layout"),
    "a wrong rank": (lambda: dataset(data=np.ones(36, "f4")), "has shape (36,)"),
    "a wrong shape": (lambda: dataset(data=np.ones((12, 3), "f4")), "has shape (12, 3)"),
    "a scalar": (lambda: dataset(data=np.float32(1)), "has shape ()"),
    "nine axes": (lambda: dataset(data=np.ones((1,) * 9, "f4")), "its shape is damaged"),
    "a shape that wraps to what is there": (
        lambda: patched(shape_of(KERNEL), "<2Q", 2**32 + 3, 2**32 * 4),
        "larger than any file|does not take",
    ),
    "a shape of 2^40 numbers": (lambda: patched(shape_of(KERNEL), "<Q", 2**40), "does not take"),
    "an array beyond the file": (lambda: layout(0, "<Q", len(GOOD) - 8), "beyond the end"),
    "an array at 2^63": (lambda: layout(0, "<Q", 1 << 63), "beyond the end"),
    "an array nowhere": (lambda: layout(0, "<Q", EVERYWHERE), "beyond the end"),
    "an array of another size": (lambda: layout(8, "<Q", 1 << 40), "does not take"),
    "a layout of another version": (lambda: layout(-2, "<B", 9), "layout"),
    "a layout of another class": (lambda: layout(-1, "<B", 7), "layout is unknown"),
    "two arrays in one place": (overlap, "overlap"),
    # weights of another model
    "a group in place of an array": (lambda: replaced(lambda group, name: group.create_group(name)), "only in the"),
    "an array in place of a group": (
        lambda: replaced(lambda group, name: group.create_dataset(name, data=[1.0]), "layers"),
        "only in the",
    ),
    "an array missing": (lambda: replaced(lambda group, name: None), "only in the"),
    "an array more": (lambda: member("more", np.ones(3, "f4")), "only in the"),
    "nothing at all": (lambda: changed(lambda target: target.clear()), "only in the"),
    # attributes
    "an attribute that is a number": (lambda: attribute(7), "attribute 'name': its type|a text"),
    "an attribute that is a matrix": (lambda: attribute(np.array([[b"a"], [b"b"]])), "not a text or a list"),
    "an attribute that is a reference": (lambda: attribute_of_itself(), "its type is references"),
    "an attribute that is not UTF-8": (lambda: attribute(np.bytes_(b"\xff\xfe")), "not UTF-8"),
    # structure
    "another superblock": (lambda: superblock(8, "<B", 1), "another form than Keras writes"),
    "sizes of four bytes": (lambda: superblock(13, "<B", 4), "another form than Keras writes"),
    "another base": (lambda: superblock(24, "<Q", 512), "are declared"),
    "another end": (lambda: superblock(40, "<Q", len(GOOD) + 1), "are declared"),
    "a user's block before it": (lambda: new(userblock_size=512), "not|header"),
    "the newest form": (lambda: new(libver="latest"), "another form than Keras writes"),
    "bytes behind its end": (lambda: GOOD + b"more", "are declared"),
    "only the signature": (lambda: GOOD[:8], "beyond the end"),
    "a root nowhere": (lambda: superblock(64, "<Q", EVERYWHERE), "beyond the end"),
    "a root in the superblock": (lambda: superblock(64, "<Q", 0), "its header is damaged"),
    "a header of another version": (lambda: header(0, "<B", 2), "its header is damaged"),
    "a header of 65,535 messages": (lambda: header(2, "<H", 65_535), "messages are missing"),
    "a header beyond the file": (lambda: header(8, "<L", 1 << 31), "beyond the end|is longer|missing|twice"),
    "a message longer than its block": (lambda: header(18, "<H", 0xFFF8), "longer than its block|beyond"),
    "a shared message": (lambda: header(20, "<B", 2), "shared messages"),
    "a message of an unknown kind": (lambda: header(16, "<H", 0x77), "of kind 0x77"),
    "a link message": (lambda: header(16, "<H", 6), "links of a newer form"),
    "a header that goes on in itself": (goes_on, "used twice"),
    "a B-tree of itself": (node_of_itself, "used twice|damaged"),
    "a B-tree of another kind": (lambda: near(b"TREE", 4, "<B", 1), "B-tree is damaged"),
    "a B-tree of 200 levels": (lambda: near(b"TREE", 5, "<B", 200), "B-tree is damaged"),
    "a B-tree of 65,535 nodes": (lambda: near(b"TREE", 6, "<H", 65_535), "beyond|damaged|twice"),
    "a B-tree that leads away": (lambda: near(b"TREE", 32, "<Q", 1 << 50), "beyond the end"),
    "members that are none": (lambda: near(b"SNOD", 0, "<4s", b"SNOT"), "members is damaged"),
    "65,535 members": (lambda: near(b"SNOD", 6, "<H", 65_535), "beyond|twice|link|name"),
    "two members of one header": (symbol_twice, "used twice"),
    "a heap that is none": (lambda: near(b"HEAP", 0, "<4s", b"HEAT"), "heap of names is damaged"),
    "a heap beyond the file": (lambda: near(b"HEAP", 24, "<Q", 1 << 60), "beyond the end"),
    "a name without an end": (lambda: near(b"HEAP", 8, "<Q", 10), "a name that is none"),
    "a name with a slash": (lambda: GOOD.replace(b"layers\0\0", b"lay/rs\0\0"), "a name that is none"),
    "a name of dots": (lambda: GOOD.replace(b"layers\0\0", b"..\0\0\0\0\0\0"), "a name that is none"),
    "a name that is not UTF-8": (lambda: GOOD.replace(b"layers\0\0", b"\xff\xfe\0\0\0\0\0\0"), "not UTF-8"),
    "thirty groups deep": (lambda: deep(30), "nested deeper than 24 levels"),
    "texts in a heap that is none": (lambda: near(b"GCOL", 0, "<4s", b"COLD"), "a heap of texts is damaged"),
    "texts in a heap beyond the file": (lambda: near(b"GCOL", 8, "<Q", 1 << 40), "a heap of texts is damaged"),
    "a text longer than its place": (lambda: near(b"GCOL", 24, "<Q", 1), "not where it should be|damaged"),
}


@pytest.mark.parametrize("recipe", [name for name, (_, message) in HOSTILE.items() if message])
def test_files_that_are_refused(tmp_path, read, recipe):
    make, message = HOSTILE[recipe]
    path = tmp_path / "hostile.weights.h5"
    path.write_bytes(make())
    error = refusal_message(read, path)
    assert any(part in error for part in message.split("|")), error


def test_files_cut_at_every_512_bytes():
    for size in range(0, len(LEGACY), 512):
        with pytest.raises(FileFormatError):
            hdf5.read(LEGACY[:size])
