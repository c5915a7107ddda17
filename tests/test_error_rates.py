"""Edit distances, and error rates of decoded sequences with several references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numba_lstm.decoding import edit_distance, error_rates

WORDS = st.text("ab", max_size=6)


@pytest.mark.parametrize(
    ("found", "expected", "edits"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("", "", 0), ([1, 2, 3], [1, 3], 1), ("ab", "ba", 2)],
)
def test_known_distances(found, expected, edits):
    assert edit_distance(found, expected) == edits


@given(WORDS, WORDS, WORDS)
def test_distance_is_a_metric(one, two, three):
    assert (edit_distance(one, two) == 0) == (one == two)
    assert edit_distance(one, two) == edit_distance(two, one)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)


def test_the_nearest_reference_counts():
    rates = error_rates(["abc", "xyv"], [["klm", "abc"], ["xyvw", "kk"]])
    assert rates.sequences == 0.5
    assert rates.labels == 1 / (3 + 4)


@pytest.mark.parametrize(
    ("found", "references", "sentence"),
    [(["a"], [], "got 1 and 0"), ([], [], "got 0 and 0"), (["a"], [[]], r"references\[0\] is empty")],
)
def test_missing_references_are_an_error(found, references, sentence):
    with pytest.raises(ValueError, match=sentence):
        error_rates(found, references)


@pytest.mark.parametrize("reference", ["ab", [1, 2], np.array([1, 2])])
def test_a_reference_without_a_list_around_it_is_an_error(reference):
    with pytest.raises(TypeError, match=r"references\[1\] must be a list of right sequences, got one, .*\. Put it in a"):
        error_rates([reference, reference], [[reference], reference])


def test_rates_of_arrays_are_numbers_of_python():
    rates = error_rates([np.array([1, 2])], [[np.array([1, 3])]])
    assert rates == (1.0, 0.5)
    assert [type(rate) for rate in rates] == [float, float]
