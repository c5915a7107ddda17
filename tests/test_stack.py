"""Sequential as a stack: what may be added, when it is built, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from model_cases import RNG, C, D, H, N, T, X, build

from numba_lstm import Input, Sequential, philox
from numba_lstm.layers import LSTM, Dense, Dropout
from numba_lstm.naming import names


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(21)
    names.reset()


def test_a_model_with_an_input_is_built_while_layers_are_added():
    model = Sequential()
    model.add(Input((None, D)))
    assert not model.built
    model.add(LSTM(H))
    assert model.built
    assert [v.path for v in model.weights] == ["lstm/kernel", "lstm/recurrent_kernel", "lstm/bias"]
    assert model.output_shape == (None, H)
    model.add(Dense(C))
    assert model.output_shape == (None, C)
    assert model.input_shape == (None, None, D)


def test_input_shape_of_the_first_layer_serves_as_input():
    model = Sequential([LSTM(H, input_shape=(T, D)), Dense(C, input_shape=(99,))])
    assert model.input_shape == (None, T, D)
    assert [type(layer) for layer in model.layers] == [LSTM, Dense]


@pytest.mark.parametrize("first_use", ["__call__", "predict", "predict_on_batch", "validate_input"])
def test_a_model_without_input_is_built_at_its_first_use(first_use):
    model = Sequential([LSTM(H, return_sequences=True), LSTM(4), Dense(C)])
    assert not model.built
    assert model.weights == []
    getattr(model, first_use)(X)
    assert model.shapes == [(None, T, D), (None, T, H), (None, 4), (None, C)]
    assert len(model.weights) == 8


def test_build_makes_the_weights():
    model = Sequential([LSTM(H), Dense(C)])
    model.build((None, None, D))
    assert model.count_params() == 4 * H * (D + H + 1) + H * C + C
    model.build()
    model.build((None, None, D))
    with pytest.raises(ValueError, match=r"is built for \(None, None, 7\), got \(None, 5, 8\)"):
        model.build((None, 5, 8))


def test_a_built_model_takes_any_batch_and_any_number_of_steps():
    model = Sequential([Input((T, D), batch_size=2), LSTM(H)])
    assert model.input_shape == (2, T, D)
    assert model(RNG.normal(size=(N, 2 * T, D))).shape == (N, H)


def test_pop_takes_the_last_layer_off():
    model = build()
    last = model.layers[-1]
    assert model.pop() is last
    assert model.output_shape == (None, 4)
    model.add(Dense(6))
    assert model(X).shape == (N, 6)


def test_layers_named_by_default_get_another_name_where_theirs_is_taken():
    model = build()
    names.reset()
    model.add(Dense(6))
    assert model.layers[-1].name == "dense_1"
    assert model.layers[-1].variables[0].path == "dense_1/kernel"


def test_models_are_named_as_in_keras():
    assert [Sequential().name, Sequential(name="mine").name, Sequential().name] == ["sequential", "mine", "sequential_1"]


def test_get_layer_by_name_and_index():
    model = build()
    assert model.get_layer("lstm_1") is model.get_layer(index=2) is model.get_layer(index=-2) is model.layers[2]


@pytest.mark.parametrize(
    ("add", "sentence"),
    [
        (lambda m: m.add(LSTM), r"got the class itself: write LSTM\(...\)"),
        (lambda m: m.add("lstm"), "takes layers, got 'lstm'"),
        (lambda m: m.add(Input((3,))), "has its input already and cannot take input_layer_1"),
        (lambda m: m.add(Dense(3, name="lstm")), "has a layer 'lstm' already. Give one of them another name="),
        (lambda m: m.add(m.layers[-1]), "has a layer 'dense' already"),
        (lambda m: m.add(Dense(3, dtype="float64")), "dense_1 has dtype float64, sequential has float32"),
        (
            lambda m: m.add(LSTM(3)),
            "lstm_2 expects .* lstm_1 before it returns its last step only.* Give lstm_1 return_sequences=True",
        ),
        (lambda m: m.add(LSTM(3, return_state=True)), "return_state=True, but a Sequential passes on one array"),
        (lambda m: m.get_layer("lstm_3"), "no layer 'lstm_3'. Known: "),
        (lambda m: m.get_layer(index=4), "has 4 layers, so there is none of index 4"),
        (lambda m: m.get_layer(), "either a name or an index"),
        (lambda m: m.set_weights([X]), "has 8 weights, got 1 arrays"),
        (lambda m: m.to("gpu"), "the device must be one of"),
    ],
)
def test_what_does_not_fit_is_answered_with_a_sentence_and_changes_nothing(add, sentence):
    model = build()
    shapes, weights = list(model.shapes), model.get_weights()
    with pytest.raises(ValueError, match=sentence):
        add(model)
    assert model.shapes == shapes
    assert len(model.layers) == 4
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), weights, strict=True))


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda: Sequential()(X), "sequential has no layers. Add some"),
        (lambda: Sequential([Input((3,))])(X), "has no layers"),
        (lambda: Sequential([LSTM(3)])(X[0]), r"lstm expects \(batch, time, features\), got shape \(5, 7\). Add a"),
        (lambda: Sequential([Dense(3)])(X[0, 0]), "dense expects an input of rank 2 or 3"),
        (lambda: Sequential([LSTM(4), Dropout(0.1), LSTM(3)])(X), "Give lstm return_sequences=True"),
        (lambda: Sequential([LSTM(4), LSTM(3)]).predict(X), "lstm_1 expects .* Give lstm return_sequences=True"),
        (lambda: Sequential([Dense(4), LSTM(3)])(X[0]), "lstm expects an input of rank 3, but dense before it returns"),
        (
            lambda: Sequential([Input((D,)), LSTM(3)]),
            r"lstm expects .*\(None, 7\)\. A sample has the shape \(time, features\): \(7, 1\) for one feature",
        ),
        (lambda: Sequential([Input((None, None)), LSTM(3)]), "the last axis .* must be known"),
        (lambda: Sequential([LSTM(3)]).output_shape, "has no shapes yet"),
        (lambda: Sequential([LSTM(3)]).count_params(), "has no shapes yet"),
        (lambda: Sequential([LSTM(3)]).set_weights([X]), "has no shapes yet"),
        (lambda: Sequential([LSTM(3)]).build(), "does not know its input's shape"),
        (lambda: Sequential([LSTM(3)]).pop() and Sequential().pop(), "has no layers to take off"),
        (lambda: build()(X[..., :3]), "was built for features = 7, got shape .* with 3"),
        (lambda: build()(X[:0]), "is empty"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(use, sentence):
    with pytest.raises(ValueError, match=sentence):
        use()


def test_a_failed_build_leaves_the_layers_unbuilt():
    model = Sequential([LSTM(4), LSTM(3)])
    with pytest.raises(ValueError, match="return_sequences"):
        model(X)
    assert not any(layer.built for layer in model.layers)
