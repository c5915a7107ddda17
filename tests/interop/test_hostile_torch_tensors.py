"""Tensors that do not fit their storages, and files of PyTorch without tensors, are refused."""

import io
import os
import struct
import tarfile

import numpy as np
import pytest
import torch_forging as forge
from golden import torch_modules
from torch_forging import GOOD, dict_of, find, number, pickled, saved, storage, tensor, text, tuple_of, zipped
from watched import is_accepted, refusal_message

from numba_lstm.interop import torch
from numba_lstm.interop.torch import reading


def long():
    return tensor(of=storage(numel=number(6_000)), shape=(6_000,), strides=(1,))


def old_tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("storages")
        archive.addfile(entry, io.BytesIO())
    return file.getvalue()


HOSTILE = {
    # storages
    "a persistent id of four parts": (
        saved(tuple_of(text("storage"), forge.NONE, forge.NONE, forge.NONE) + b"Q"),
        "five parts",
    ),
    "a persistent id that is text": (saved(text("storage") + b"Q"), "five parts"),
    "a persistent id of a module": (saved(storage(first=text("module"))), "five parts"),
    "a storage of a text's type": (saved(storage(kind=text("os"))), "type 'os'"),
    "a storage of OrderedDicts": (saved(storage(kind=find("collections", "OrderedDict"))), "collections.OrderedDict"),
    "a storage of complex numbers": (saved(storage(kind=find("torch", "ComplexFloatStorage"))), "torch.ComplexFloatStorage"),
    "a storage of quantized numbers": (saved(storage(kind=find("torch", "QInt8Storage"))), "torch.QInt8Storage"),
    "the key ../key": (saved(storage(key=text("../byteorder"))), "which is no number"),
    "a number as a key of a storage": (saved(storage(key=number(0))), "which is no number"),
    "an Arabic digit": (saved(storage(key=text("\u0660"))), "which is no number"),
    "a storage without a place": (saved(storage(location=forge.NONE)), "no place"),
    "a negative number of elements": (saved(storage(numel=number(-1))), "no number of elements"),
    "a float number of elements": (saved(storage(numel=b"G" + struct.pack(">d", 6.0))), "no number of elements"),
    "a missing storage": (saved(dict_of(weight=tensor(of=storage(key=text("7"))))), "no member 'model/data/7'"),
    "more elements than the record": (
        saved(dict_of(weight=tensor(of=storage(numel=number(7))))),
        "24 bytes, but should have 28",
    ),
    "fewer elements than the record": (
        saved(dict_of(weight=tensor(of=storage(numel=number(5)), shape=(5,), strides=(1,)))),
        "takes 24 bytes",
    ),
    "a storage of 2^60 elements": (saved(dict_of(weight=tensor(of=storage(numel=number(2**60))))), "but should have"),
    "one storage described in two ways": (
        saved(dict_of(weight=tensor(), bias=tensor(of=storage(kind=find("torch", "IntStorage")), shape=(2,), strides=(1,)))),
        "in two ways",
    ),
    # tensors
    "a tensor of nothing": (saved(find("torch._utils", "_rebuild_tensor_v2") + forge.EMPTY + forge.REDUCE), "other arguments"),
    "a tensor of a text": (
        saved(find("torch._utils", "_rebuild_tensor_v2") + tuple_of(*[text("x")] * 6) + forge.REDUCE),
        "other arguments",
    ),
    "a parameter of a text": (
        saved(find("torch._utils", "_rebuild_parameter") + tuple_of(*[text("x")] * 3) + forge.REDUCE),
        "a parameter of other",
    ),
    "an offset past the storage": (saved(dict_of(weight=tensor(offset=1))), "reaches to element 6"),
    "an offset of 2^62": (saved(dict_of(weight=tensor(offset=2**62))), "past its 6"),
    "a negative offset": (saved(dict_of(weight=tensor(offset=-1))), "from 0 up"),
    "a stride past the storage": (saved(dict_of(weight=tensor(strides=(4, 1)))), "reaches to element 6"),
    "a negative stride": (saved(dict_of(weight=tensor(offset=5, strides=(-3, -1)))), "from 0 up"),
    "a stride of 2^62": (saved(dict_of(weight=tensor(strides=(2**62, 1)))), "past its 6"),
    "stride 0 and 10^9 rows": (saved(dict_of(weight=tensor(shape=(10**9, 3), strides=(0, 1)))), "repeats 6 numbers"),
    "a size that wraps around": (saved(dict_of(weight=tensor(shape=(2**62, 4), strides=(0, 0)))), "repeats 6 numbers"),
    "more sizes than strides": (saved(dict_of(weight=tensor(strides=(1,)))), "as many sizes as strides"),
    "a size that is negative": (saved(dict_of(weight=tensor(shape=(-2, 3)))), "from 0 up"),
    "nine axes": (saved(dict_of(weight=tensor(shape=(1,) * 9, strides=(1,) * 9))), "9 axes"),
    "two tensors of one name": (
        saved(forge.DICT + text("a.b") + tensor() + b"s" + text("a") + dict_of(b=tensor()) + b"s"),
        "two",
    ),
    "fifty tensors on one storage": (
        saved(dict_of(weight=long(), **{f"bias{i}": long() for i in range(50)}), bytes(24_000)),
        "more bytes",
    ),
    "3,000 names": (saved(dict_of(**{f"weights{i}": tensor() for i in range(3_000)})), "there is no 'weight'"),
    "a name of a megabyte": (saved(dict_of(**{"x" * 1_000_000: tensor()})), "a key of 1,000,000 letters; up to 1,024 are read"),
    "a name of dicts that is too long": (
        saved(dict_of(**{"x" * 1_000: dict_of(**{"y" * 100: tensor()})})),
        "a name of 1,101 letters",
    ),
    "no elements of 2^62 columns": (saved(dict_of(weight=tensor(shape=(0, 2**62)))), "larger than any file"),
    "a storage's key of a megabyte": (
        saved(dict_of(weight=tensor(of=storage(key=text("0" * 1_000_000))))),
        "which is no number of up to 20 digits",
    ),
    "whole numbers": (saved(dict_of(weight=tensor(of=storage(kind=find("torch", "IntStorage"))))), "int32 numbers"),
    # the file
    "big-endian": (saved(GOOD, byteorder=b"big"), "not little-endian"),
    "TorchScript": (saved(GOOD, **{"code/__torch__.py": b"import os"}), "a TorchScript program"),
    "constants": (saved(GOOD, **{"constants.pkl": b"\x80\x02)."}), "a TorchScript program"),
    "a member outside of the root": (saved(GOOD, **{"../evil": b""}), "no plain relative name"),
    "no pickle": (zipped({"data/0": b"1234"}), "no data.pkl"),
    "a plain pickle renamed": (pickled(GOOD), "bare pickle"),
    "an old tar": (old_tar(), "a tar file"),
    "an empty file": (b"", "0 bytes"),
    "a text": (b"import os; os.system('true')\n" * 9, "begins as a text does"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "HDF5"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_it_is_refused(tmp_path, recipe):
    data, message = HOSTILE[recipe]
    path = tmp_path / "hostile.pt"
    path.write_bytes(data)
    assert message in refusal_message(torch.linear, path)


def test_the_good_file_behind_the_forgeries_is_read(tmp_path):
    path = tmp_path / "good.pt"
    path.write_bytes(saved(GOOD))
    np.testing.assert_array_equal(torch.linear(path).get_weights()[0], np.arange(6).reshape(2, 3).T)


def test_a_transposed_tensor_is_read(tmp_path):
    path = tmp_path / "good.pt"
    path.write_bytes(saved(dict_of(weight=tensor(shape=(3, 2), strides=(1, 3)))))
    np.testing.assert_array_equal(torch.linear(path).get_weights()[0], np.arange(6).reshape(2, 3))


def test_names_of_a_file_that_has_not_what_is_asked_for(tmp_path):
    path = tmp_path / "good.pt"
    path.write_bytes(saved(GOOD))
    assert "there is no 'decoder.weight'. Give prefix=''." in refusal_message(lambda p: torch.linear(p, "decoder."), path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.pt")
    assert "not a regular file" in refusal_message(torch.linear, tmp_path / "pipe.pt")


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        torch.lstm(tmp_path / "missing.pt")


@pytest.mark.parametrize("case", ["plain", "projection", "whole"])
def test_every_cut_is_refused(tmp_path, case):
    data = torch_modules.path(case).read_bytes()
    path = tmp_path / "cut.pt"
    for size in range(0, len(data), 97):
        path.write_bytes(data[:size])
        assert not is_accepted(lambda p: reading.read(p, "", "weight_ih_l0"), path)
