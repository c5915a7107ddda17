"""Tokenizer, hashed words and windows of the legacy part of Keras 3.15, on JAX.

``KERAS_BACKEND=jax python tests/golden/keras_texts.py`` writes ``keras_texts.json`` beside this file;
``tests/preprocessing/test_texts.py`` runs the same cases with numba_lstm.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

TEXTS = ["The cat, the dog!", "A dog\tand another DOG; tail", "", "cat's  cat"]
NEW = ["the bird and the dog", "nothing", "CAT cat"]
TOKENIZERS = {
    "plain": {},
    "words": {"num_words": 4},
    "unknown": {"oov_token": "<oov>"},
    "few and unknown": {"num_words": 3, "oov_token": "<oov>"},
    "characters": {"char_level": True, "num_words": 9},
    "upper": {"lower": False, "filters": "!;"},
}
WINDOWS = {
    "plain": {"length": 3},
    "strided": {"length": 4, "sampling_rate": 2, "stride": 3, "batch_size": 2},
    "some": {"length": 2, "start_index": 3, "end_index": 9, "batch_size": 4, "reverse": True},
}
DATA, TARGETS = np.arange(24.0).reshape(12, 2), np.arange(12) * 10


def tokenizer_case(k: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """What a tokenizer has and returns after two calls of ``fit_on_texts``."""
    tokenizer = k.Tokenizer(**arguments)
    tokenizer.fit_on_texts(TEXTS)
    tokenizer.fit_on_texts([["the", "bird"], "the end"] if not arguments.get("char_level") else ["end"])
    sequences = tokenizer.texts_to_sequences(NEW)
    tokenizer = k.tokenizer_from_json(tokenizer.to_json())
    matrices = {mode: tokenizer.texts_to_matrix(NEW, mode).tolist() for mode in ("binary", "count", "freq", "tfidf")}
    counts = {name: list(getattr(tokenizer, name).items()) for name in ("word_index", "word_counts")}
    unordered = {name: sorted(getattr(tokenizer, name).items()) for name in ("index_word", "word_docs", "index_docs")}
    texts = tokenizer.sequences_to_texts(sequences)
    return {"sequences": sequences, "texts": texts, "documents": tokenizer.document_count, **matrices, **counts, **unordered}


def windows_case(k: Any, arguments: dict[str, Any]) -> list[Any]:
    """All batches of a TimeseriesGenerator."""
    generator = k.TimeseriesGenerator(DATA, TARGETS, **arguments)
    return [[part.tolist() for part in generator[index]] for index in range(len(generator))]


def results(k: Any) -> dict[str, Any]:
    """Results of all cases, of a namespace ``k`` with Keras's names, as JSON values."""
    made: dict[str, Callable[[], Any]] = {
        **{f"tokenizer: {name}": lambda a=a: tokenizer_case(k, a) for name, a in TOKENIZERS.items()},
        **{f"windows: {name}": lambda a=a: windows_case(k, a) for name, a in WINDOWS.items()},
        "words": lambda: k.text_to_word_sequence("Two  words, (or) three\n", filters=",", split=" "),
        "hashes": lambda: k.hashing_trick("one two three two", 50, "md5"),
    }
    return json.loads(json.dumps({name: make() for name, make in made.items()}))


if __name__ == "__main__":
    from keras._tf_keras.keras.preprocessing import sequence, text

    names = SimpleNamespace(**vars(text), TimeseriesGenerator=sequence.TimeseriesGenerator)
    lines = [f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results(names).items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
