"""chrF, with scores of sacreBLEU 2.6.0 (``CHRF(char_order=order, beta=beta).corpus_score``)."""

from __future__ import annotations

import pytest

from numba_lstm.decoding import chrf


@pytest.mark.parametrize(
    ("texts", "references", "order", "beta", "score"),
    [
        (["Das alte Passwort war falsch."], ["Das alte Passwort war nicht richtig."], 6, 2, 58.86493285586756),
        (
            ["ab", "Geben Sie eine gültige Zeit ein"],
            [["abc", "ab c"], ["Bitte eine gültige Uhrzeit eingeben."]],
            6,
            2,
            51.13990420929336,
        ),
        (["", "abc"], ["abc", "xyz"], 6, 2, 0.0),
        (["Réinitialiser le mot", "Tout"], ["Réinitialiser le mot de passe", "Tous"], 4, 1, 79.81946305325529),
        (["a b c", "x"], [["abc"], ["y z"]], 6, 2, 78.30820770519263),
    ],
)
def test_scores_are_those_of_sacrebleu(texts, references, order, beta, score):
    assert chrf(texts, references, order=order, beta=beta) == pytest.approx(score, abs=1e-9)


def test_the_best_reference_counts():
    assert chrf(["abc"], [["xyz", "abc", "ab"]]) == 100


@pytest.mark.parametrize(
    ("texts", "references", "values", "sentence"),
    [
        (["a"], [], {}, "got 1 and 0"),
        ([], [], {}, "got 0 and 0"),
        (["a"], [[]], {}, r"references\[0\] is empty"),
        (["a"], ["a"], {"beta": 0}, "beta must be positive, got 0"),
        (["a"], ["a"], {"order": 0}, "order"),
    ],
)
def test_what_has_no_score_is_an_error(texts, references, values, sentence):
    with pytest.raises(ValueError, match=sentence):
        chrf(texts, references, **values)
