"""Vocabulary: tokens and their numbers, by frequency in data or given."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...inputs import as_count, as_real
from ...objects.serialization import choose
from .encoding import as_mode, encode

Host = npt.NDArray[Any]

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class VocabularyOptions(NamedTuple):
    """Options of a vocabulary; those of the lookup layers."""

    max_tokens: int | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    output_mode: str
    pad_to_max_tokens: bool

    def validated(self) -> VocabularyOptions:
        """Return the options with the newer name of the output mode; raise TypeError or ValueError for invalid ones."""
        maximum, mode = self.max_tokens, as_mode(self.output_mode, MODES)
        if maximum is not None:
            as_count(maximum, "max_tokens", at_least=2)
        as_count(self.num_oov_indices, "num_oov_indices", at_least=0)
        if self.pad_to_max_tokens and maximum is None:
            raise ValueError("pad_to_max_tokens=True needs max_tokens, the number of columns.")
        return self._replace(output_mode=mode, pad_to_max_tokens=bool(self.pad_to_max_tokens))


class Vocabulary:
    """Tokens and their numbers: first the mask's (with output mode "int"), then those of unknown tokens, then all others.

    Parameters
    ----------
    options : VocabularyOptions
        The options.
    label : str
        The name of the layer, in errors.
    """

    def __init__(self, options: VocabularyOptions, label: str) -> None:
        self.options, self.label = options.validated(), label
        self.tokens: list[Any] = []
        self._numbers: dict[Any, int] = {}
        self._idf: Host | None = None  #: of all tokens, special ones included

    @property
    def special(self) -> list[Any]:
        """The tokens with the first numbers: the mask's and the unknown ones'."""
        options = self.options
        masks = [options.mask_token] if options.mask_token is not None and options.output_mode == "int" else []
        return masks + [options.oov_token] * options.num_oov_indices

    @property
    def size(self) -> int:
        """Number of tokens, special ones included."""
        return len(self.special) + len(self.tokens)

    @property
    def depth(self) -> int:
        """Number of columns of an encoding."""
        maximum = self.options.max_tokens
        return maximum if self.options.pad_to_max_tokens and maximum is not None else self.size

    def require(self) -> None:
        """Raise ValueError if there are no tokens."""
        if not self.tokens:
            raise ValueError(f"{self.label} has no vocabulary. Call adapt(data) first, or give vocabulary=.")

    def get(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their numbers."""
        return [*self.special, *self.tokens] if include_special_tokens else self.tokens[:]

    @property
    def idf_weights(self) -> list[float] | None:
        """Inverse document frequencies of all tokens, special ones included; None without them."""
        return None if self._idf is None else [float(value) for value in self._idf]

    def set(self, vocabulary: Sequence[Any], idf_weights: Any = None) -> None:
        """Set the tokens, which may begin with the special ones, and their inverse document frequencies.

        Raises
        ------
        ValueError
            For no tokens, repeated and special ones, more than ``max_tokens``, and weights that are missing or too many.
        """
        given, special, options = list(vocabulary), self.special, self.options
        has_special = bool(special) and given[: len(special)] == special
        tokens = given[len(special) :] if has_special else given
        counts = Counter(tokens)
        if not tokens:
            raise ValueError(f"{self.label} needs a vocabulary with tokens, got none.")
        for token, count in counts.items():
            if count > 1:
                raise ValueError(f"{self.label}'s vocabulary has {token!r:.60} {count} times. Leave repetitions out.")
            if token in special or token == options.mask_token:
                raise ValueError(
                    f"{self.label}'s vocabulary has the special token {token!r:.60} among the others. Leave it out."
                )
        if options.max_tokens is not None and len(special) + len(tokens) > options.max_tokens:
            raise ValueError(
                f"{self.label}'s vocabulary has {len(special) + len(tokens)} tokens, special ones counted, more than "
                f"max_tokens={options.max_tokens}. Give fewer tokens or a larger max_tokens."
            )
        weights = self._weights(idf_weights, len(given), has_special)
        self._take(tokens, weights)

    def _weights(self, idf_weights: Any, count: int, has_special: bool) -> Host | None:
        if (idf_weights is None) == (self.options.output_mode == "tf_idf"):
            needed = "needs idf_weights beside the vocabulary" if idf_weights is None else "takes no idf_weights"
            raise ValueError(f"{self.label} with output mode {self.options.output_mode!r} {needed}.")
        if idf_weights is None:
            return None
        weights = as_real(idf_weights, "idf_weights").astype(np.float64)
        if weights.shape != (count,):
            raise ValueError(f"{self.label} needs one of idf_weights for each of {count} tokens, got shape {weights.shape}.")
        return weights if has_special else np.concatenate([np.full(len(self.special), weights.mean()), weights])

    def _take(self, tokens: list[Any], idf: Host | None) -> None:
        first = len(self.special)
        self.tokens, self._idf = tokens, idf
        self._numbers = {token: first + place for place, token in enumerate(tokens)}

    def fit(self, documents: Iterable[Iterable[Any]]) -> None:
        """Take the tokens of ``documents`` by frequency; of equally frequent ones, the last in sorted order comes first."""
        counts: Counter[Any] = Counter()
        texts: Counter[Any] = Counter()
        total = 0
        for document in documents:
            occurring = Counter(document)
            counts.update(occurring)
            texts.update(occurring.keys())
            total += 1
        for token in (self.options.mask_token, self.options.oov_token):
            counts.pop(token, None)
        tokens = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
        if self.options.max_tokens is not None:
            tokens = tokens[: max(self.options.max_tokens - len(self.special), 0)]
        if not tokens:
            raise ValueError(f"{self.label} finds no tokens in the data. Give texts or categories.")
        idf = None
        if self.options.output_mode == "tf_idf":
            weights = np.log(1 + total / (1 + np.array([texts[token] for token in tokens])))
            idf = np.concatenate([np.full(len(self.special), weights.mean()), weights])
        self._take(tokens, idf)

    def number(self, tokens: Host) -> Host:
        """Return the number of each token, -1 for masked ones that have none.

        Raises
        ------
        ValueError
            For unknown tokens if ``num_oov_indices`` is 0, and without a vocabulary.
        """
        self.require()
        options, masked = self.options, 0 if self.options.output_mode == "int" else -1
        numbers = self._numbers if options.mask_token is None else {**self._numbers, options.mask_token: masked}
        first = len(self.special) - options.num_oov_indices
        flat = tokens.reshape(-1).tolist()
        result = np.array([numbers.get(token, -2) for token in flat], np.int64)
        unknown = np.flatnonzero(result == -2)
        if unknown.size and not options.num_oov_indices:
            raise ValueError(
                f"{self.label} does not know {flat[unknown[0]]!r:.60}, and num_oov_indices=0 leaves no number for it. "
                "Give num_oov_indices=1, or a vocabulary with all tokens."
            )
        several = options.num_oov_indices > 1
        result[unknown] = [first + (flat[place] % options.num_oov_indices if several else 0) for place in unknown]
        return result.reshape(tokens.shape)

    def encode(self, numbers: Host, dtype: Any) -> Host:
        """Return the encoding of numbers by the output mode."""
        mode = self.options.output_mode
        if mode == "int":
            return numbers
        if mode != "tf_idf":
            return encode(numbers, mode, self.depth, dtype)
        assert self._idf is not None
        weights = np.zeros(self.depth)
        weights[: len(self._idf)] = self._idf
        return np.asarray(encode(numbers, "count", self.depth, dtype) * weights.astype(dtype), dtype)


def read_vocabulary(vocabulary: Any) -> list[Any]:
    """Return tokens as a list, read from a file with a token in each line for a path."""
    if isinstance(vocabulary, (str, os.PathLike)):
        with open(vocabulary, encoding="utf-8") as file:
            return [line.rstrip("\r\n") for line in file]
    return [
        token.decode() if isinstance(token, bytes) else token for token in np.asarray(vocabulary, object).reshape(-1).tolist()
    ]


def check_salt(salt: Any, oov_method: Any = "floormod") -> None:
    """Raise TypeError or ValueError for the hash functions of Keras."""
    if salt is not None or choose(oov_method, ("floormod", "farmhash"), "oov_method") != "floormod":
        raise TypeError("unknown tokens are not hashed here, so there is no salt and no farmhash. Leave them out.")
