"""Translation: short messages of a program from English to German, French and Spanish, letter by letter."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from numba_lstm import decoding
from numba_lstm.decoding import chrf
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..options import Options
from ..result import Result
from . import seq2seq
from .seq2seq import Alphabet

LANGUAGES = {"de": "German", "fr": "French", "es": "Spanish"}
LONGEST, BATCH = 40, 16  #: letters of a message and of its translation; pairs of a batch
TEST = 10  #: of so many messages one is for the test


class Pair(NamedTuple):
    """A message and its translation."""

    language: str
    english: str
    translated: str

    @property
    def source(self) -> list[str]:
        """What the encoder reads: the language to write, and the letters of the message."""
        return [f"<{self.language}>", *self.english]

    @property
    def target(self) -> list[str]:
        """What the decoder writes: the language, which it then remembers, and the letters of the translation."""
        return [f"<{self.language}>", *self.translated]


def run(options: Options) -> Result:
    """Train on messages, translate held-out ones by a beam search, and compare with the nearest message of the training."""
    train, test = split(load(), options.limit)
    source, target = (
        Alphabet([s for pair in train + test for s in pair.source]),
        Alphabet([s for pair in train for s in pair.target]),
    )
    x, y = source.tokens([pair.source for pair in train]), target.tokens([pair.target for pair in train], end=True)
    networks = seq2seq.build(len(source), len(target), units=64, embedding=32, dropout=0.4)
    networks.train.compile(
        Adam(CosineDecay(3e-3, options.epochs * -(-len(x) // BATCH)), clipnorm=1.0), "sparse_categorical_crossentropy"
    )
    before, after, weights = seq2seq.teacher_forcing(y)
    history = networks.train.fit(
        [x, before], after, sample_weight=weights, batch_size=BATCH, epochs=options.epochs, verbose=options.verbose
    ).history
    tokens = networks.beam_search(source.tokens([pair.source for pair in test]), steps=LONGEST + 2, width=4)
    written = ["".join(target.symbols_of(row)[1:]) for row in tokens]
    answers = {
        "network": written,
        "nearest message": [nearest(pair, train).translated for pair in test],
        "English": [pair.english for pair in test],
    }
    scores = {name: by_language(test, texts) for name, texts in answers.items()}
    return Result(
        f"chrF of {len(test)} messages, {len(train)} pairs to learn from",
        ("Language", "messages", *answers, "exact, network"),
        rows(test, scores, written),
        lambda figure: draw(figure, networks, source, target, test, written),
        networks.train,
        "\n".join(f"  {p.english!r} -> {text!r} ({p.translated!r})" for p, text in list(zip(test, written, strict=True))[::10]),
        {"scores": scores, "history": history, "test": test, "train": train, "written": written},
    )


def load() -> list[Pair]:
    """Return the short messages in Django's catalogues with one translation, without an import of Django."""
    found = importlib.util.find_spec("django")
    assert found is not None
    assert found.origin is not None
    pairs: dict[tuple[str, str], Pair] = {}
    for language in LANGUAGES:
        for path in sorted(Path(found.origin).parent.rglob(f"locale/{language}/LC_MESSAGES/*.po")):
            for english, translated in read_po(path.read_text(encoding="utf-8")):
                if max(len(english), len(translated)) <= LONGEST and "\n" not in english + translated:
                    pairs.setdefault((language, english), Pair(language, english, translated))
    return list(pairs.values())


def read_po(text: str) -> list[tuple[str, str]]:
    """Return messages and translations of a catalogue of gettext, without plural forms and those that are marked as fuzzy."""
    found = []
    for block in re.split(r"\n\s*\n", text):
        if re.search(r"^#,.*\bfuzzy\b|^msgid_plural", block, re.MULTILINE):
            continue
        fields = {
            name: "".join(map(ast.literal_eval, re.findall(r'"(?:[^"\\]|\\.)*"', strings)))
            for name, strings in re.findall(r'^(msgid|msgstr)((?:\s*"(?:[^"\\\n]|\\.)*"\s*?$)+)', block, re.MULTILINE)
        }
        if fields.get("msgid") and fields.get("msgstr"):
            found.append((fields["msgid"], fields["msgstr"]))
    return found


def split(pairs: list[Pair], limit: int | None) -> tuple[list[Pair], list[Pair]]:
    """Return pairs to learn from, ``limit`` at most, and those of each tenth message, of which no language is learned from."""
    messages = sorted({pair.english.strip(" .:").lower() for pair in pairs})
    held = set(messages[TEST // 2 :: TEST])
    train: list[Pair] = []
    test: list[Pair] = []
    for pair in pairs:
        (test if pair.english.strip(" .:").lower() in held else train).append(pair)
    if limit is None or limit >= len(train):
        return train, test
    some = np.linspace(0, len(train) - 1, limit).astype(int)
    return [train[k] for k in some], test[:: max(len(test) // max(limit // TEST, 3), 1)]


def nearest(pair: Pair, train: list[Pair]) -> Pair:
    """Return the pair of the same language whose message has the least edit distance: what a translation memory finds."""
    same = [other for other in train if other.language == pair.language] or train
    return min(same, key=lambda other: decoding.edit_distance(pair.english, other.english))


def by_language(test: list[Pair], texts: list[str]) -> dict[str, float]:
    """Return chrF of the texts of each language, and of all."""
    scores = {"all": chrf(texts, [pair.translated for pair in test])}
    for language in LANGUAGES:
        chosen = [k for k, pair in enumerate(test) if pair.language == language]
        if chosen:
            scores[language] = chrf([texts[k] for k in chosen], [test[k].translated for k in chosen])
    return scores


def rows(test: list[Pair], scores: dict[str, dict[str, float]], written: list[str]) -> list[list[str]]:
    """Return the rows of the table."""
    found = []
    for language, name in [*LANGUAGES.items(), ("all", "all")]:
        right = [
            pair.translated == text for pair, text in zip(test, written, strict=True) if language in ("all", pair.language)
        ]
        if right:
            values = [f"{one[language]:.1f}" for one in scores.values()]
            found.append([name, str(len(right)), *values, f"{np.mean(right):.1%}"])
    return found


def draw(
    figure: Any, networks: seq2seq.Networks, source: Alphabet, target: Alphabet, test: list[Pair], written: list[str]
) -> None:
    """Draw what the decoder attends to, in the best translation of each language, and one more."""
    quality = [chrf([text], [pair.translated]) + len(text) for pair, text in zip(test, written, strict=True)]
    order = sorted((k for k in range(len(test)) if 8 <= len(written[k]) <= 20), key=lambda k: -quality[k]) or [0]
    firsts = [next((k for k in order if test[k].language == language), order[0]) for language in LANGUAGES]
    for axes, k in zip(figure.subplots(2, 2).ravel(), [*firsts, order[-1]], strict=True):
        letters, text = test[k].source, written[k]
        symbols = [letters[0], *text]
        weights = networks.attention(source.tokens([letters])[0], target.tokens([symbols], end=True)[0])
        axes.imshow(weights, cmap="Blues", aspect="auto", vmin=0, vmax=1)
        axes.set_xticks(range(len(letters)), [s.strip("<>") for s in letters], fontsize=7)
        axes.set_yticks(range(len(symbols) + 1), [*(s.strip("<>") for s in symbols), "end"], fontsize=7)
        axes.set_title(text, fontsize=8)
    figure.suptitle("Weights of the letters of a message, for each letter that is written")
