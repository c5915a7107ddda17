"""Examples with text, shortened."""

from __future__ import annotations

from pydoc_data.topics import topics

import numpy as np
import pytest
from example_runs import assert_drawn, needs, short_run

from numba_lstm.examples.options import Options
from numba_lstm.examples.text import language, seq2seq, translation
from numba_lstm.examples.text.seq2seq import Alphabet


def test_an_alphabet_returns_what_it_has_made_tokens_of():
    alphabet = Alphabet("cab")
    tokens = alphabet.tokens(["abba", "c"], end=True)
    np.testing.assert_array_equal(tokens, [[3, 4, 4, 3, 2], [5, 2, 0, 0, 0]])
    assert [alphabet.symbols_of(row) for row in tokens] == [list("abba"), ["c"]]


def test_padding_of_a_source_changes_nothing():
    networks = seq2seq.build(6, 6, units=4, embedding=3)
    source = np.array([[3, 4, 5]])
    padded = np.pad(source, ((0, 0), (0, 2)))
    np.testing.assert_array_equal(networks.greedy(source, 5), networks.greedy(padded, 5))
    target = np.array([3, 4, 2])
    weights = networks.attention(padded[0], target)
    np.testing.assert_allclose(weights[:, :3], networks.attention(source[0], target), atol=1e-6)
    assert not weights[:, 3:].any()


def test_the_step_computes_what_training_does():
    networks = seq2seq.build(6, 7, units=4, embedding=3)
    source, before = np.array([[3, 4, 5, 0]]), np.array([[1, 4, 6]])
    expected = networks.train.predict([source, before], verbose=0)[0]
    h, c, memory = networks.encoder.predict(source, verbose=0)
    for token, row in zip(before[0], expected, strict=True):
        y, h, c, _ = networks.step.predict([np.array([[token]]), h, c, memory], verbose=0)
        np.testing.assert_allclose(y[0, 0], row, atol=1e-6)


@needs("dates")
def test_dates_are_learned():
    result = short_run("dates", "--limit", "300", "--epochs", "2")
    assert_drawn(result)
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]
    networks, x = result.figures["networks"], result.figures["x"]
    assert networks.greedy(x[:5], 4).shape == (5, 4)


@needs("dates")
def test_no_day_occurs_twice():
    from numba_lstm.examples.text.dates import DAYS, dates

    assert len(set(dates(np.random.default_rng(1), DAYS)[1])) == DAYS
    texts, isos, _ = dates(np.random.default_rng(1), 500)
    assert len(set(isos)) == 500
    assert all(text == iso for text, iso in zip(texts, isos, strict=True) if text[4:5] == "-")


def test_each_topic_is_in_one_set():
    *sets, symbols = language.texts()
    assert sum(map(len, sets)) == sum(map(len, topics.values()))
    train, validation, test = ("".join(symbols[token] for token in tokens) for tokens in sets)
    for k, name in enumerate(sorted(topics)):
        assert topics[name] in {language.TEST: test, language.VALIDATION: validation}.get(k % 10, train)


def test_a_language_is_learned():
    result = short_run("language", "--limit", "2100", "--epochs", "3")
    assert_drawn(result)
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]
    assert all(np.isfinite(list(result.figures["bits"].values())))
    model, test = result.model, result.figures["test"][:200]
    p = model.predict(test[None, :-1], verbose=0)[0]
    expected = -np.log2(p[np.arange(len(p)), test[1:]].astype(np.float64))
    np.testing.assert_array_equal(language.bits(model, test), expected)  # the stream computes the bits of predict


def test_drawn_texts_depend_on_the_seed_alone():
    result = short_run("language", "--limit", "2100", "--epochs", "3")
    model, symbols = result.model, result.figures["symbols"]
    one, again, other = (language.sample(model, symbols, "a", seed) for seed in (1, 1, 2))
    assert one == again != other
    assert set(map(len, one)) == {language.LENGTH}


def test_counts_without_context_are_the_entropy():
    text = np.tile(np.repeat([0, 1], [3, 1]), 50)
    expected = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert abs(language.by_counts(text, text, 2, 0) - expected) < 0.01
    assert language.by_counts(text, text, 2, 3) < 0.2  # three characters before say which one is next


def test_counts_after_a_character_are_mixed_with_those_of_all():
    train, test = np.array([0, 0, 1, 0]), np.array([1, 0, 0])
    one, two = (3 + 2 / 2) / (4 + 2), (1 + 2 / 2) / (4 + 2)  # of 0 and 1, after none
    after = {(0, 0): (2 + 2 * one) / 5, (0, 1): (1 + 2 * two) / 5, (1, 0): (1 + one) / 2}  # 0 follows the last one, 0
    expected = np.log2([after[0, 1], after[1, 0], after[0, 0]])
    assert language.by_counts(train, test, 2, 1) == pytest.approx(-expected.mean())


CATALOGUE = """
msgid ""
msgstr "Language: de\\n"

# a comment
#: views.py:3
msgid "Log out"
msgstr "Abmelden"

#, fuzzy
msgid "Log in"
msgstr "Anmelden?"

#, python-format
msgid ""
"Delete \\"%s\\" "
"now"
msgstr ""
"„%s“ jetzt "
"löschen"

msgid "%d day"
msgid_plural "%d days"
msgstr[0] "%d Tag"
msgstr[1] "%d Tage"

msgid "Untranslated"
msgstr ""
"""


def test_messages_of_a_catalogue_are_read_without_fuzzy_and_plural_ones():
    assert translation.read_po(CATALOGUE) == [("Log out", "Abmelden"), ('Delete "%s" now', "„%s“ jetzt löschen")]


def test_translations_are_learned(monkeypatch):
    german = {"log in": "anmelden", "log out": "abmelden", "log": "melden", "in": "an", "out": "ab", "all": "alle"}
    pairs = [translation.Pair("de", f"{one} {k}", f"{other} {k}") for one, other in german.items() for k in range(4)]
    monkeypatch.setattr(translation, "load", lambda: pairs)
    result = translation.run(Options(limit=None, epochs=3, verbose=0, seed=0))
    assert_drawn(result)
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]
    train, test = result.figures["train"], result.figures["test"]
    assert not {pair.english for pair in train} & {pair.english for pair in test}
    assert result.figures["scores"]["nearest message"]["all"] > 50


@needs("translation")
def test_messages_of_the_package_are_in_one_set():
    pairs = translation.load()
    train, test = translation.split(pairs, None)
    assert len(train) + len(test) == len(pairs) > 1000
    assert not {pair.english for pair in train} & {pair.english for pair in test}
    assert {pair.language for pair in test} == set(translation.LANGUAGES)
