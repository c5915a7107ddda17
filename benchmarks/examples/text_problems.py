"""Problems of the examples with text and speech."""

from __future__ import annotations

import numpy as np

from numba_lstm import Model, Sequential, pad_sequences
from numba_lstm.examples.classification import load_aeon
from numba_lstm.examples.speech import pronunciation, speakers
from numba_lstm.examples.text import dates, language, seq2seq, translation
from numba_lstm.examples.text.seq2seq import PAD, Alphabet, Tokens
from numba_lstm.layers import Masking
from numba_lstm.losses import CTC
from numba_lstm.losses.ctc import ctc_loss
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from .problem import Array, Problem, batches, bits, wrong


def speakers_problem(epochs: int = 40) -> Problem:
    """JapaneseVowels: a bidirectional LSTM as in the example, on recordings that are padded with zeros and masked."""
    problem = load_aeon("JapaneseVowels")
    x, x_test = (
        np.ascontiguousarray(pad_sequences(some.sequences, maxlen=29, dtype="float32", padding="post"))
        for some in (problem.train, problem.test)
    )

    def build() -> Sequential:
        model = speakers.build(problem, epochs)
        masked = Sequential([model.inputs[0], Masking(), *model.layers], name="speakers")
        masked.compile(model.optimizer, model.loss)
        return masked

    return Problem(
        "speakers",
        "wrong, %",
        "classes",
        [x],
        problem.train.labels,
        [x_test],
        problem.test.labels,
        build,
        wrong,
        5e-3,
        epochs,
        speakers.BATCH,
    )


def language_problem(epochs: int = 6, characters: int = 20000) -> Problem:
    """Characters of a documentation: the model of the example, on a part of the text and on windows of held-out topics."""
    train, _, test, symbols = language.texts(characters)
    (x, y), (x_test, y_test) = language.windows(train), language.windows(test)
    return Problem(
        "language",
        "bits a character",
        "classes",
        [x],
        y,
        [x_test],
        y_test,
        lambda: language.build(len(symbols), epochs * batches(len(x), language.BATCH)),
        bits,
        4e-3,
        epochs,
        language.BATCH,
        1.0,
    )


def _attention(
    name: str,
    source: Tokens,
    target: Tokens,
    train: int,
    sizes: tuple[int, int],
    recipe: tuple[float, int, int],
    **options: int,
) -> Problem:
    """Return the problem of an encoder and a decoder with attention: the first ``train`` rows to learn from, others to test."""
    rate, epochs, batch = recipe
    before, after, weights = seq2seq.teacher_forcing(target)

    def build() -> Model:
        model = seq2seq.build(*sizes, **options).train
        model.compile(Adam(CosineDecay(rate, epochs * batches(train, batch)), clipnorm=1.0), "sparse_categorical_crossentropy")
        return model

    return Problem(
        name,
        "bits a token",
        "classes",
        [source[:train], before[:train]],
        after[:train],
        [source[train:], before[train:]],
        after[train:],
        build,
        lambda outputs, truth: bits(outputs, truth, truth != PAD),
        rate,
        epochs,
        batch,
        1.0,
        weights=weights[:train],
    )


def dates_problem(epochs: int = 2, samples: int = 4000) -> Problem:
    """Dates in six languages to ISO 8601, as in the example, a tenth of them."""
    texts, isos, _ = dates.dates(np.random.default_rng(0), samples + 1000)
    source, target = Alphabet("".join(texts)), Alphabet("0123456789-")
    sizes, recipe = (len(source), len(target)), (4e-3, epochs, dates.BATCH)
    tokens = source.tokens(texts), target.tokens(isos, end=True)
    return _attention("dates", *tokens, samples, sizes, recipe, units=64, embedding=32)


def translation_problem(epochs: int = 3, pairs: int = 800) -> Problem:
    """Messages of Django, as in the example, a half of them."""
    train, test = translation.split(translation.load(), None)
    chosen = train[:: len(train) // pairs][:pairs] + test
    source, target = (Alphabet([symbol for one in some for symbol in one]) for some in _sides(chosen))
    sizes, recipe = (len(source), len(target)), (3e-3, epochs, translation.BATCH)
    inputs = source.tokens([pair.source for pair in chosen])
    outputs = target.tokens([pair.target for pair in chosen], end=True)
    return _attention("translation", inputs, outputs, pairs, sizes, recipe, units=64, embedding=32, dropout=0.4)


def _sides(pairs: list[translation.Pair]) -> tuple[list[list[str]], list[list[str]]]:
    return [pair.source for pair in pairs], [pair.target for pair in pairs]


def pronunciation_problem(epochs: int = 3, words: int = 200) -> Problem:
    """Pronunciations by CTC: the network of the example, on few words."""
    train, test = pronunciation.load(words)
    letters, phonemes = train.letters + test.letters, train.phonemes + test.phonemes
    source = Alphabet("".join(letters))
    target = Alphabet(phoneme for word in phonemes for one in word for phoneme in one)
    x = np.repeat(source.tokens(letters), pronunciation.REPEATS, axis=1)
    y = np.maximum(target.tokens([word[0] for word in phonemes]) - 2, 0)
    batch, rate = 32, 2e-3

    def build() -> Sequential:
        model = pronunciation.build_ctc(len(source), len(target))
        model.compile(Adam(CosineDecay(rate, epochs * batches(words, batch)), clipnorm=1.0), CTC(zero_infinity=True))
        return model

    def nats(logits: Array, truth: tuple[Array, Array]) -> float:
        labels, lengths = truth
        counts = (labels != 0).sum(axis=1)
        return float(ctc_loss(labels, logits, counts, lengths, zero_infinity=True).sum() / counts.sum())

    return Problem(
        "pronunciation",
        "nats a phoneme",
        "ctc",
        [x[:words]],
        y[:words],
        [x[words:]],
        (y[words:], (x[words:] != PAD).sum(axis=1)),
        build,
        nats,
        rate,
        epochs,
        batch,
        1.0,
    )
