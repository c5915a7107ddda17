"""Pickles that are no dicts of tensors are refused: no opcode imports or calls anything."""

import pytest
import torch_forging as forge
from torch_forging import GOOD, dict_of, find, number, saved, tensor, text, tuple_of, zipped
from watched import refusal_message

from numba_lstm.interop import torch


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


def nested(levels):
    program = tensor()
    for _ in range(levels):
        program = dict_of(a=program)
    return program


def cyclic():
    return forge.DICT + b"q\0" + text("a") + b"h\0" + forge.SETITEM


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
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_it_is_refused(tmp_path, recipe):
    data, message = HOSTILE[recipe]
    path = tmp_path / "hostile.pt"
    path.write_bytes(data)
    assert message in refusal_message(torch.linear, path)
