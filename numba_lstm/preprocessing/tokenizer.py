"""Tokenizer: numbers for the words of texts, by their frequency."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .words import FILTERS, check_texts, text_to_word_sequence

_MODES = ("binary", "count", "freq", "tfidf")


class Tokenizer:
    """Numbers for the words of texts, 1 for the most frequent word, as ``keras.preprocessing.text.Tokenizer`` of Keras 2.

    :meth:`fit_on_texts` counts words and numbers them; :meth:`texts_to_sequences` returns lists of these numbers, which
    :func:`~numba_lstm.utils.pad_sequences` makes an array of. Number 0 belongs to no word, so that padding may have it.

    Parameters
    ----------
    num_words : int, optional
        Numbers of ``num_words`` and more are left out of sequences: the ``num_words - 1`` most frequent words remain.
    filters : str
        Characters that separate words.
    lower : bool
        Whether words become lower case.
    split : str
        Separator of words.
    char_level : bool
        Whether each character is a word.
    oov_token : str, optional
        Word for all words without a number; it has number 1. Default: they are left out.
    analyzer : function, optional
        Returns the words of a text instead of ``filters``, ``lower`` and ``split``.
    **kwargs
        ``document_count``, the number of texts so far, and ``nb_words``, an older name of ``num_words``.

    Attributes
    ----------
    word_index, index_word : dict
        Word to number, and number to word. All words have numbers, also those beyond ``num_words``.
    word_counts : OrderedDict
        How often each word occurred, in the order of first occurrences.
    word_docs, index_docs : dict
        In how many texts each word, and each number, occurred.
    document_count : int
        Number of texts.

    Examples
    --------
    >>> tokenizer = Tokenizer(oov_token="?")
    >>> tokenizer.fit_on_texts(["the cat, the dog"])
    >>> tokenizer.texts_to_sequences(["The dog and the cat"])
    [[2, 4, 1, 2, 3]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        num_words = kwargs.pop("nb_words", num_words)
        self.document_count = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer has no argument {next(iter(kwargs))!r}.")
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Iterable[str]:
        """Return the words of a text, or of a list of words."""
        if self.char_level or not isinstance(text, str):
            if not self.lower:
                return text  # type: ignore[no-any-return]
            return text.lower() if isinstance(text, str) else [word.lower() for word in text]
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of ``texts``, strings or lists of words, besides those counted before, and number all words anew.

        Raises
        ------
        TypeError
            For anything but strings and lists of words; nothing is counted then.
        """
        for text in check_texts(texts):
            self.document_count += 1
            counts = Counter(self._words(text))
            for word, count in counts.items():
                self.word_counts[word] = self.word_counts.get(word, 0) + count
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        by_frequency = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        vocabulary = by_frequency if self.oov_token is None else [self.oov_token, *by_frequency]
        self.word_index = {word: number for number, word in enumerate(vocabulary, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count in how many ``sequences`` of numbers each number occurs, for :meth:`sequences_to_matrix` with ``"tfidf"``."""
        for sequence in sequences:
            self.document_count += 1
            for number in dict.fromkeys(sequence):
                self.index_docs[number] = self.index_docs.get(number, 0) + 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Return a list of numbers for each of ``texts``, strings or lists of words."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yield what :meth:`texts_to_sequences` returns."""
        for text in check_texts(texts):
            numbers = (self._limited(self.word_index.get(word)) for word in self._words(text))
            yield [number for number in numbers if number is not None]

    def _limited(self, number: int | None) -> int | None:
        """Return ``number``, or that of the word for unknown ones if there is no such number below ``num_words``."""
        known = number is not None and not (self.num_words and number >= self.num_words)
        return number if known else self.word_index.get(self.oov_token) if self.oov_token is not None else None

    def sequences_to_texts(self, sequences: Iterable[Sequence[int]]) -> list[str]:
        """Return a text, words with spaces between them, for each of ``sequences``. Numbers without a word are left out."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Sequence[int]]) -> Iterator[str]:
        """Yield what :meth:`sequences_to_texts` returns."""
        for sequence in sequences:
            numbers = (self._limited(int(number) if int(number) in self.index_word else None) for number in sequence)
            yield " ".join(self.index_word[number] for number in numbers if number is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> npt.NDArray[np.float64]:
        """Return :meth:`sequences_to_matrix` of the numbers of ``texts``."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Iterable[Sequence[int]], mode: str = "binary") -> npt.NDArray[np.float64]:
        """Return an array (N, ``num_words``) that has a row for each sequence and a column for each number.

        Parameters
        ----------
        sequences : iterable of sequences of int
        mode : "binary", "count", "freq" or "tfidf"
            What an entry is: 1 for a number that occurs, how often it does, its share of the sequence, or
            ``(1 + log count) * log(1 + texts / (1 + texts with it))``.

        Raises
        ------
        ValueError
            Without ``num_words`` and texts, for an unknown mode, and for "tfidf" without texts.
        """
        if mode not in _MODES:
            raise ValueError(f"mode must be one of {', '.join(map(repr, _MODES))}, got {mode!r}.")
        if not self.num_words and not self.word_index:
            raise ValueError("the columns are unknown: call fit_on_texts first, or give num_words.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("mode 'tfidf' needs the number of texts: call fit_on_texts first.")
        columns, rows = self.num_words or len(self.word_index) + 1, list(sequences)
        matrix = np.zeros((len(rows), columns))
        for row, sequence in zip(matrix, rows, strict=True):
            for number, count in Counter(sequence).items():
                if number < columns:
                    row[number] = self._entry(number, count, len(sequence), mode)
        return matrix

    def _entry(self, number: int, count: int, length: int, mode: str) -> float:
        if mode == "tfidf":
            rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))
            return float((1 + np.log(count)) * rarity)
        return {"binary": 1.0, "count": float(count), "freq": count / length}[mode]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments and the counts as JSON values; those of words are JSON texts. ``analyzer`` is not among them."""
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        counts = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        return {name: getattr(self, name) for name in names} | {name: json.dumps(getattr(self, name)) for name in counts}

    def to_json(self, **kwargs: Any) -> str:
        """Return the tokenizer as a JSON text for :func:`tokenizer_from_json`; ``kwargs`` go to ``json.dumps``."""
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Make a tokenizer of a result of :meth:`Tokenizer.to_json`, of this package or of Keras.

    Raises
    ------
    ValueError
        For anything else.
    """
    try:
        config = dict(json.loads(json_string)["config"])
        counts = {
            name: json.loads(config.pop(name))
            for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        }
        tokenizer = Tokenizer(**config)
        tokenizer.word_counts = OrderedDict(counts["word_counts"])
        tokenizer.word_docs = defaultdict(int, counts["word_docs"])
        tokenizer.word_index = dict(counts["word_index"])
        tokenizer.index_docs = defaultdict(int, {int(number): count for number, count in counts["index_docs"].items()})
        tokenizer.index_word = {int(number): word for number, word in counts["index_word"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the text is no tokenizer of Tokenizer.to_json: {error}.") from error
    return tokenizer
