"""The registry of formats names functions that exist and take the options that it lists."""

import inspect

import pytest

from numba_lstm.files import formats

FUNCTIONS = ("encode", "decode", "assign", "read", "write")


@pytest.mark.parametrize("field", FUNCTIONS)
@pytest.mark.parametrize("form", formats.FORMATS.values(), ids=formats.FORMATS)
def test_registered_functions_take_their_options(form, field):
    if name := getattr(form, field):
        parameters = inspect.signature(formats.load_function(name)).parameters
        expected = {
            "encode": ["model", "path"],
            "decode": ["path", "custom_objects", "compile"],
            "assign": ["model", "filepath", "skip_mismatch"],
            "read": form.read_options,
            "write": ["model", "overwrite", *form.write_options],
        }
        assert set(expected[field]) <= parameters.keys()


def test_every_format_is_read_or_assigned():
    assert all(form.read or form.assign for form in formats.FORMATS.values())


@pytest.mark.parametrize(
    ("path", "suffix"), [("m.h5", ".h5"), ("m.weights.h5", ".weights.h5"), ("a.pt/m.onnx", ".onnx"), ("m.H5", ""), ("m", "")]
)
def test_suffix_of_finds_the_longest_suffix(path, suffix):
    assert formats.suffix_of(path) == suffix
