"""Decoding by the most probable token, by draws, and by beam search."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, decoding
from numba_lstm.layers import LSTM, Dense, Embedding, Reshape

V, H, N = 5, 4, 3
RNG = np.random.default_rng(0)
STATES = [RNG.standard_normal((N, H)).astype("float32") for _ in range(2)]
START = np.array([0, 1, 2])


def models() -> tuple[Model, Model]:
    """Return a model of whole sequences, for teacher forcing, and the decoder of single tokens with the same weights."""
    embedding, lstm = Embedding(V, 3), LSTM(H, return_sequences=True, return_state=True)
    dense = Dense(V, "softmax", kernel_initializer="random_normal")
    states = [Input((H,)), Input((H,))]
    made = []
    for steps in (None, 1):
        tokens = Input((steps,))
        y, h, c = lstm(embedding(tokens), initial_state=states)
        made.append(Model([tokens, *states], [dense(y), h, c]))
    draw(made[0])
    return made[0], made[1]


def draw(model: Model) -> None:
    """Set weights that are the same in each run, and large enough for unequal probabilities."""
    rng = np.random.default_rng(1)
    for variable in model.weights:
        variable.assign(rng.standard_normal(variable.shape))


def log_probability(model: Model, sample: int, tokens: tuple[int, ...]) -> float:
    """Return that of a sequence of one sample, by teacher forcing."""
    given = np.array([[START[sample], *tokens[:-1]]])
    scores = model([given, *(state[sample : sample + 1] for state in STATES)])[0][0]
    return float(np.log(scores.astype(np.float64))[np.arange(len(tokens)), list(tokens)].sum())


def test_greedy_decoding_has_the_bits_of_teacher_forcing():
    whole, decoder = models()
    decoded = decoding.greedy(decoder, START, STATES, steps=6)
    assert decoded.tokens.shape == (N, 6)
    forced = whole([np.concatenate([START[:, None], decoded.tokens[:, :-1]], axis=1), *STATES])[0]
    assert np.array_equal(forced.argmax(axis=-1), decoded.tokens)
    logs = np.log(forced.astype(np.float64))
    expected = np.zeros(N)
    for step in range(6):
        expected += logs[np.arange(N), step, decoded.tokens[:, step]]
    assert np.array_equal(decoded.scores, expected)


def test_a_sequence_ends_at_its_end_token():
    _, decoder = models()
    free = decoding.greedy(decoder, START, STATES, steps=6)
    end = int(free.tokens[0, 2])
    ended = decoding.greedy(decoder, START, STATES, steps=6, end=end)
    for row, whole, length in zip(ended.tokens, free.tokens, ended.lengths, strict=True):
        assert np.array_equal(row[:length], whole[:length])
        assert (row[length:] == end).all()
        assert end not in row[: length - 1]


@pytest.mark.parametrize("penalty", [0.0, 0.8])
def test_a_wide_beam_search_finds_what_trying_all_finds(penalty):
    whole, decoder = models()
    end = 4
    found = decoding.beam_search(decoder, START, STATES, steps=3, width=V**3, end=end, length_penalty=penalty)
    for index in range(N):
        sequences = set()
        for tokens in itertools.product(range(V), repeat=3):
            stop = tokens.index(end) + 1 if end in tokens else 3
            sequences.add(tokens[:stop])
        scores = {tokens: log_probability(whole, index, tokens) / ((5 + len(tokens)) / 6) ** penalty for tokens in sequences}
        best = sorted(scores, key=lambda tokens: -scores[tokens])
        for place in range(5):
            length = found.lengths[index, place]
            assert tuple(found.tokens[index, place, :length]) == best[place]
            assert np.isclose(found.scores[index, place], scores[best[place]], rtol=1e-5)


def test_equal_scores_come_in_the_order_of_their_tokens():
    tokens = Input((1,))
    y, h, c = LSTM(H, return_state=True)(Embedding(9, 3)(tokens), initial_state=(states := [Input((H,)), Input((H,))]))
    model = Model([tokens, *states], [Dense(9, "softmax", kernel_initializer="zeros")(y), h, c])
    found = decoding.beam_search(model, START, STATES, steps=2, width=2)
    assert np.array_equal(found.tokens, np.broadcast_to([[0, 0], [0, 1]], (N, 2, 2)))


def test_a_token_that_the_embedding_lacks_is_refused_at_any_step():
    tokens = Input((1,))
    y, h, c = LSTM(H, return_state=True)(Embedding(V, 3)(tokens), initial_state=(states := [Input((H,)), Input((H,))]))
    model = Model([tokens, *states], [Dense(V + 1, "softmax", bias_initializer="ones")(y), h, c])
    model.layers[-1].set_weights([np.zeros((H, V + 1)), np.arange(V + 1.0)])
    with pytest.raises(ValueError, match=f"expects whole numbers from 0 to {V - 1}, got {V}"):
        decoding.greedy(model, START, STATES, steps=2)


def test_a_beam_of_one_is_greedy():
    _, decoder = models()
    one, plain = (
        search(decoder, START, STATES, steps=5, end=3, **options)
        for search, options in ((decoding.beam_search, {"width": 1}), (decoding.greedy, {}))
    )
    assert np.array_equal(one.tokens[:, 0], plain.tokens)
    assert np.allclose(one.scores[:, 0], plain.scores)


def test_samples_follow_the_probabilities_and_the_seed():
    whole, decoder = models()
    start, states = np.zeros(4000, int), [np.repeat(state[:1], 4000, axis=0) for state in STATES]
    drawn = decoding.sample(decoder, start, states, steps=1, seed=1)
    expected = whole([np.zeros((1, 1)), *(state[:1] for state in STATES)])[0][0, 0]
    shares = np.bincount(drawn.tokens[:, 0], minlength=V) / 4000
    assert np.abs(shares - expected).max() < 4 * np.sqrt(0.25 / 4000)
    again = decoding.sample(decoder, start, states, steps=1, seed=1)
    assert np.array_equal(drawn.tokens, again.tokens)
    two = decoding.sample(decoder, start, states, steps=1, seed=1, top_k=2)
    assert set(two.tokens[:, 0]) == set(np.argsort(-expected)[:2])
    order = np.argsort(-expected)
    nucleus = decoding.sample(decoder, start, states, steps=1, seed=1, top_p=float(expected[order[0]]) + 1e-4)
    assert set(nucleus.tokens[:, 0]) == set(order[:2])
    cold = decoding.sample(decoder, START, STATES, steps=4, temperature=1e-3)
    assert np.array_equal(cold.tokens, decoding.greedy(decoder, START, STATES, steps=4).tokens)


def test_a_sequential_decodes_by_its_stream():
    model = Sequential([Input((None, V)), LSTM(H, return_sequences=True), Dense(V, "softmax")])
    draw(model)
    decoded = decoding.greedy(model, START, steps=5)
    rows = np.eye(V)[np.concatenate([START[:, None], decoded.tokens[:, :-1]], axis=1)]
    assert np.array_equal(model.predict(rows, verbose=0).argmax(axis=-1), decoded.tokens)
    beams = decoding.beam_search(model, START, steps=5, width=3)
    assert beams.tokens.shape == (N, 3, 5)
    assert (np.diff(beams.scores, axis=1) <= 0).all()


def test_logits_are_normalized():
    tokens = Input((1,))
    y, h, c = LSTM(H, return_state=True)(Embedding(V, 3)(tokens), initial_state=(states := [Input((H,)), Input((H,))]))
    model = Model([tokens, *states], [Dense(V)(y), h, c])
    decoded = decoding.greedy(model, START, STATES, steps=1, logits=True)
    scores = model([START[:, None], *STATES])[0].astype(np.float64)
    expected = scores.max(axis=-1) - np.log(np.exp(scores).sum(axis=-1))
    assert np.allclose(decoded.scores, expected)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"states": STATES[:1]}, "so it takes a token, 2 states and 0 constants; got 1 states and 0 constants."),
        ({"states": [STATES[0], STATES[1][:2]]}, "a state must have 3 samples, as start has, got shape (2, 4)."),
        ({"start": [0.5, 1, 2]}, "start must hold the first token of each sample"),
        ({"steps": 0}, "steps"),
        ({"width": 0}, "width"),
        ({"length_penalty": -1}, "length_penalty"),
    ],
)
def test_what_does_not_fit(options, sentence):
    _, decoder = models()
    given = {"start": START, "states": STATES, "steps": 2, **options}
    with pytest.raises((TypeError, ValueError)) as raised:
        decoding.beam_search(decoder, given.pop("start"), given.pop("states"), **given)
    assert sentence in str(raised.value)


def test_states_in_another_shape_than_they_are_taken_are_refused():
    tokens, state = Input((1,)), Input((1, 2))
    model = Model([tokens, state], [Dense(V, "softmax")(Embedding(V, 3)(tokens)), Reshape((2, 1))(state)])
    with pytest.raises(ValueError, match=r"takes state 0 of shape \(None, 1, 2\), but returns it with shape \(None, 2, 1\)"):
        decoding.beam_search(model, START, [np.zeros((N, 1, 2))], steps=2)
