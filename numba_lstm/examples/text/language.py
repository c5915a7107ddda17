"""Language model: the next character of Python's documentation of keywords and types, and texts drawn from it."""

from __future__ import annotations

import lzma
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Dropout, Embedding, Input
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..classification import draw_losses
from ..options import Options
from ..result import Result

Tokens = npt.NDArray[np.int64]

WINDOW, BATCH, UNITS, DROPOUT = 128, 16, 256, 0.3
TEST, VALIDATION = 0, 6  #: last digits of the topics' numbers; other topics repeat little of the validation topics
CONTEXT = 4  #: characters before the next one, for counts: those with the fewest bits on the validation topics
TEMPERATURES = (0.4, 0.7, 1.0)
LENGTH = 240  #: of drawn texts


def run(options: Options) -> Result:
    """Train on the topics, measure bits a character on held-out ones, and draw texts by three temperatures."""
    train, validation, test, symbols = texts(options.limit)
    x, y = windows(train)
    model = build(len(symbols), options.epochs * -(-len(x) // BATCH))
    history = model.fit(
        x, y, batch_size=BATCH, epochs=options.epochs, validation_data=windows(validation), verbose=options.verbose
    ).history
    surprise = bits(model, test)
    found = {
        "LSTM": float(surprise.mean()),
        "LZMA, after the training text": _lzma(train, test),
        f"{CONTEXT} characters before (smoothed counts)": by_counts(train, test, len(symbols), CONTEXT),
        "frequency of characters": by_counts(train, test, len(symbols), 0),
    }
    drawn = sample(model, symbols, "\n\n", options.seed)
    lines = [f"Drawn with temperature {heat}:\n  {text!r}" for heat, text in zip(TEMPERATURES, drawn, strict=True)]
    return Result(
        f"Bits a character, {len(test):,} of held-out topics, {len(train):,} to learn from",
        ("Model", "bits"),
        [[name, f"{value:.3f}"] for name, value in found.items()],
        lambda figure: draw(figure, history, test, surprise, symbols),
        model,
        "\n".join(lines),
        {"bits": found, "history": history, "symbols": symbols, "test": test, "drawn": drawn},
    )


def texts(limit: int | None = None) -> tuple[Tokens, Tokens, Tokens, list[str]]:
    """Return the characters of the training, the validation and the test topics as tokens, and the characters.

    Of ten topics in alphabetic order, one is for the test and one for validation. ``limit`` is the number of characters of each
    set at most.
    """
    from pydoc_data.topics import topics

    texts = [topics[name] for name in sorted(topics)]
    symbols = sorted(set("".join(texts)))
    index = {symbol: k for k, symbol in enumerate(symbols)}

    def tokens(part: list[str]) -> Tokens:
        return np.array([index[symbol] for symbol in "".join(part)[:limit]])

    train = [text for k, text in enumerate(texts) if k % 10 not in (TEST, VALIDATION)]
    return tokens(train), tokens(texts[VALIDATION::10]), tokens(texts[TEST::10]), symbols


def windows(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """Return windows (N, 128) of characters, and the next character of each."""
    count = (len(tokens) - 1) // WINDOW
    cut = tokens[: count * WINDOW + 1]
    return cut[:-1].reshape(count, WINDOW), cut[1:].reshape(count, WINDOW)


def build(symbols: int, steps: int) -> Sequential:
    """Return a compiled model of all steps of a window."""
    model = Sequential(
        [
            Input((None,)),
            Embedding(symbols, 64),
            LSTM(UNITS, return_sequences=True),
            Dropout(DROPOUT),
            Dense(symbols, activation="softmax"),
        ],
        name="language",
    )
    model.compile(Adam(CosineDecay(4e-3, max(steps, 1)), clipnorm=1.0), "sparse_categorical_crossentropy")
    return model


def bits(model: Sequential, tokens: Tokens) -> npt.NDArray[np.float64]:
    """Return the bits of each character but the first, by a stream over the whole text."""
    probabilities = model.stream().run(tokens[:-1])
    return np.asarray(-np.log2(probabilities[np.arange(len(tokens) - 1), tokens[1:]].astype(np.float64)))


def sample(model: Sequential, symbols: list[str], start: str, seed: int) -> list[str]:
    """Return a text for each temperature, drawn character by character. One stream computes them all."""
    stream = model.stream(len(TEMPERATURES))
    generator = np.random.default_rng(seed)
    heat = np.array(TEMPERATURES)[:, None]
    for symbol in start:
        probabilities = stream.step(np.full(len(heat), symbols.index(symbol)))
    tokens = []
    for _ in range(LENGTH):
        weights = np.exp(np.log(probabilities.astype(np.float64) + 1e-30) / heat).cumsum(axis=1)
        points = generator.random((len(heat), 1)) * weights[:, -1:]
        tokens.append((weights <= points).sum(axis=1))
        probabilities = stream.step(tokens[-1])
    return ["".join(symbols[token] for token in row) for row in np.transpose(tokens)]


def _lzma(train: Tokens, test: Tokens) -> float:
    """Return the bits a character that the test text adds to the training text as LZMA compresses it."""
    texts = train, np.append(train, test)
    first, joined = (len(lzma.compress(bytes(text.astype(np.uint8)), preset=9)) for text in texts)
    return 8 * (joined - first) / len(test)


def by_counts(train: Tokens, test: Tokens, symbols: int, order: int) -> float:
    """Return the bits a character of counts after ``order`` characters, mixed with those after fewer (Witten and Bell 1991)."""
    probability = np.full(len(test), 1 / symbols)
    for size in range(order + 1):
        contexts, test_contexts = (_contexts(text, symbols, size) for text in (train, test))
        pairs, counts = np.unique(contexts * symbols + train, return_counts=True)
        total = _look_up(*np.unique(contexts, return_counts=True), test_contexts)
        kinds = _look_up(*np.unique(pairs // symbols, return_counts=True), test_contexts)
        count = _look_up(pairs, counts, test_contexts * symbols + test)
        mixed = (count + kinds * probability) / np.maximum(total + kinds, 1)
        probability = np.where(total > 0, mixed, probability)
    return float(-np.log2(probability).mean())


def _look_up(keys: Tokens, counts: Tokens, wanted: Tokens) -> Tokens:
    """Return the counts of the wanted keys, 0 for a key that is not there. The keys are sorted."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, counts[places], 0)


def _contexts(text: Tokens, symbols: int, size: int) -> Tokens:
    """Return a number for the ``size`` characters before each one. The first ones have those at the end before them."""
    numbers = np.zeros_like(text)
    for k in range(1, size + 1):
        numbers = numbers * symbols + np.roll(text, k)
    return numbers


def draw(figure: Any, history: dict[str, list[float]], test: Tokens, surprise: Any, symbols: list[str]) -> None:
    """Draw the bits of the characters of a line, and the learning curve in bits."""
    above, below = figure.subplots(2, 1)
    start = len(test) // 2
    shown = slice(start, min(start + 90, len(surprise)))
    letters = [symbols[token].replace("\n", "¶").replace(" ", "·") for token in test[1:][shown]]
    above.bar(range(len(letters)), surprise[shown], color="C0")
    above.set_xticks(range(len(letters)), letters, fontsize=8, family="monospace")
    above.set(ylabel="bits", title="Bits of each character of a held-out text", xlim=(-1, len(letters)))
    draw_losses(below, {name: [value / math.log(2) for value in values] for name, values in history.items()})
    below.set(ylabel="bits a character", yscale="linear")
