"""TextVectorization: texts as rows of numbers of their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...inputs import as_count
from ...inputs.adaptation import batches_of
from ...objects.serialization import choose
from ..base.arguments import Shape
from .category_encoding import refuse_sparse
from .host_layer import HostLayer, indices_shape
from .strings import SPLITS, STANDARDIZATIONS, as_strings, joined, standardized, tokenized
from .vocabulary import Vocabulary, VocabularyOptions, read_vocabulary

Host = npt.NDArray[Any]
Function = Callable[[Host], Any]


class TextVectorization(HostLayer):
    """Convert texts to numbers of their words, on the host; as ``keras.layers.TextVectorization``.

    Texts are standardized, split into words and joined to n-grams; 0 is padding and 1 unknown words. As the first layer of a
    model, it takes the texts of ``fit``, ``evaluate`` and ``predict``: arrays or lists of str, (N,) or (N, 1).

    Parameters
    ----------
    max_tokens : int, optional
        Size of the vocabulary at most, padding and unknown words counted.
    standardize : str, function or None
        "lower_and_strip_punctuation", "lower", "strip_punctuation", or a function of an array of str. As in Keras, lower case
        is that of the letters a to z.
    split : str, function or None
        "whitespace", "character", a function of an array of str that returns lists of words, or None for texts that are words.
    ngrams : int or tuple of int, optional
        Join up to so many words, or as many as each number of a tuple.
    output_mode : "int", "multi_hot", "count" or "tf_idf"
        Numbers in order, or one row for a text; see :class:`StringLookup`.
    output_sequence_length : int, optional
        Words of a text: the others are cut, missing ones padded. Default: those of the longest text of a call, which for
        arrays is the longest of all.
    pad_to_max_tokens : bool
        Rows have ``max_tokens`` columns.
    vocabulary : sequence of str or path, optional
        The words, or a file with one in each line. Default: :meth:`adapt` finds them.
    idf_weights : sequence of float, optional
        Inverse document frequencies of the words, for output mode "tf_idf".
    sparse, ragged, encoding
        In Keras's places, and taken at their defaults only.
    name : str, optional
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Examples
    --------
    >>> layer = TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["foo bar", "bar baz", "baz bada boom"])
    >>> layer(["foo qux bar", "qux baz"])
    array([[4, 1, 3, 0],
           [1, 2, 0, 0]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Function | None = "lower_and_strip_punctuation",
        split: str | Function | None = "whitespace",
        ngrams: int | Iterable[int] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_sparse(type(self), sparse)
        if ragged or encoding != "utf-8":
            raise TypeError("TextVectorization takes ragged=False and encoding='utf-8'. Leave them out.")
        self.standardize = _named_or_function(standardize, STANDARDIZATIONS, "standardize")
        self.split = _named_or_function(split, SPLITS, "split")
        self.ngrams = None if ngrams is None else ngrams if isinstance(ngrams, int) else tuple(ngrams)
        for width in () if self.ngrams is None else (self.ngrams,) if isinstance(self.ngrams, int) else self.ngrams:
            as_count(width, "ngrams")
        super().__init__(name=name, **kwargs)
        self.options = VocabularyOptions(max_tokens, 1, "", "[UNK]", output_mode, pad_to_max_tokens).validated()
        if output_sequence_length is not None and self.options.output_mode != "int":
            raise ValueError(f"{self.name} takes output_sequence_length with output_mode='int' only. Leave it out.")
        length = output_sequence_length
        self.output_sequence_length = None if length is None else as_count(length, "output_sequence_length")
        self._vocabulary = Vocabulary(self.options, self.name)
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    @property
    def makes_indices(self) -> bool:
        return self.options.output_mode == "int"

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take as vocabulary the words of ``data``, the most frequent first, instead of the one before.

        Parameters
        ----------
        data : array, list, dataset or iterable
            Texts, or batches of them: x, ``(x, y)`` or ``(x, y, sample_weight)``.
        batch_size
            In Keras's place, without effect.
        steps : int, optional
            Batches to take instead of all.

        Raises
        ------
        TypeError, ValueError
            For anything but texts with words; nothing is changed then.
        """
        self._vocabulary.fit(words for batch in batches_of(data, steps) for words in self._words(self.as_host(batch, "data")))
        self._changes += 1

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary: words, which may begin with ``""`` and ``"[UNK]"``, or the path of a file of one a line."""
        self._vocabulary.set(as_strings(read_vocabulary(vocabulary), "vocabulary").tolist(), idf_weights)
        self._changes += 1

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the words in the order of their numbers."""
        return self._vocabulary.get(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of words, padding and unknown words counted."""
        return self._vocabulary.size

    def as_host(self, x: Any, what: str) -> Host:
        texts = as_strings(x, what)
        if texts.ndim == 2 and texts.shape[1] == 1:
            return texts[:, 0]
        if texts.ndim > 1:
            raise ValueError(f"{self.name} expects texts (batch,) or (batch, 1), got shape {texts.shape}. Give one a sample.")
        return texts

    def _words(self, texts: Host) -> list[list[str]]:
        words = tokenized(standardized(texts.reshape(-1), self.standardize), self.split)
        if self.ngrams is None:
            return words
        widths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [joined(tokens, widths) for tokens in words]

    def convert(self, x: Host) -> Host:
        words = self._words(x)
        longest = max(map(len, words), default=0)
        steps = self.output_sequence_length or max(longest, 1)
        tokens = np.full((len(words), steps if self.makes_indices else max(longest, 1)), "", object)
        for row, text in zip(tokens, words, strict=True):
            row[: len(text)] = text[: len(row)]
        return self._vocabulary.encode(self._vocabulary.number(tokens), self.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.makes_indices:
            return indices_shape(input_shape, self.output_sequence_length)
        return (input_shape[0], self._vocabulary.depth)

    def get_config(self) -> dict[str, Any]:
        names = ("max_tokens", "output_mode", "pad_to_max_tokens")
        tokens = self.get_vocabulary() if self._vocabulary.tokens else None
        return {
            **super().get_config(),
            **{name: getattr(self.options, name) for name in names},
            "standardize": self.standardize,
            "split": self.split,
            "ngrams": list(self.ngrams) if isinstance(self.ngrams, tuple) else self.ngrams,
            "output_sequence_length": self.output_sequence_length,
            "vocabulary": tokens,
            "idf_weights": self._vocabulary.idf_weights,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from the arguments of :meth:`get_config`; a vocabulary in another file is not read."""
        if isinstance(config.get("vocabulary"), str):
            raise ValueError("a configuration has its vocabulary as a list, not in another file.")
        return cls(**config)


def _named_or_function(value: Any, known: Iterable[str], name: str) -> Any:
    return value if value is None or callable(value) else choose(value, known, name)
