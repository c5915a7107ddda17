"""StringLookup and IntegerLookup: numbers for words and for whole numbers, and back."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ...inputs import as_real
from ...inputs.adaptation import batches_of
from ..base.arguments import Shape
from .category_encoding import refuse_sparse
from .encoding import encoded_shape
from .host_layer import HostLayer
from .strings import as_strings
from .vocabulary import Vocabulary, VocabularyOptions, check_salt, read_vocabulary

Host = npt.NDArray[Any]


class IndexLookup(HostLayer):
    """Base class of layers that number tokens by a vocabulary.

    Parameters
    ----------
    options : VocabularyOptions
        Options of the vocabulary.
    vocabulary : sequence or path, optional
        The tokens, or a file with a token in each line.
    idf_weights : sequence of float, optional
        Inverse document frequencies of the tokens, for output mode "tf_idf".
    invert : bool
        Return tokens for numbers.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    token_type: ClassVar[type]

    def __init__(
        self, options: VocabularyOptions, vocabulary: Any = None, idf_weights: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        self.invert = bool(invert)
        super().__init__(**kwargs)
        self.options = options.validated()
        for name in ("mask_token", "oov_token"):
            token = getattr(options, name)
            if token is not None and (not isinstance(token, self.token_type) or isinstance(token, bool)):
                raise TypeError(f"{self.name}'s {name} must be a {self.token_type.__name__} or None, got {token!r:.60}.")
        if self.invert and self.options.output_mode != "int":
            raise ValueError(f"{self.name} with invert=True has output_mode='int', got {self.options.output_mode!r}.")
        self._vocabulary = Vocabulary(self.options, self.name)
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def as_tokens(self, x: Any, what: str) -> Host:
        """Return an array of tokens."""
        raise NotImplementedError

    @property
    def makes_indices(self) -> bool:
        return self.options.output_mode == "int"

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Take as vocabulary the tokens of ``data``, the most frequent first, instead of the one before.

        Parameters
        ----------
        data : array, list, dataset or iterable
            Tokens, or batches of them: x, ``(x, y)`` or ``(x, y, sample_weight)``.
        steps : int, optional
            Batches to take instead of all.

        Raises
        ------
        TypeError, ValueError
            For data without tokens; nothing is changed then.
        """
        batches = (self.as_tokens(batch, "data") for batch in batches_of(data, steps))
        self._vocabulary.fit(row for array in batches for row in array.reshape(len(array) if array.ndim else 1, -1).tolist())
        self._changes += 1

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary: tokens, which may begin with special ones, or the path of a file with one in each line."""
        tokens, special = read_vocabulary(vocabulary), self._vocabulary.special
        others = [token for token in tokens if token not in special]
        checked = iter(self.as_tokens(others, "vocabulary").tolist() if others else [])
        self._vocabulary.set([token if token in special else next(checked) for token in tokens], idf_weights)
        self._changes += 1

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their numbers."""
        return self._vocabulary.get(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of tokens, special ones included."""
        return self._vocabulary.size

    def as_host(self, x: Any, what: str) -> Host:
        return np.asarray(as_real(x, what)) if self.invert else self.as_tokens(x, what)

    def as_input(self, x: Any, what: str) -> Host:
        if self.invert:
            raise ValueError(f"{self.name} with invert=True returns tokens, which no model takes. Call it by itself.")
        return super().as_input(x, what)

    def convert(self, x: Host) -> Host:
        if not self.invert:
            return self._vocabulary.encode(self._vocabulary.number(x), self.dtype)
        self._vocabulary.require()
        tokens, unknown = self.get_vocabulary(), self.options.oov_token
        found = [tokens[int(number)] if 0 <= number < len(tokens) else unknown for number in x.reshape(-1)]
        return np.array(found, object if self.token_type is str else np.int64).reshape(x.shape)

    def check_causal(self) -> None:
        if not self.makes_indices:
            super().check_causal()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        mode = self.options.output_mode
        return input_shape if mode == "int" else encoded_shape(input_shape, mode, self._vocabulary.depth)

    def get_config(self) -> dict[str, Any]:
        tokens = self.get_vocabulary() if self._vocabulary.tokens else None
        entries = {"vocabulary": tokens, "idf_weights": self._vocabulary.idf_weights, "invert": self.invert}
        return {**super().get_config(), **self.options._asdict(), **entries}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from the arguments of :meth:`get_config`; a vocabulary in another file is not read."""
        if isinstance(config.get("vocabulary"), str):
            raise ValueError("a configuration has its vocabulary as a list, not in another file.")
        return cls(**config)


class StringLookup(IndexLookup):
    """Number strings by a vocabulary, on the host; as ``keras.layers.StringLookup``.

    Parameters
    ----------
    max_tokens : int, optional
        Size of the vocabulary at most, special tokens included.
    num_oov_indices : 0 or 1
        Whether unknown strings have a number; without it they raise. (More numbers would need Keras's hash function.)
    mask_token : str, optional
        Token of number 0, or of no column.
    oov_token : str
        What stands for unknown strings in the vocabulary.
    vocabulary : sequence of str or path, optional
        The strings, or a file with one in each line. Default: :meth:`adapt` finds them.
    idf_weights : sequence of float, optional
        Inverse document frequencies of the strings, for output mode "tf_idf".
    invert : bool
        Return strings for numbers.
    output_mode : "int", "one_hot", "multi_hot", "count" or "tf_idf"
        Numbers, one row for each string, or one row for a sample: 1 for a string that occurs, how often it does, or that
        times its inverse document frequency.
    pad_to_max_tokens : bool
        Rows have ``max_tokens`` columns.
    sparse, encoding, salt
        In Keras's places, and taken at their defaults only.
    name : str, optional
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    token_type = str

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse_sparse(type(self), sparse)
        check_salt(salt)
        if num_oov_indices not in (0, 1):
            raise ValueError(f"StringLookup takes num_oov_indices of 0 or 1, got {num_oov_indices!r}: strings are not hashed.")
        if encoding != "utf-8":
            raise ValueError(f"StringLookup takes encoding='utf-8', got {encoding!r}. Decode bytes before.")
        options = VocabularyOptions(max_tokens, num_oov_indices, mask_token, oov_token, output_mode, pad_to_max_tokens)
        super().__init__(options, vocabulary, idf_weights, invert, name=name, **kwargs)

    def as_tokens(self, x: Any, what: str) -> Host:
        return as_strings(x, what)


class IntegerLookup(IndexLookup):
    """Number whole numbers by a vocabulary, on the host; as ``keras.layers.IntegerLookup``.

    Parameters are those of :class:`StringLookup`, with whole numbers as tokens, and:

    Parameters
    ----------
    num_oov_indices : int
        How many numbers unknown tokens have: token ``t`` has number ``t % num_oov_indices`` of them.
    vocabulary_dtype : "int64" or "int32"
        In Keras's place.
    oov_method : "floormod"
        In Keras's place.
    """

    token_type = int

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_sparse(type(self), sparse)
        check_salt(salt, oov_method)
        if vocabulary_dtype not in ("int64", "int32"):
            raise ValueError(f"vocabulary_dtype must be 'int64' or 'int32', got {vocabulary_dtype!r}.")
        options = VocabularyOptions(max_tokens, num_oov_indices, mask_token, oov_token, output_mode, pad_to_max_tokens)
        super().__init__(options, vocabulary, idf_weights, invert, name=name, **kwargs)

    def as_tokens(self, x: Any, what: str) -> Host:
        array = as_real(x, what)
        if array.dtype.kind == "f" and np.any(array != np.floor(array)):
            raise ValueError(f"{what} must be whole numbers, got {array[array != np.floor(array)].flat[0]}.")
        return array.astype(np.int64)
