"""Dates: from a date in one of six languages to ISO 8601, by an encoder and a decoder with attention."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..options import Options
from ..result import Result
from . import seq2seq
from .seq2seq import Alphabet

LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "ru": "Russian"}
FORMATS = ("full", "long", "medium", "d MMMM yyyy", "EEEE d MMM yyyy", "yyyy-MM-dd")
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
DAYS = (LAST - FIRST).days + 1
TEST, BATCH = 3000, 64


def run(options: Options) -> Result:
    """Train on dates, decode held-out days greedily, and count the exact ones by language."""
    assert options.limit is not None
    samples = min(options.limit, DAYS - TEST)
    texts, isos, languages = dates(np.random.default_rng(options.seed), samples + min(TEST, samples))
    source, target = Alphabet("".join(texts)), Alphabet("0123456789-")
    x, y = source.tokens(texts), target.tokens(isos, end=True)
    train, test = slice(0, samples), slice(samples, None)
    networks = seq2seq.build(len(source), len(target), units=64, embedding=32)
    steps = options.epochs * -(-samples // BATCH)
    networks.train.compile(Adam(CosineDecay(4e-3, steps), clipnorm=1.0), "sparse_categorical_crossentropy")
    before, after, _ = seq2seq.teacher_forcing(y)
    history = networks.train.fit(
        [x[train], before[train]], after[train], batch_size=BATCH, epochs=options.epochs, verbose=options.verbose
    ).history
    found = ["".join(target.symbols_of(row)) for row in networks.greedy(x[test], steps=y.shape[1])]
    exact = np.array([one == iso for one, iso in zip(found, isos[test], strict=True)])
    rows = [
        [name, str((languages[test] == code).sum()), f"{exact[languages[test] == code].mean():.2%}"]
        for code, name in LANGUAGES.items()
        if (languages[test] == code).any()
    ]
    wrong = [f"  {texts[samples + k]} -> {found[k]}" for k in np.flatnonzero(~exact)[:3]]
    return Result(
        f"ISO dates, {samples} dates to learn from, none of a day of the test",
        ("Language", "dates", "exact"),
        [*rows, ["all", str(len(exact)), f"{exact.mean():.2%}"]],
        lambda figure: draw(figure, networks, source, target, texts[samples:], found),
        networks.train,
        "\n".join(["Wrong ones:", *wrong]) if wrong else "",
        {"exact": float(exact.mean()), "history": history, "networks": networks, "x": x[test], "found": found},
    )


def dates(draw: np.random.Generator, count: int) -> tuple[list[str], list[str], Any]:
    """Return dates as texts, as ISO 8601, and their languages. No two are of the same day, so ``count`` is ``DAYS`` at most."""
    from babel.dates import format_date

    days = draw.permutation(DAYS)[:count]
    languages = draw.choice(list(LANGUAGES), count)
    formats = draw.choice(FORMATS, count)
    texts, isos = [], []
    for day, language, form in zip(days, languages, formats, strict=True):
        date = FIRST + datetime.timedelta(int(day))
        texts.append(format_date(date, str(form), locale=str(language)).lower())
        isos.append(date.isoformat())
    return texts, isos, languages


def draw(
    figure: Any, networks: seq2seq.Networks, source: Alphabet, target: Alphabet, texts: list[str], found: list[str]
) -> None:
    """Draw what the decoder attends to, for the longest text and three others."""
    order = sorted(range(len(texts)), key=lambda k: -len(texts[k]))
    for axes, k in zip(figure.subplots(2, 2).ravel(), [order[0], *sorted(order[1:])[:3]], strict=True):
        tokens = target.tokens([found[k]], end=True)[0]
        weights = networks.attention(source.tokens([texts[k]])[0], tokens)
        axes.imshow(weights, cmap="Blues", aspect="auto", vmin=0, vmax=1)
        axes.set_xticks(range(len(texts[k])), list(texts[k]))
        axes.set_yticks(range(len(tokens)), [*found[k], "end"])
        axes.set(ylabel="decoded")
    figure.suptitle("Weights of the letters of a date, for each decoded letter")
