"""An encoder and a decoder with attention, from one sequence of tokens to another (Bahdanau et al. 2015, Luong et al. 2015)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from numba_lstm import Model, decoding, ops, pad_sequences
from numba_lstm.layers import LSTM, Attention, Bidirectional, Concatenate, Dense, Dropout, Embedding, Input, Masking
from numba_lstm.utils import BucketDataset

Tokens = npt.NDArray[np.int64]

PAD, START, END = 0, 1, 2  #: the first tokens of both alphabets


class Alphabet:
    """The symbols of one side, as tokens from 3 on."""

    def __init__(self, symbols: Any) -> None:
        self.symbols = sorted(set(symbols))
        self.index = {symbol: k + 3 for k, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols) + 3

    def tokens(self, sequences: Any, *, end: bool = False) -> Tokens:
        """Return tokens (N, T), padded at the end, with an end token if that is said."""
        lists = [[*row, END] if end else row for row in self.sequences(sequences)]
        return np.asarray(pad_sequences(lists, padding="post", value=PAD), np.int64)

    def sequences(self, sequences: Any) -> list[list[int]]:
        """Return the tokens of each sequence."""
        return [[self.index[symbol] for symbol in sequence] for sequence in sequences]

    def symbols_of(self, tokens: Any) -> list[str]:
        """Return the symbols up to the end token."""
        found = []
        for token in tokens:
            if token in (END, PAD):
                break
            found.append(self.symbols[token - 3] if token >= 3 else "?")
        return found


class Networks(NamedTuple):
    """Three models that share their layers."""

    train: Model  #: of source and target tokens before each step, to probabilities of target tokens
    encoder: Model  #: of source tokens, to the decoder's first states and the memory that it attends to
    step: Model  #: of one token, two states and the memory, to probabilities, two states and weights of the memory

    def greedy(self, source: Tokens, steps: int) -> Tokens:
        """Return the most probable token of each step, (N, L)."""
        *states, memory = self.encoder.predict(source, verbose=0)
        start = np.full(len(source), START)
        return decoding.greedy(self._decoder(), start, states, [memory], steps=steps, end=END).tokens

    def beam_search(self, source: Tokens, steps: int, width: int) -> Tokens:
        """Return the most probable sequence of each sample that a beam search finds, (N, L)."""
        *states, memory = self.encoder.predict(source, verbose=0)
        start = np.full(len(source), START)
        found = decoding.beam_search(self._decoder(), start, states, [memory], steps=steps, width=width, end=END)
        return found.tokens[:, 0]

    def _decoder(self) -> Model:
        return Model(self.step.inputs, self.step.outputs[:3])

    def attention(self, source: Tokens, target: Tokens) -> npt.NDArray[np.float32]:
        """Return the weights (L, T) of the source's steps, for each target token (L,) of one sample."""
        h, c, memory = self.encoder.predict(source[None], verbose=0)
        rows, token = [], START
        for following in target:
            _, h, c, weights = self.step.predict([np.array([[token]]), h, c, memory], verbose=0)
            rows.append(weights[0, 0])
            token = following
        return np.array(rows)


def build(source_size: int, target_size: int, *, units: int, embedding: int, dropout: float = 0.0, layers: int = 1) -> Networks:
    """Return the models for alphabets of these sizes. The encoder has ``units`` in a direction, the decoder twice as many."""
    source, before = Input((None,), name="source"), Input((None,), name="before")
    x = Embedding(source_size, embedding, mask_zero=True, name="source_embedding")(source)
    for k in range(layers - 1):
        x = Bidirectional(LSTM(units, return_sequences=True), name=f"encoder_{k}")(x)
        x = Dropout(dropout)(x)
    outputs = Bidirectional(LSTM(units, return_sequences=True, return_state=True), name="encoder")(x)
    present = ops.cast(ops.not_equal(ops.expand_dims(source, -1), PAD), "float32")
    memory = outputs[0] * present  # rows of padding are zeros, which Masking finds in all three models
    h, c = Concatenate(name="h")([outputs[1], outputs[3]]), Concatenate(name="c")([outputs[2], outputs[4]])

    embed = Embedding(target_size, embedding, name="target_embedding")
    lstm = LSTM(2 * units, return_sequences=True, return_state=True, name="decoder")
    masking, attend, join = Masking(name="memory_mask"), Attention(name="attention"), Concatenate(name="join")
    drop, mix = Dropout(dropout), Dense(2 * units, activation="tanh", name="mix")
    out = Dense(target_size, activation="softmax", name="next_token")

    def decode(tokens: Any, states: list[Any], values: Any) -> tuple[Any, ...]:
        y, h_next, c_next = lstm(embed(tokens), initial_state=states)
        context, weights = attend([y, masking(values)], return_attention_scores=True)
        return out(drop(mix(join([y, context])))), h_next, c_next, weights

    probabilities, *_ = decode(before, [h, c], memory)
    token, h_in, c_in = Input((1,), name="token"), Input((2 * units,), name="h_in"), Input((2 * units,), name="c_in")
    memory_in = Input((None, 2 * units), name="memory")
    return Networks(
        Model([source, before], probabilities, name="training"),
        Model(source, [h, c, memory], name="encoder_model"),
        Model([token, h_in, c_in, memory_in], decode(token, [h_in, c_in], memory_in), name="step"),
    )


def batches(source: list[list[int]], target: list[list[int]], size: int) -> BucketDataset:
    """Return batches of similar lengths for ``train``: source and target tokens before each step, targets, and weights."""
    return BucketDataset(
        (source, [[START, *row] for row in target]),
        [[*row, END] for row in target],
        [[1.0] * (len(row) + 1) for row in target],
        batch_size=size,
        pad_to_multiple_of=4,
        value=PAD,
    )


def teacher_forcing(target: Tokens) -> tuple[Tokens, Tokens, npt.NDArray[np.float32]]:
    """Return the tokens before each step, the targets, and weights that leave padding out."""
    before = np.concatenate([np.full((len(target), 1), START), target[:, :-1]], axis=1)
    return before, target, (target != PAD).astype(np.float32)
