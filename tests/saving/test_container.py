"""container.encode and container.read: values survive, the file is valid safetensors, altered bytes are refused."""

import os

import numpy as np
import pytest
import safetensors

from numba_lstm.files.errors import FileFormatError
from numba_lstm.saving import container

MODEL = {"name": "Blümchen", "rate": 0.1, "count": 2**63, "nothing": None, "deep": [[1, [2]], {}]}


def some_tensors():
    rng = np.random.default_rng(7)
    return {
        "layers/0/kernel": rng.normal(size=(3, 4)).astype("float32"),
        "layers/1/bias": rng.normal(size=5),
        "optimizer/iterations": np.array(2**40 + 1),
    }


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.nlstm"
    path.write_bytes(container.encode(MODEL, some_tensors()))
    return path


def test_what_goes_in_comes_out(file):
    model, tensors = container.read(str(file))
    assert model == MODEL
    assert tensors.keys() == some_tensors().keys()
    for name, expected in some_tensors().items():
        assert tensors[name].dtype == expected.dtype
        assert tensors[name].shape == expected.shape
        np.testing.assert_array_equal(tensors[name], expected)


@pytest.mark.parametrize("special", [np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324])
def test_every_bit_of_a_float_survives(tmp_path, special):
    path = tmp_path / "a.nlstm"
    path.write_bytes(container.encode({}, {"x": np.array([special])}))
    assert container.read(str(path))[1]["x"].tobytes() == np.array([special]).tobytes()


def test_the_safetensors_library_opens_it(file):
    with safetensors.safe_open(file, "np") as opened:
        assert opened.metadata().keys() == {"numba_lstm"}
        for name, expected in some_tensors().items():
            np.testing.assert_array_equal(opened.get_tensor(name), expected)


def test_equal_models_give_equal_bytes():
    assert len({container.encode(MODEL, some_tensors()) for _ in range(8)}) == 1


def test_byte_order_and_strides_of_the_memory_do_not_matter():
    x = np.random.default_rng(3).normal(size=(4, 6))
    expected = container.encode({}, {"x": np.ascontiguousarray(x[:, ::2])})
    assert container.encode({}, {"x": x[:, ::2]}) == expected
    assert container.encode({}, {"x": x[:, ::2].astype(">f8")}) == expected


def test_a_model_without_tensors(tmp_path):
    path = tmp_path / "a.nlstm"
    path.write_bytes(container.encode([1, "two"], {}))
    assert container.read(str(path)) == ([1, "two"], {})


def test_any_altered_byte_is_found(file):
    data = file.read_bytes()
    with open(file, "r+b", buffering=0) as opened:
        for at, original in enumerate(data):
            for altered in (original ^ 0x01, ord(" ") if original != ord(" ") else ord("\n")):
                os.pwrite(opened.fileno(), bytes([altered]), at)
                with pytest.raises(FileFormatError):
                    container.read(str(file))
            os.pwrite(opened.fileno(), bytes([original]), at)
    container.read(str(file))


def test_a_file_cut_anywhere_is_found(file):
    for length in reversed(range(file.stat().st_size)):
        os.truncate(file, length)
        with pytest.raises(FileFormatError):
            container.read(str(file))


@pytest.mark.parametrize("swapped", ["F64", "I64"])
def test_a_dtype_of_the_same_size_is_found(file, swapped):
    data = file.read_bytes()
    other = {"F64": b"I64", "I64": b"F64"}[swapped]
    file.write_bytes(data.replace(f'"{swapped}"'.encode(), b'"' + other + b'"'))
    with pytest.raises(FileFormatError, match="header was altered"):
        container.read(str(file))


@pytest.mark.parametrize(
    ("model", "tensors", "message"),
    [
        ({"rate": float("nan")}, {}, "JSON"),
        ({"rate": float("inf")}, {}, "JSON"),
        ({"function": len}, {}, "not JSON serializable"),
        ({"seed": 10**20}, {}, "21 digits"),
        ({"name": "x" * (4 << 20)}, {}, "allowed are 4,194,304"),
        ({}, {"x": np.zeros(0)}, "whole numbers from 1 up"),
        ({}, {"x": np.zeros(2, "complex128")}, "complex128"),
        ({}, {"x": np.zeros(2, "float16")}, "float16"),
        ({}, {"x": np.array([None])}, "object"),
        ({}, {"x\0": np.zeros(2)}, "no name"),
        ({}, {"x" * 256: np.zeros(2)}, "no name"),
    ],
)
def test_what_could_not_be_read_is_not_written(model, tensors, message):
    with pytest.raises(ValueError, match=message) as caught:
        container.encode(model, tensors)
    assert not isinstance(caught.value, FileFormatError)
