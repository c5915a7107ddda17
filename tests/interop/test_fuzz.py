"""Every reader accepts or refuses randomly damaged files in time, and does nothing else."""

from __future__ import annotations

from random import Random

import pytest
from fuzzed_readers import READERS
from hypothesis import given, settings
from hypothesis import strategies as st
from watched import is_accepted

pytestmark = [
    pytest.mark.usefixtures("on_reference"),
    pytest.mark.filterwarnings("ignore:the optimizer stays as it is"),
    pytest.mark.filterwarnings("ignore:Embedding's input_length has no effect"),  # in a config whose version is damaged
]

BATCH, BATCHES, MILLION = 100, 10, 1_000_000


def check(name, path, seeds):
    """Read a file for each seed of its damage."""
    reader = READERS[name]
    for seed in seeds:
        path.write_bytes(reader.make(Random(seed)))
        try:
            is_accepted(reader.read, path)
        except BaseException as error:
            error.add_note(f"{name}: the seed of the damage is {seed}")
            raise


@pytest.mark.parametrize("name", READERS)
def test_a_thousand_damaged_files(tmp_path, name):
    @settings(max_examples=BATCHES, database=None)
    @given(st.integers(0, 2**48))
    def run(first):
        check(name, tmp_path / "damaged", range(first, first + BATCH))

    run()


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_million_damaged_files(tmp_path, name):
    check(name, tmp_path / "damaged", range(MILLION))
