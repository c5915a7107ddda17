"""External tensors are read only on request, below the model's folder, not through links or past a file's end."""

import os
import re

import numpy as np
import pytest
from onnx_forging import GOOD_BYTES, D, H, changed_model, external

from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.graph import reader

pytestmark = pytest.mark.usefixtures("on_reference")

DATA = np.ones((1, 4 * H, D), "f4").tobytes()


def load_all(path):
    return onnx.load(path, external_data=True)


@pytest.fixture
def folder(tmp_path):
    """A model's folder with weights in it and weights outside of it."""
    inside = tmp_path / "model"
    (inside / "sub").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(DATA)
    (inside / "weights.bin").write_bytes(b"head" + DATA)
    (inside / "sub" / "weights.bin").write_bytes(DATA)
    (inside / "link.bin").symlink_to(tmp_path / "secret.bin")
    (inside / "up").symlink_to(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(inside / "pipe")
    return inside


OUTSIDE = {
    "the folder above": ([("location", "../secret.bin")], "no plain name"),
    "a way down and up": ([("location", "sub/../../secret.bin")], "no plain name"),
    "an absolute path": ([("location", "/etc/passwd")], "no plain name"),
    "a backslash": ([("location", "..\\secret.bin")], "no plain name"),
    "a drive": ([("location", "C:secret.bin")], "no plain name"),
    "a NUL": ([("location", "weights.bin\0")], "no plain name"),
    "a link": ([("location", "link.bin")], "without following links"),
    "a link to a folder": ([("location", "up/secret.bin")], "without following links"),
    "a folder": ([("location", "sub")], "not a regular file"),
    "a pipe": ([("location", "pipe")], "not a regular file"),
    "nothing there": ([("location", "missing.bin")], "cannot be opened"),
    "no location": ([("offset", "0")], "by location, offset and length"),
    "an unknown key": ([("location", "weights.bin"), ("command", "true")], "by location, offset and length"),
    "a key twice": ([("location", "weights.bin"), ("location", "sub/weights.bin")], "each once"),
    "offset -1": ([("location", "weights.bin"), ("offset", "-1")], "'-1', no whole number"),
    "offset past the end": ([("location", "weights.bin"), ("offset", "8")], "reaches past the 100 bytes"),
    "offset 2^62": ([("location", "weights.bin"), ("offset", str(2**62))], "no whole number"),
    "an Arabic offset": ([("location", "weights.bin"), ("offset", "\u0660")], "no whole number"),
    "length -1": ([("location", "weights.bin"), ("length", "-1")], "'-1', no whole number"),
    "length 2^50": ([("location", "weights.bin"), ("length", str(2**50))], "but its dims need 96"),
}


@pytest.mark.parametrize("recipe", OUTSIDE)
def test_data_outside_are_refused(folder, recipe):
    entries, message = OUTSIDE[recipe]
    path = folder / "m.onnx"
    path.write_bytes(external(*entries))
    with pytest.raises(reader.FileFormatError, match=re.escape(message)):
        load_all(path)


@pytest.mark.parametrize(
    "entries", [[("location", "weights.bin"), ("offset", "4")], [("location", "sub/weights.bin"), ("length", "96")]]
)
def test_data_beside_the_model_are_read_if_asked_for(folder, entries):
    path = folder / "m.onnx"
    path.write_bytes(external(*entries))
    expected = reader.loads(GOOD_BYTES)(np.ones((2, 4, D), "f4"))
    np.testing.assert_array_equal(load_all(path)(np.ones((2, 4, D), "f4")), expected)


def test_tensors_that_share_the_bytes_of_a_file_are_refused(folder):
    def change(model, graph, first, second):
        shared = {
            "dims": [1, 4 * H, D],
            "data_type": 1,
            "data_location": 1,
            "external_data": [{"key": "location", "value": "sub/weights.bin"}],
        }
        graph["initializer"] += [{"name": f"w{index}", **shared} for index in range(2)]

    (folder / "m.onnx").write_bytes(changed_model(change))
    with pytest.raises(reader.FileFormatError, match="share the bytes"):
        load_all(folder / "m.onnx")
