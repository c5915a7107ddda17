"""Forged and damaged files of PyTorch: each is refused with a sentence, and nothing in it is imported or called."""

import io
import os
import struct
import tarfile

import numpy as np
import pytest
import torch_forging as forge
from golden import torch_modules
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_forging import dict_of, find, number, pickled, saved, storage, tensor, text, tuple_of, zipped
from watched import refused, survived

from numba_lstm.interop import torch
from numba_lstm.interop.torch import pickles, reading, records

GOOD = dict_of(weight=tensor())


def called(module, name, *arguments):
    return dict_of(weight=find(module, name) + tuple_of(*map(text, arguments)) + forge.REDUCE)


def deep(levels):
    return forge.LIST + b"\x85" * levels


def tripling(levels):
    """Dicts that each hold the one below three times: few bytes, 3^levels values."""
    program = dict_of(weight=tensor())
    for level in range(levels):
        again = b"h" + bytes([level])
        program = forge.DICT + forge.MARK + text("a") + program + b"q" + bytes([level]) + text("b") + again + text("c") + again
        program += forge.SETITEMS
    return program


def long():
    return tensor(of=storage(numel=number(6_000)), shape=(6_000,), strides=(1,))


def nested(levels):
    program = tensor()
    for _ in range(levels):
        program = dict_of(a=program)
    return program


def cyclic():
    return forge.DICT + b"q\0" + text("a") + b"h\0" + forge.SETITEM


def old_tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("storages")
        archive.addfile(entry, io.BytesIO())
    return file.getvalue()


