"""Decoding by plans: what single calls of the model give, for all kinds of states, threads, and versions of the weights."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, decoding, set_num_threads
from numba_lstm.decoding import Decoder
from numba_lstm.kernels.cpu.plans import decoding as plans
from numba_lstm.layers import GRU, LSTM, Attention, Concatenate, Conv1D, Dense, Embedding, Flatten

pytestmark = pytest.mark.on_the_cpu(reason="other devices have no plans")

V, H, N, S = 7, 5, 3, 4
START = np.array([0, 1, 2])
RNG = np.random.default_rng(0)
STATES = [RNG.standard_normal((N, H)).astype("float32") for _ in range(3)]
ENCODED = RNG.standard_normal((N, S, H)).astype("float32")


def drawn(model):
    """Return the model with weights that are the same in each run, and large enough for unequal probabilities."""
    rng = np.random.default_rng(1)
    for variable in model.weights:
        variable.assign(rng.standard_normal(variable.shape))
    return model


def lstm():
    """Return a decoder of an LSTM, and its states and constants."""
    token, *states = Input((1,)), Input((H,)), Input((H,))
    y, h, c = LSTM(H, return_state=True)(Embedding(V, 6)(token), initial_state=states)
    return drawn(Model([token, *states], [Dense(V, "softmax")(y), h, c])), STATES[:2], []


def two_readers():
    """Return a decoder of two cells of one embedding, of which one has a state that goes on as it is."""
    token, *states = Input((1,)), Input((H,)), Input((H,)), Input((H,))
    x = Embedding(V, 6)(token)
    y, h, c = LSTM(H, return_state=True)(x, initial_state=states[:2])
    z, _, d = LSTM(H, return_state=True)(x, initial_state=[states[2], states[1]])
    return drawn(Model([token, *states], [Dense(V, "softmax")(Concatenate()([y, z])), states[1], c, d])), STATES, []


def last_token():
    """Return a decoder of the last two tokens: its state is a row of its embedding."""
    token, state = Input(()), Input((6,))
    x = Embedding(V, 6)(token)
    return drawn(Model([token, state], [Dense(V, "softmax")(Concatenate()([x, state])), x])), [np.ones((N, 6))], []


def window():
    """Return a decoder whose state is the last three embedded tokens, with the rows on the second axis of the device."""
    token, state = Input((1,)), Input((3, 6))
    last = Concatenate(axis=1)([state, Embedding(V, 6)(token)])[:, 1:]
    scores = Dense(V, "softmax")(Flatten()(Conv1D(H, 3)(last)))
    return drawn(Model([token, state], [scores, last])), [RNG.standard_normal((N, 3, 6))], []


def attention():
    """Return a decoder of a GRU over one-hot rows that attends to what an encoder puts out."""
    token, state, encoded = Input((1, V)), Input((H,)), Input((S, H))
    y, h = GRU(H, return_sequences=True, return_state=True)(token, initial_state=state)
    scores = Dense(V, "softmax")(Concatenate()([y, Attention()([y, encoded])]))
    return drawn(Model([token, state, encoded], [scores, h])), STATES[:1], [ENCODED]


def stream(*layers, indices=True):
    """Return what decodes a Sequential, which holds its states itself."""
    inputs = [Input((None,)), Embedding(V, 6)] if indices else [Input((None, V))]
    return drawn(Sequential([*inputs, *layers, Dense(V, "softmax")])), [], []


def last_only():
    """Return a model without states, which knows the last token alone."""
    token = Input((1, V))
    return drawn(Model(token, Dense(V, "softmax")(token))), [], []


def number():
    """Return a decoder with a state of one number, which goes on as it is."""
    token, state = Input((1, V)), Input(())
    return drawn(Model([token, state], [Dense(V, "softmax")(token), state])), [np.zeros(N)], []


def unnormalized():
    """Return a model whose probabilities are negative for or after two of the tokens, and NaN after the last one."""
    token = Input((1,))
    model = Model(token, Embedding(V, V)(token))
    scores = np.full((V, V), -1.0)
    scores[2:, 2:] = np.random.default_rng(1).random((V - 2, V - 2))
    scores[V - 1] = np.nan
    model.set_weights([scores])
    return model, [], []


CASES = {
    "last-only": last_only,
    "number": number,
    "lstm": lstm,
    "two-readers": two_readers,
    "last-token": last_token,
    "window": window,
    "attention": attention,
    "lstm-stream": lambda: stream(LSTM(H, return_sequences=True), indices=False),
    "gru-stream": lambda: stream(GRU(H, return_sequences=True)),
    "conv-stream": lambda: stream(Conv1D(H, 3, padding="causal"), LSTM(H, return_sequences=True)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("options", [{}, {"end": 3, "length_penalty": 0.7}, {"logits": True, "end": 2}])
def test_plans_decode_what_single_calls_decode(case, options):
    model, states, constants = CASES[case]()
    greedy = {key: value for key, value in options.items() if key != "length_penalty"}
    found = []
    for eager in (False, True):
        model.run_eagerly = eager
        beams = decoding.beam_search(model, START, states, constants, steps=6, width=4, **options)
        found.append((beams, decoding.greedy(model, START, states, constants, steps=6, **greedy)))
    (beams, one), (expected, eager_one) = found
    assert np.array_equal(beams.tokens, expected.tokens)
    assert np.array_equal(beams.lengths, expected.lengths)
    assert np.allclose(beams.scores, expected.scores, rtol=1e-13, atol=0)
    assert all(np.array_equal(a, b) for a, b in zip(one, eager_one, strict=True))


@pytest.mark.parametrize("options", [{}, {"end": 3, "length_penalty": 0.7}])
def test_scores_that_are_no_probabilities_come_last(options):
    model, *_ = unnormalized()
    found = []
    for eager in (False, True):
        model.run_eagerly = eager
        with np.errstate(invalid="ignore"):
            found.append(decoding.beam_search(model, START, steps=4, width=4, **options))
    beams, expected = found
    assert np.array_equal(beams.tokens, expected.tokens)
    assert np.array_equal(beams.lengths, expected.lengths)
    assert np.allclose(beams.scores, expected.scores, rtol=1e-13, atol=0, equal_nan=True)
    assert np.isfinite(beams.scores).any()


@pytest.mark.parametrize("case", ["lstm", "gru-stream", "lstm-stream"])
def test_plans_are_used_and_serve_again_until_weights_change(case):
    model, states, constants = CASES[case]()

    def search():
        return decoding.beam_search(model, START, states, constants, steps=4, width=2)

    def idle():
        return [plan for plans in model.decoding_plans._idle[1].values() for plan in plans]

    before, made = search(), idle()
    assert np.array_equal(search().tokens, before.tokens)
    assert [plan is not None for plan in made] == [True]
    assert idle() == made
    model.set_weights([-value for value in model.get_weights()])
    after, model.run_eagerly = search(), True
    assert not np.array_equal(after.tokens, before.tokens)
    assert np.array_equal(after.tokens, search().tokens)


def test_threads_decode_the_same_bits():
    token, *states = Input((1,)), Input((24,)), Input((24,))
    y, h, c = LSTM(24, return_state=True)(Embedding(V, 6)(token), initial_state=states)
    model, zeros = drawn(Model([token, *states], [Dense(V, "softmax")(y), h, c])), [np.zeros((20, 24))] * 2
    found = []
    for threads in (1, 2):
        set_num_threads(threads)
        found.append(decoding.beam_search(model, np.arange(20) % V, zeros, steps=5, width=8, end=1))
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("case", ["lstm", "lstm-stream", "two-readers"])
def test_large_tables_are_not_multiplied_ahead(case, monkeypatch):
    found = []
    for size in (plans.MAX_TABLE_BYTES, 0):
        monkeypatch.setattr(plans, "MAX_TABLE_BYTES", size)
        model, states, constants = CASES[case]()
        found.append(decoding.greedy(model, START, states, constants, steps=6))
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def test_one_hot_rows_of_many_tokens_are_not_multiplied_ahead(monkeypatch):
    model = Sequential([Input((None, 300)), LSTM(H, return_sequences=True), Dense(300, "softmax")])
    monkeypatch.setattr(plans, "MAX_TABLE_BYTES", 100_000)  # less than all rows, more than their products
    monkeypatch.setattr(np, "eye", None)
    assert decoding.greedy(model, START, steps=2).tokens.shape == (N, 2)


@pytest.mark.parametrize("case", ["lstm", "gru-stream"])
def test_select_continues_other_rows(case):
    model, states, constants = CASES[case]()
    found = []
    for eager in (False, True):
        model.run_eagerly = eager
        decoder = Decoder(model, START, states, constants, logits=False)
        decoder.select(np.array([2, 0, 0]))
        steps = [decoder.step(START)]
        decoder.select(np.array([1, 2, -1]))
        decoder.select(np.array([1, 1, 0]))
        found.append([*steps, decoder.step(START), decoder.step(START[::-1])])
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize(
    ("case", "sentence"), [("lstm", "expects whole numbers from 0 to 6"), ("lstm-stream", "one-hot rows of 7 tokens")]
)
@pytest.mark.parametrize("token", [-1, V])
def test_tokens_that_the_model_lacks_are_refused_at_any_step(case, sentence, token):
    model, states, constants = CASES[case]()
    found = []
    for wrong in (False, True):
        decoder = Decoder(model, START, states, constants, logits=False)
        decoder.step(START)
        decoder.select(np.array([2, 0, 0]))
        if wrong:
            with pytest.raises(ValueError, match=sentence):
                decoder.step(np.array([0, token, 0]))
            with pytest.raises(ValueError, match=r"decodes 3 rows.* got shape \(1,\)"):
                decoder.step(START[:1])
        found.append(decoder.step(START))
    assert np.array_equal(*found)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("case", ["lstm", "gru-stream"])
def test_a_step_after_the_weights_have_changed_is_refused(case, eager):
    model, states, constants = CASES[case]()
    model.run_eagerly = eager
    decoder = Decoder(model, START, states, constants, logits=False)
    decoder.step(START)
    model.set_weights([-value for value in model.get_weights()])
    with pytest.raises(RuntimeError, match=r"weights of .* have changed since the first step .* Make another decoder\.$"):
        decoder.step(START)
    assert Decoder(model, START, states, constants, logits=False).step(START).shape == (N, V)
