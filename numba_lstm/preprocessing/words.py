"""Words of one text, and their hashed numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..inputs import as_count

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  #: characters that separate words, Keras's default


def text_to_word_sequence(input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """Return the words of a text, as ``keras.preprocessing.text.text_to_word_sequence``.

    Parameters
    ----------
    input_text : str
        The text.
    filters : str
        Characters that separate words, besides ``split``.
    lower : bool
        Whether words become lower case.
    split : str
        Separator of words.

    Raises
    ------
    TypeError
        For anything but a text.
    """
    if not isinstance(input_text, str):
        raise TypeError(f"a text must be a str, got {input_text!r:.100}. Leave missing texts out, or write str(text).")
    text = input_text.lower() if lower else input_text
    separated = text.translate(dict.fromkeys(map(ord, filters), split))
    return [word for word in separated.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Return a hashed number from 1 to ``n - 1`` for each word of a text, as ``keras.preprocessing.text.one_hot``.

    Parameters are those of :func:`hashing_trick`. The numbers differ from process to process, as Python's ``hash`` does.
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Return a hashed number from 1 to ``n - 1`` for each word of a text. Several words may have one number.

    Parameters
    ----------
    text : str
        The text.
    n : int
        Numbers there are, 0 counted, which no word has.
    hash_function : function or "md5", optional
        Default: Python's ``hash``, whose numbers differ from process to process. Those of "md5" do not.
    filters, lower, split
        Those of :func:`text_to_word_sequence`.
    analyzer : function, optional
        Returns the words of the text instead.

    Raises
    ------
    TypeError, ValueError
        For anything but a text, for an ``n`` below 2, and for an unknown hash function.
    """
    size = as_count(n, "n", at_least=2) - 1
    function: Any = _md5 if hash_function == "md5" else hash if hash_function is None else hash_function
    if not callable(function):
        raise ValueError(f"hash_function must be a function, 'md5' or None, got {hash_function!r}.")
    found = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [function(word) % size + 1 for word in found]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def check_texts(texts: Iterable[Any]) -> Sequence[Any]:
    """Return texts as a list.

    Raises
    ------
    TypeError
        For anything but strings and lists or tuples of words.
    """
    listed = list(texts)
    for place, text in enumerate(listed):
        if not isinstance(text, (str, list, tuple)):
            raise TypeError(
                f"text {place} must be a str or a list of words, got {text!r:.100}. Leave it out, or write str(text)."
            )
    return listed
