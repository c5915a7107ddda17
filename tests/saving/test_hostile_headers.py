"""load_model refuses forged and damaged containers before it uses anything in them."""

import json
import os

import numpy as np
import pytest

from numba_lstm.saving import container, header


def framed(text, data=b"", length=None):
    """A safetensors file of a header's text and what follows it; ``length`` is what it claims of the header."""
    raw = text.encode() if isinstance(text, str) else text
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + data


def tensors(*entries, data=b"\0" * 8):
    """A file whose header holds tensors ``(name, fields)``, written so that a name may come twice."""
    return framed("{" + ",".join(f"{json.dumps(name)}:{json.dumps(fields)}" for name, fields in entries) + "}", data)


def one(**changes):
    """A file with one good tensor of 8 bytes, but for ``changes`` of its fields."""
    fields = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}
    return tensors(("x", {key: value for key, value in fields.items() if value is not ...}))


def raw_one(dtype='"F32"', shape="[2]", offsets="[0,8]"):
    return framed(f'{{"x":{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}}}}}', b"\0" * 8)


def part(begin, end):
    return {"dtype": "F32", "shape": [(end - begin) // 4], "data_offsets": [begin, end]}


def document(change=None, metadata=None):
    """A good file, but for what ``change`` does to the document, ``metadata`` to the metadata; the digest stays the old one."""
    data = container.encode({}, {"x": np.arange(2, dtype="float32")})
    end = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:end])
    if change is not None:
        inner = json.loads(head["__metadata__"]["numba_lstm"])
        inner = change(inner) or inner
        head["__metadata__"]["numba_lstm"] = inner if isinstance(inner, str) else json.dumps(inner)
    head["__metadata__"] = head["__metadata__"] if metadata is None else metadata
    return framed(json.dumps(head), data[end:])


def changed(**values):
    return document(lambda inner: inner.update(values))


