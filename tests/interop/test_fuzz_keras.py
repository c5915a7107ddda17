"""Keras's files with random damage: each is read, or refused in time and without doing anything else."""

from __future__ import annotations

import copy
import io
import json
import zipfile

import pytest
from golden.keras_files import CASES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watched import survived

import numba_lstm
from numba_lstm.interop import keras  # noqa: F401 - imported before anything is watched

pytestmark = pytest.mark.filterwarnings("ignore:the optimizer stays as it is")

FILES = {name: CASES[name].path.read_bytes() for name in ("indices", "plain", "small")}
with zipfile.ZipFile(io.BytesIO(FILES["indices"])) as archive:
    WEIGHTS, CONFIG = archive.read("model.weights.h5"), json.loads(archive.read("config.json"))

#: What a byte, or some of them, may become.
PIECES = st.one_of(
    st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 8, bytes(8), b"\1\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\x80"])
)
#: What a value of the configuration may become.
VALUES = st.one_of(
    st.sampled_from(
        [None, True, False, 0, -1, 2**31, 2**62, 1e308, 0.5, "", "os", "LSTM", "relu", "float64", [], {}, [None], [[]]]
    ),
    st.sampled_from(
        [{"class_name": name, "config": {}} for name in ("Dense", "Lambda", "Bidirectional", "GlorotUniform", "Adam")]
    ),
    st.text(max_size=5),
    st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=2)),
)


def places(value, path=()):
    """The paths of all values in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


PLACES = [place for place in places(CONFIG) if place]


def damages(name, size):
    """A file's name, up to four pieces to overwrite in it, and where to cut."""
    edits = st.lists(st.tuples(st.integers(0, size - 1), PIECES), min_size=1, max_size=4)
    return st.tuples(st.just(name), edits, st.none() | st.integers(0, size))


def damaged(name, changes, cut):
    raw = bytearray(FILES[name])
    for begin, piece in changes:
        raw[begin : begin + len(piece)] = piece
    return bytes(raw)[:cut]


def reconfigured(changes):
    """The good archive with values of its configuration exchanged."""
    config = copy.deepcopy(CONFIG)
    for place, value in changes:
        node = config
        try:
            for key in place[:-1]:
                node = node[key]
            node[place[-1]] = copy.deepcopy(value)
        except (LookupError, TypeError):
            continue  # another change has taken this place away
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("config.json", json.dumps(config))
        target.writestr("model.weights.h5", WEIGHTS)
    return file.getvalue()


def weights_of(model):
    return lambda path: model.load_weights(path)


#: What makes a reader, what is drawn (small, so that a failure can be shown), and the file that it says.
READERS = {
    "archive": (lambda: numba_lstm.load_model, damages("indices", len(FILES["indices"])), damaged),
    "configuration": (
        lambda: numba_lstm.load_model,
        st.tuples(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3)),
        reconfigured,
    ),
    "weights": (lambda: weights_of(CASES["plain"].make(numba_lstm)), damages("plain", len(FILES["plain"])), damaged),
    "legacy": (lambda: numba_lstm.load_model, damages("small", len(FILES["small"])), damaged),
}


def fuzz(reader, path, examples):
    make, changes, file = READERS[reader]
    read = make()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(changes)
    def run(drawn):
        path.write_bytes(file(*drawn))
        survived(read, path)

    run()


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files(tmp_path, reader):
    fuzz(reader, tmp_path / "damaged", 500)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_a_million_damaged_files(tmp_path, reader):
    fuzz(reader, tmp_path / "damaged", 250_000)