HOSTILE = {
    # globals
    "os.system": (saved(called("os", "system", "true")), "asks for 'os.system'"),
    "posix.system": (saved(called("posix", "system", "true")), "asks for 'posix.system'"),
    "builtins.eval": (saved(called("builtins", "eval", "1")), "asks for 'builtins.eval'"),
    "builtins.getattr": (saved(called("builtins", "getattr", "a", "b")), "asks for 'builtins.getattr'"),
    "torch.load": (saved(called("torch", "load", "x.pt")), "asks for 'torch.load'"),
    "a dotted way around": (saved(called("collections", "OrderedDict.__init__", "")), "OrderedDict.__init__"),
    "a whole module": (saved(called("torch.nn.modules.rnn", "LSTM")), "Save tensors alone"),
    "numpy's scalar": (saved(called("numpy.core.multiarray", "scalar")), "asks for"),
    "a name without end": (saved(b"c" + b"a" * 300), "does not end within 255"),
    "a name that is not text": (saved(b"c\xff\xfe\n\xff\n"), "not UTF-8"),
    # opcodes
    "STACK_GLOBAL": (saved(text("os") + text("system") + b"\x93"), "STACK_GLOBAL"),
    "INST": (saved(forge.MARK + b"ios\nsystem\n"), "opcode INST"),
    "OBJ": (saved(forge.MARK + find("collections", "OrderedDict") + b"o"), "opcode OBJ"),
    "NEWOBJ": (saved(find("collections", "OrderedDict") + forge.EMPTY + b"\x81"), "opcode NEWOBJ"),
    "EXT1": (saved(b"\x82\x01"), "opcode EXT1"),
    "PERSID": (saved(b"Pkey\n"), "opcode PERSID"),
    "STRING": (saved(b"S'os'\n"), "opcode STRING"),
    "LONG4": (saved(b"\x8b\xff\xff\xff\x7f"), "opcode LONG4"),
    "BINBYTES8": (saved(b"\x8e" + b"\xff" * 8), "opcode BINBYTES8"),
    "NEXT_BUFFER": (saved(b"\x97"), "opcode NEXT_BUFFER"),
    "a byte that is no opcode": (saved(b"\xff"), "byte 0xff"),
    "protocol 4": (zipped({"data.pkl": b"\x80\x04" + GOOD + b"."}), "not protocol 2"),
    "protocol 0": (zipped({"data.pkl": GOOD + b"."}), "not protocol 2"),
    "an empty pickle": (zipped({"data.pkl": b""}), "not protocol 2"),
    # the machine
    "no STOP": (zipped({"data.pkl": forge.PROTOCOL + GOOD}), "no STOP"),
    "bytes behind STOP": (saved(GOOD + b"."), "nothing behind it"),
    "two values": (saved(GOOD + GOOD), "one value"),
    "an open mark": (saved(forge.MARK + GOOD), "one value"),
    "an empty stack": (saved(forge.REDUCE), "empty stack"),
    "values below a mark": (saved(GOOD + forge.MARK + b"\x85"), "empty stack"),
    "a mark that is not there": (saved(forge.TUPLE), "a mark that it never made"),
    "a dangling BINGET": (saved(b"h\x07"), "value 7 from its memo"),
    "a dangling LONG_BINGET": (saved(b"j\xff\xff\xff\xff"), "value 4294967295"),
    "a text past the end": (saved(b"X\xff\xff\xff\xff"), "cut off"),
    "a text that is none": (saved(b"X\x01\0\0\0\xff"), "not UTF-8"),
    "LONG1 of 255 bytes": (saved(b"\x8a\xff" + b"\x01" * 255), "whole number of 255 bytes"),
    "REDUCE of a text": (saved(text("os.system") + forge.EMPTY + forge.REDUCE), "calls a str"),
    "REDUCE of a storage's type": (
        saved(find("torch", "FloatStorage") + forge.EMPTY + forge.REDUCE),
        "calls torch.FloatStorage",
    ),
    "REDUCE with a list": (saved(find("collections", "OrderedDict") + forge.LIST + forge.REDUCE), "with a list"),
    "BUILD of __class__": (saved(GOOD + dict_of(__class__=text("os")) + forge.BUILD), "sets attributes"),
    "BUILD of a text": (saved(GOOD + text("x") + forge.BUILD), "sets attributes"),
    "BUILD on a tensor": (saved(tensor() + dict_of(_metadata=forge.DICT) + forge.BUILD), "BUILD on a Tensor"),
    "SETITEM on a tensor": (saved(tensor() + number(0) + number(1) + forge.SETITEM), "SETITEM on a Tensor"),
    "SETITEM on a list": (saved(forge.LIST + number(0) + number(1) + forge.SETITEM), "SETITEM on a list"),
    "APPEND to a dict": (saved(GOOD + forge.NONE + b"a"), "APPEND on a dict"),
    "APPENDS to a text": (saved(text("x") + forge.MARK + forge.NONE + b"e"), "APPENDS on a str"),
    "a key without a value": (saved(forge.DICT + forge.MARK + text("a") + forge.SETITEMS), "without a value"),
    "a list as a key": (saved(forge.DICT + forge.LIST + forge.NONE + forge.SETITEM), "a key of type list"),
    "a deep tuple as a key": (saved(forge.DICT + deep(90_000) + forge.NONE + forge.SETITEM), "a key of type tuple"),
    "a huge number as a key": (saved(forge.DICT + number(2**61 - 1) + forge.NONE + forge.SETITEM), "a key of type int"),
    "a key twice": (saved(forge.DICT + (text("a") + forge.NONE + forge.SETITEM) * 2), "the key 'a' twice"),
    "an OrderedDict of pairs": (saved(find("collections", "OrderedDict") + tuple_of(forge.LIST) + forge.REDUCE), "OrderedDict"),
    "a million opcodes": (saved(forge.NONE * 1_000_000), "more than 200,000 opcodes"),
    "a million lists": (saved(forge.LIST * 1_000_000), "more than 200,000 opcodes"),
    "a pickle of 5 MB": (saved(text("x" * 5_000_000)), "at most 4,194,304"),
    "90,000 levels of tuples": (saved(deep(90_000)), "no dict of tensors"),
    "a memo of tripling dicts": (saved(tripling(14)), "more than 100,000 values"),
    "30 levels of dicts": (saved(nested(30)), "deeper than 16"),
    "a dict that holds itself": (saved(cyclic()), "deeper than 16"),
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
    "a name of a megabyte": (saved(dict_of(**{"x" * 1_000_000: tensor()})), "there is no 'weight'"),
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
    "a text": (b"import os; os.system('true')\n" * 9, "header's length"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "HDF5"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_it_is_refused(tmp_path, recipe):
    data, message = HOSTILE[recipe]
    path = tmp_path / "hostile.pt"
    path.write_bytes(data)
    assert message in refused(torch.linear, path)


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
    assert "there is no 'decoder.weight'. Give prefix=''." in refused(lambda p: torch.linear(p, "decoder."), path)


@pytest.mark.parametrize("dtype", ["F4", "C64", "F8_E4M3"])
def test_an_unknown_dtype_of_safetensors(tmp_path, dtype):
    path = tmp_path / "hostile.safetensors"
    head = f'{{"weight":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,8]}}}}'.encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"\0" * 8)
    assert f"the dtype '{dtype}'" in refused(torch.linear, path)


def test_a_safetensors_file_that_claims_more_than_it_has(tmp_path):
    path = tmp_path / "hostile.safetensors"
    head = b'{"weight":{"dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,8]}}'
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"\0" * 8)
    assert "its shape need" in refused(torch.linear, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.pt")
    assert "not a regular file" in refused(torch.linear, tmp_path / "pipe.pt")


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        torch.lstm(tmp_path / "missing.pt")


@pytest.mark.parametrize("case", ["plain", "projection", "whole"])
def test_every_cut_is_refused(tmp_path, case):
    data = torch_modules.path(case).read_bytes()
    path = tmp_path / "cut.pt"
    for size in range(0, len(data), 97):
        path.write_bytes(data[:size])
        assert not survived(lambda p: reading.read(p, "", "weight_ih_l0"), path)


# -- fuzz -------------------------------------------------------------------------------------------------------------

SEEDS = [torch_modules.path(case).read_bytes() for case in ("plain", "no_bias", "whole", "both")]
FILES = st.integers(0, len(SEEDS) - 1)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8)