HOSTILE = {
    # the frame
    "empty": (b"", "0 bytes"),
    "seven bytes": (b"\1" * 7, "7 bytes"),
    "no header": (framed("{}", length=0), "does not begin with"),
    "length 2^63": (framed("{}", length=2**63), "header's length of 9,223,372"),
    "length 2^64-1": (framed("{}", length=2**64 - 1), "header's length of 18,446,744"),
    "length past the end": (framed("{}", length=3), "only 2 follow"),
    "length into the data": (document()[:8] + document()[8:-8] + b" " * 8, "digest differs"),
    "zip": (b"PK\3\4" + b"\0" * 99, "does not end as a zip file does"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "HDF5"),
    "pickle": (b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x02os\x8c\x06system\x93.", "a bare pickle"),
    "text": (b"import os; os.system('true')\n" * 9, "begins as a text does"),
    "json without a frame": (b'{"format": 1, "model": {}}', "begins as a text does"),
    # the header's text
    "not utf-8": (framed(b'{"\xff":1}'), "not UTF-8"),
    "byte order mark": (framed("\ufeff{}"), "does not begin with"),
    "leading space": (framed(" {}"), "does not begin with"),
    "list": (framed("[]"), "does not begin with"),
    "cut": (framed('{"x":{"dtype":'), "not JSON"),
    "two values": (framed("{}{}"), "not JSON"),
    "trailing NUL": (framed("{}\0"), "not JSON"),
    "comment": (framed("{}//"), "not JSON"),
    "200,000 brackets": (framed('{"x":' + "[" * 200_000), "more than 100,000"),
    "90,000 brackets": (framed('{"x":' + "[" * 90_000), "deeper than 64"),
    "100 levels": (framed('{"x":' + "[" * 100 + "]" * 100 + "}"), "deeper than 64"),
    "40,000 objects": (framed('{"x":' * 40_000), "deeper than 64"),
    "a million lists": (framed('{"x":[' + "[]," * 1_000_000 + "[]]}"), "more than 100,000"),
    "a million numbers": (framed('{"x":[' + "1.5," * 1_000_000 + "1]}"), "more than 100,000"),
    "30,000 texts": (framed('{"x":[' + '"ab",' * 30_000 + "1]}"), "exactly dtype, shape"),
    "40,000 lists": (framed('{"x":[' + "[]," * 40_000 + "1]}"), "exactly dtype, shape"),
    "6,000 tensors on one range": (tensors(*((str(i), part(0, 8)) for i in range(6_000))), "a gap or an overlap"),
    "five thousand digits": (raw_one(shape="[" + "9" * 5000 + "]"), "5,000 digits"),
    "21 digits": (raw_one(shape="[" + "9" * 21 + "]"), "21 digits"),
    "NaN": (raw_one(shape="[NaN]"), "NaN"),
    "Infinity": (raw_one(shape="[-Infinity]"), "-Infinity"),
    "1e999": (raw_one(shape="[1e999]"), "too large"),
    "a tensor twice": (tensors(("x", part(0, 4)), ("x", part(4, 8))), "key 'x' twice"),
    "a dtype twice": (raw_one(dtype='"F32","dtype":"F32"'), "key 'dtype' twice"),
    "metadata twice": (framed('{"__metadata__":{},"__metadata__":{}}'), "'__metadata__' twice"),
    "half a character": (framed('{"\\ud800":{}}'), "half a character"),
    # names
    "NUL in a name": (tensors(("a\0b", part(0, 8))), "no name"),
    "new line in a name": (tensors(("a\nb", part(0, 8))), "no name"),
    "right-to-left mark in a name": (tensors(("a\u202eb", part(0, 8))), "no name"),
    "no name": (tensors(("", part(0, 8))), "no name"),
    "a name of 3 MB": (tensors(("x" * 3_000_000, part(0, 8))), "no name"),
    # entries
    "metadata as a tensor": (tensors(("__metadata__", part(0, 8))), "texts only"),
    "metadata as a list": (tensors(("__metadata__", ["x"])), "texts only"),
    "metadata with a number": (tensors(("__metadata__", {"numba_lstm": 1})), "texts only"),
    "null for a tensor": (tensors(("x", None)), "exactly dtype, shape"),
    "a list for a tensor": (tensors(("x", ["F32", [2], [0, 8]])), "exactly dtype, shape"),
    "no dtype": (one(dtype=...), "exactly dtype, shape"),
    "no offsets": (one(data_offsets=...), "exactly dtype, shape"),
    "one field more": (one(strides=[0]), "exactly dtype, shape"),
    "dtype F16": (one(dtype="F16", shape=[4]), "the dtype 'F16'"),
    "dtype BOOL": (one(dtype="BOOL", shape=[8]), "the dtype 'BOOL'"),
    "dtype object": (one(dtype="O", shape=[1]), "the dtype 'O'"),
    "dtype 1": (one(dtype=1), "the dtype '1'"),
    "dtype list": (one(dtype=["F32"]), "the dtype"),
    "shape text": (one(shape="2"), "the shape must be"),
    "shape object": (one(shape={"0": 2}), "the shape must be"),
    "shape float": (one(shape=[2.0]), "the shape must be"),
    "shape bool": (one(shape=[True, 2]), "the shape must be"),
    "shape negative": (one(shape=[-1, -2]), "the shape must be"),
    "shape 0": (one(shape=[0, 2**62], data_offsets=[0, 0]), "the shape must be"),
    "shape of nine axes": (one(shape=[1] * 8 + [2]), "the shape must be"),
    "shape of 2^50": (one(shape=[2**50]), "need 4,503,599"),
    "shape past 64 bits": (one(shape=[2, 2**64 - 2]), "need 147,573"),
    "shape that wraps to 4 bytes": (one(shape=[4194305, 4194305, 211106198978564]), "its shape need"),
    "too few bytes": (one(shape=[3]), "takes 8 bytes, but F32 and its shape need 12"),
    "offsets reversed": (one(data_offsets=[8, 0]), "data_offsets must be"),
    "offsets negative": (one(data_offsets=[-8, 0]), "data_offsets must be"),
    "offsets float": (one(data_offsets=[0, 8.0]), "data_offsets must be"),
    "offsets bool": (one(data_offsets=[False, 8]), "data_offsets must be"),
    "one offset": (one(data_offsets=[8]), "data_offsets must be"),
    "three offsets": (one(data_offsets=[0, 4, 8]), "data_offsets must be"),
    "offsets past the end": (one(data_offsets=[2**60, 2**60 + 8]), "a gap or an overlap"),
    "a gap": (tensors(("x", part(0, 4)), ("y", part(8, 12)), data=b"\0" * 12), "a gap or an overlap"),
    "a gap before": (tensors(("x", part(4, 8))), "a gap or an overlap"),
    "an overlap": (tensors(("x", part(0, 8)), ("y", part(4, 12)), data=b"\0" * 12), "a gap or an overlap"),
    "one range twice": (tensors(("x", part(0, 8)), ("y", part(0, 8))), "a gap or an overlap"),
    "bytes left over": (tensors(("x", part(0, 4))), "8 follow the header"),
    "bytes missing": (tensors(("x", part(0, 12))), "8 follow the header"),
    "bytes and no tensor": (framed("{}", b"\0"), "1 follow the header"),
    # the document
    "nothing": (framed("{}"), "without the metadata"),
    "another program's": (document(metadata={"format": "pt"}), "without the metadata"),
    "metadata beside ours": (document(metadata={"numba_lstm": "{}", "format": "pt"}), "without the metadata"),
    "document no JSON": (document(lambda inner: "model"), "not JSON"),
    "document NaN": (document(lambda inner: '{"format":NaN}'), "NaN"),
    "document twice": (document(lambda inner: '{"format":1,"format":2}'), "'format' twice"),
    "document deep": (document(lambda inner: '{"model":' + "[" * 90_000), "deeper than 64"),
    "document list": (document(lambda inner: [1]), "which format"),
    "document null": (document(lambda inner: "null"), "which format"),
    "no format": (document(lambda inner: inner.pop("format") and None), "which format"),
    "format text": (changed(format="1"), "which format"),
    "format bool": (changed(format=True), "which format"),
    "format float": (changed(format=1.0), "which format"),
    "format 0": (changed(format=0), "which format"),
    "format negative": (changed(format=-1), "which format"),
    "format 2": (changed(format=2), "format 2, and this release reads format 1. Upgrade"),
    "format 2^63": (changed(format=2**63), "Upgrade"),
    "one key more": (changed(pickle="gASVC"), "exactly format, header"),
    "no model": (document(lambda inner: inner.pop("model") and None), "header"),
    "header's digest a number": (changed(header=1), "header was altered"),
    "header's digest empty": (changed(header=""), "header was altered"),
    "header's digest another": (changed(header="ab" * 32), "header was altered"),
    "another tensor's digest": (changed(tensors={"x": "ab" * 32}), "header was altered"),
    "another model": (changed(model={"class_name": "Sequential"}), "header was altered"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_it_is_refused(tmp_path, refusal_message, recipe):
    data, message = HOSTILE[recipe]
    path = tmp_path / "hostile.nlstm"
    path.write_bytes(data)
    assert message in refusal_message(path)


def signed(**changes):
    """A file whose document was changed before its header's digest was made."""

    def dumps(document, **options):
        return json_dumps({**document, **changes}, **options)

    json_dumps = json.dumps
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(container.json, "dumps", dumps)
        patch.setattr(container, "_parse_document", lambda raw, size: None)
        return container.encode({}, {"x": np.arange(2, dtype="float32")})


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (["x"], "one digest for each"),
        ({}, "one digest for each"),
        ({"x": "ab" * 32, "y": "ab" * 32}, "one digest for each"),
        ({"x": "ab" * 32}, "tensor 'x' was altered"),
        ({"x": None}, "tensor 'x' was altered"),
        ({"x": 7}, "tensor 'x' was altered"),
    ],
)
def test_digests_that_do_not_fit_the_tensors(tmp_path, refusal_message, tensors, message):
    path = tmp_path / "hostile.nlstm"
    path.write_bytes(signed(tensors=tensors))
    assert message in refusal_message(path)


def test_a_header_of_101_megabytes(tmp_path, refusal_message):
    path = tmp_path / "hostile.nlstm"
    with open(path, "wb") as file:
        file.write((101_000_000).to_bytes(8, "little") + b"{}")
        file.truncate(8 + 101_000_000)
    assert "header's length of 101,000,000" in refusal_message(path)


def test_the_largest_header_of_spaces(tmp_path, refusal_message):
    path = tmp_path / "hostile.nlstm"
    path.write_bytes(framed("{}" + " " * (header.MAX_BYTES - 2)))
    assert "without the metadata" in refusal_message(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path, refusal_message):
    os.mkfifo(tmp_path / "pipe.nlstm")
    assert "not a regular file" in refusal_message(tmp_path / "pipe.nlstm")


def test_a_folder_is_no_file(tmp_path, refusal_message):
    assert "not a regular file" in refusal_message(tmp_path)
