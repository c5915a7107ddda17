"""load_model refuses files with valid bytes whose document is no model."""

import contextlib
import copy

import pytest
from forging import OS, put
from hypothesis import given, settings
from hypothesis import strategies as st

from numba_lstm.saving import FileFormatError, container, load_model

DENSE = {"class_name": "Dense", "config": {"units": 1}}


def stacked(count, levels=1):
    """An RNN of ``count`` cells, the last of which is a stack of so many again, and so on."""
    made = cell = {"class_name": "LSTMCell", "config": {"units": 1}}
    for _ in range(levels):
        made = {"class_name": "StackedRNNCells", "config": {"cells": [cell] * (count - 1) + [made]}}
    return {"class_name": "RNN", "config": {"cell": made}}


OUTLINES = {
    "null": (put((), None), "an object with exactly"),
    "text": (put((), "Sequential"), "an object with exactly"),
    "list": (put((), [1]), "an object with exactly"),
    "empty": (put((), {}), "an object with exactly"),
    "no random": (put(("random",), ...), "an object with exactly"),
    "one key more": (put(("module",), "os"), "an object with exactly"),
    "another class": (put(("class_name",), "Functional"), "is a 'Functional'"),
    "a function": (put(("class_name",), "os.system"), "is a 'os.system'"),
    "class a number": (put(("class_name",), 7), "is a 7"),
    "class of 65,536 letters": (put(("class_name",), "x" * 65_536), "is a 'xxx"),
    "config null": (put(("config",), None), "config must have exactly"),
    "config list": (put(("config",), []), "config must have exactly"),
    "config without layers": (put(("config", "layers"), ...), "config must have exactly"),
    "config with more": (put(("config", "custom_objects"), OS), "config must have exactly"),
    "compile null": (put(("compile",), None), "compile be an object"),
    "compile list": (put(("compile",), []), "compile be an object"),
    "name a number": (put(("config", "name"), 7), "name"),
    "name empty": (put(("config", "name"), ""), "name"),
    "name null": (put(("config", "name"), None), "config.name is None"),
    "name a path": (put(("config", "name"), "../a"), "name"),
    "trainable a text": (put(("config", "trainable"), "yes"), "trainable must be True or False, got 'yes'"),
    "trainable a number": (put(("config", "trainable"), 1), "trainable must be True or False, got 1"),
    "dtype float16": (put(("config", "dtype"), "float16"), "dtype must be"),
    "dtype object": (put(("config", "dtype"), "object"), "dtype must be"),
    "dtype null": (put(("config", "dtype"), None), "config.dtype is None"),
    "dtype float64": (put(("config", "dtype"), "float64"), "dtype float32"),
    "dtype an alias": (put(("config", "dtype"), "f4"), "config.dtype is 'f4'"),
    "layers null": (put(("config", "layers"), None), "list of at most 256"),
    "layers a text": (put(("config", "layers"), "Dense"), "list of at most 256"),
    "layers an object": (put(("config", "layers"), {"0": DENSE}), "list of at most 256"),
    "no layers": (put(("config", "layers"), []), "only in the"),
    "257 layers": (put(("config", "layers"), [DENSE] * 257), "list of at most 256"),
    "3,000 layers": (put(("config", "layers"), [DENSE] * 3_000), "list of at most 256"),
    "300 cells in a layer": (put(("config", "layers"), [stacked(300)]), "those inside of others counted"),
    "ten levels of 30 cells": (put(("config", "layers"), [stacked(30, 10)]), "those inside of others counted"),
}


def test_the_parts_make_a_good_file(write_changed):
    assert load_model(write_changed(lambda model, tensors: None)).built


@pytest.mark.parametrize("recipe", OUTLINES)
def test_a_document_of_another_outline(write_changed, refusal_message, recipe):
    change, message = OUTLINES[recipe]
    assert message in refusal_message(write_changed(change))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


def places(value, path=()):
    """The paths of all values inside a JSON value."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


@settings(max_examples=60)
@given(draw=st.data())
def test_any_value_in_place_of_any_other_makes_a_model_or_is_refused(document_and_tensors, file, draw):
    outer, tensors = {"model": copy.deepcopy(document_and_tensors[0])}, document_and_tensors[1]
    where = draw.draw(st.sampled_from(list(places(document_and_tensors[0]))))
    put(where, draw.draw(JSON))(outer, tensors)
    file.write_bytes(container.encode(outer["model"], tensors))
    with contextlib.suppress(FileFormatError):
        load_model(file)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file for all examples of a test."""
    return tmp_path_factory.mktemp("fuzz") / "hostile.nlstm"
