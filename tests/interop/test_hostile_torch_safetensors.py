"""torch.load_model refuses safetensors files with forged headers."""

import json

import pytest
from watched import refusal_message

from numba_lstm.interop import torch


def framed(text, data=b"\0" * 8, length=None):
    raw = text.encode() if isinstance(text, str) else text
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + data


def file_of_tensor(**fields):
    """A file of one tensor of 8 bytes, but for ``fields`` of it."""
    return framed(json.dumps({"weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8], **fields}}))


def two(first, second):
    places = {"a": first, "b": second}
    return framed(json.dumps({name: {"dtype": "F32", "shape": [1], "data_offsets": place} for name, place in places.items()}))


HOSTILE = {
    "a header longer than the file": (framed("{}", length=99), "only 10 follow"),
    "a header of 2^62 bytes": (framed("{}", length=2**62), "header's length"),
    "a header that is a list": (framed("[]"), "does not begin with"),
    "a header that is not UTF-8": (framed(b"{\xff}"), "not UTF-8"),
    "a header that is cut off": (framed('{"weight":{'), "not JSON"),
    "a tensor twice": (framed('{"a":{},"a":{}}'), "'a' twice"),
    "a number of 5,000 digits": (framed('{"a":' + "9" * 5_000 + "}"), "5,000 digits"),
    "metadata of numbers": (framed('{"__metadata__":{"format":1}}'), "texts only"),
    "floats of 4 bits": (file_of_tensor(dtype="F4"), "the dtype 'F4'"),
    "floats of 8 bits": (file_of_tensor(dtype="F8_E4M3"), "the dtype 'F8_E4M3'"),
    "complex numbers": (file_of_tensor(dtype="C64"), "the dtype 'C64'"),
    "a dtype that NumPy evaluates": (file_of_tensor(dtype="2f4"), "the dtype '2f4'"),
    "a shape that wraps to 8 bytes": (file_of_tensor(shape=[4194305, 4194305, 211106198978564]), "its shape need"),
    "a negative size": (file_of_tensor(shape=[-1, -2]), "the shape must be"),
    "a size that is true": (file_of_tensor(shape=[True, 2]), "the shape must be"),
    "offsets the wrong way round": (file_of_tensor(data_offsets=[8, 0]), "data_offsets must be"),
    "offsets past the end": (file_of_tensor(shape=[1, 4], data_offsets=[0, 16]), "8 follow the header"),
    "a gap": (two([0, 4], [8, 12]), "a gap or an overlap"),
    "an overlap": (two([0, 4], [2, 6]), "a gap or an overlap"),
    "bytes left over": (two([0, 4], [4, 8]) + b"more", "12 follow the header"),
    "whole numbers": (file_of_tensor(dtype="I32"), "int32 numbers"),
    "a vector of weights": (file_of_tensor(shape=[2]), "weight has shape (2,)"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_it_is_refused(tmp_path, recipe):
    data, message = HOSTILE[recipe]
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(data)
    assert message in refusal_message(torch.linear, path)


def test_the_good_file_behind_the_forgeries_is_read(tmp_path):
    (tmp_path / "good.safetensors").write_bytes(file_of_tensor())
    assert torch.linear(tmp_path / "good.safetensors").get_weights()[0].shape == (2, 1)