def mutated(data, changes):
    changed = bytearray(data)
    for place, byte in changes:
        changed[place % len(changed)] = byte
    return bytes(changed)


@settings(max_examples=1000)
@given(FILES, CHANGES)
def test_altered_files_are_read_or_refused(tmp_path_factory, file, changes):
    path = tmp_path_factory.getbasetemp() / "altered"
    path.write_bytes(mutated(SEEDS[file], changes))
    survived(torch.lstm, path)


PROGRAM = pickled(dict_of(weight=tensor(), bias=tensor(shape=(2,), strides=(1,))))


def load_pickle(data):
    return records.named(pickles.loads(data, records.CONSTRUCTORS, records.persistent))


@settings(max_examples=1000)
@given(CHANGES, st.integers(0, len(PROGRAM)), st.integers(0, len(PROGRAM)))
def test_altered_pickles_make_tensors_within_their_storages_or_nothing(changes, cut, again):
    """Behind a checksum that fits: bytes are changed, and a piece of the program is repeated."""
    program = mutated(PROGRAM, changes)
    program = program[: max(cut, again)] + program[min(cut, again) :]
    try:
        found = load_pickle(program)
    except records.FileFormatError:
        return
    for made in found.values():
        reach = made.offset + sum((size - 1) * stride for size, stride in zip(made.shape, made.strides, strict=True))
        assert reach < made.storage.numel or 0 in made.shape


@pytest.mark.slow
@settings(max_examples=500_000)
@given(CHANGES, st.integers(0, len(PROGRAM)), st.integers(0, len(PROGRAM)))
def test_half_a_million_altered_pickles(changes, cut, again):
    test_altered_pickles_make_tensors_within_their_storages_or_nothing.hypothesis.inner_test(changes, cut, again)


@pytest.mark.slow
@settings(max_examples=500_000)
@given(FILES, CHANGES)
def test_half_a_million_altered_files(tmp_path_factory, file, changes):
    test_altered_files_are_read_or_refused.hypothesis.inner_test(tmp_path_factory, file, changes)
