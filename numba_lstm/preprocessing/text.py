"""Words and numbers of texts, as ``keras.preprocessing.text`` of Keras 2: :class:`Tokenizer` and functions of one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .tokenizer import Tokenizer, tokenizer_from_json
from .words import hashing_trick, one_hot, text_to_word_sequence

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
