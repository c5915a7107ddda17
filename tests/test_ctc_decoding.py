"""CTC decoding, against a search over all paths, and with the arguments of Keras."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tolerances import ANCHORS, ELEMENTWISE, FOREIGN, assert_close

from numba_lstm import decoding

T, C = 5, 3
LOGITS = 2 * np.sin(1.3 * np.arange(2 * T * C) ** 1.2).reshape(2, T, C)


#: ``keras.ops.ctc_decode`` of :data:`LOGITS`, of 5 and 3 steps, in Keras 3.15 on JAX
GREEDY = [[[1, -1, -1, -1, -1], [2, 1, -1, -1, -1]]], [[-7.482545375823975], [-3.5635480880737305]]
BEAM = (
    [[[1, 2, 1, -1, -1], [2, 1, -1, -1, -1]], [[1, -1, -1, -1, -1], [1, -1, -1, -1, -1]]],
    [[-1.0318195819854736, -1.0959028005599976], [-0.7053650617599487, -1.1087441444396973]],
)


def every_labelling(logits, blank):
    """Labels of all paths with their probabilities."""
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    totals = {}
    for path in itertools.product(range(p.shape[1]), repeat=len(p)):
        line = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != blank)
        totals[line] = totals.get(line, 0.0) + np.prod(p[np.arange(len(p)), path])
    return sorted(totals.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("blank", [0, -1])
def test_beam_search_finds_the_best_labels_of_all(blank):
    labels, values = decoding.ctc_beam_decode(LOGITS, [T, 3], beam_width=200, top_paths=4, blank=blank)
    for n, length in enumerate((T, 3)):
        expected = every_labelling(LOGITS[n, :length], blank % C)[:4]
        assert [tuple(line[line >= 0]) for line in labels[n]] == [line for line, _ in expected]
        assert_close(np.exp(values[n]), [value for _, value in expected], ELEMENTWISE["float64"])


def test_a_narrow_beam_remembers_only_its_width():
    labels, values = decoding.ctc_beam_decode(LOGITS, beam_width=2, top_paths=2)
    assert labels.shape[:2] == values.shape == (2, 2)
    assert (np.diff(values, axis=1) <= 0).all()
    labels, values = decoding.ctc_beam_decode(LOGITS[:, :1], beam_width=9, top_paths=4)
    assert (values[:, 3] == -np.inf).all()  # one step has three labellings


def test_greedy_decoding_merges_equal_neighbours_and_drops_blanks():
    logits = np.eye(3)[[[0, 1, 1, 0, 1, 2, 2], [2, 2, 2, 0, 0, 1, 1]]] * 5
    labels, values = decoding.ctc_greedy_decode(logits, [7, 5])
    assert labels.tolist() == [[1, 1, 2], [2, -1, -1]]
    assert_close(values, np.array([7, 5]) * -np.log(1 + 2 * np.exp(-5)), ANCHORS)
    labels, _ = decoding.ctc_greedy_decode(logits, [7, 5], blank=-1, merge_repeated=False)
    assert labels.tolist() == [[0, 1, 1, 0, 1], [0, 0, -1, -1, -1]]


def test_decoding_with_the_arguments_of_keras():
    labels, values = decoding.ctc_decode(LOGITS, [5, 3])
    assert labels.tolist() == GREEDY[0]
    assert_close(values, GREEDY[1], FOREIGN)
    labels, values = decoding.ctc_decode(LOGITS, [5, 3], "beam_search", 50, 2)
    assert labels.tolist() == BEAM[0]
    assert_close(values, BEAM[1], FOREIGN)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: decoding.ctc_greedy_decode(LOGITS[0]), r"logits must have the shape \(batch, time, classes\), got \(5, 3\)"),
        (lambda: decoding.ctc_greedy_decode(LOGITS, [6, 1]), "input_lengths must be 2 whole numbers from 0 to 5"),
        (lambda: decoding.ctc_greedy_decode(LOGITS, blank=3), "blank must be a class from 0 to 2"),
        (
            lambda: decoding.ctc_beam_decode(LOGITS, beam_width=2, top_paths=3),
            "top_paths must be at most beam_width = 2, got 3",
        ),
        (lambda: decoding.ctc_decode(LOGITS, [5, 5], "best"), "strategy must be 'greedy' or 'beam_search', got 'best'"),
    ],
)
def test_wrong_arguments_are_sentences(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()
