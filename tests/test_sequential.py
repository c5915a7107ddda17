"""Sequential: structure, shapes, weights, calls, gradients, configs and copies. Loops are tested in test_training."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from tolerances import FINITE_DIFFERENCES, RECURRENT, assert_close

import numba_lstm
from numba_lstm import Input, Sequential, device, initializers, layers, models, names, random
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM, Activation, Dense, Dropout
from numba_lstm.layers.base import Backward, Forward
from numba_lstm.optimizers import Adam

N, T, D, H, C = 3, 5, 7, 11, 2
RNG = np.random.default_rng(17)
X = RNG.normal(size=(N, T, D))
Y = RNG.normal(size=(N, C))


@pytest.fixture(autouse=True)
def _fresh():
    random.set_random_seed(21)
    names.reset()


def build(dtype="float32", **arguments):
    stack = [Input((None, D)), LSTM(H, return_sequences=True), Dropout(0.3), LSTM(4, "softsign"), Dense(C)]
    return Sequential(stack, dtype=dtype, **arguments)


class MaskOdd(layers.Layer):
    """Hands its input on and masks the odd steps."""

    def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
        T, N, _ = x.shape
        return Forward(x, mask=ops.asarray(np.repeat(np.arange(T)[:, None] % 2 == 0, N, axis=1), bool))

    def backward(self, ops, tape, dy, dstates=None, *, need_dx=True):
        return Backward(dy)


# -- structure --------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("first_use", ["__call__", "predict", "predict_on_batch", "check_input"])
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
            "lstm_2 expects .* lstm_1 before it answers its last step only.* Give lstm_1 return_sequences=True",
        ),
        (lambda m: m.add(LSTM(3, return_state=True)), "return_state=True, but a Sequential hands on one array"),
        (lambda m: m.get_layer("lstm_3"), "no layer 'lstm_3', did you mean 'lstm_1'"),
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
        (lambda: Sequential([Dense(4), LSTM(3)])(X[0]), "lstm expects an input of rank 3, but dense before it answers"),
        (lambda: Sequential([Input((D,)), LSTM(3)]), "lstm expects .*Add a feature axis"),
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


# -- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_runs_layer_after_layer():
    model = build("float64")
    first, _, second, dense = model.layers
    assert_close(model(X), dense(second(first(X))), RECURRENT["float64"])


def test_sequences_come_out_batch_first():
    model = Sequential([Input((T, D)), LSTM(H, return_sequences=True), Dense(C)])
    assert model(X).shape == (N, T, C)
    assert_close(model(X[:1]), model(X)[:1], RECURRENT["float32"])


def test_the_answer_belongs_to_the_caller():
    model = Sequential([Input((T, D)), Activation("linear")])
    y = model(X)
    y[:] = 0
    assert np.array_equal(model(X), X.astype("float32"))


def test_dropout_works_in_training_only_and_anew_each_time():
    model = build()
    assert np.array_equal(model(X), model(X))
    assert not np.array_equal(model(X, training=True), model(X))
    assert not np.array_equal(model(X, training=True), model(X, training=True))


def test_a_seed_repeats_weights_and_dropout():
    def run():
        random.set_random_seed(4)
        model = build()
        return [*model.get_weights(), model(X, training=True)]

    assert all(np.array_equal(a, b) for a, b in zip(run(), run(), strict=True))


def test_two_dropouts_of_a_model_draw_different_masks():
    model = Sequential([Input((400,)), Dropout(0.5, name="a"), Activation("linear"), Dropout(0.5, name="b")])
    y = model(np.ones((1, 400)), training=True)
    assert 60 < np.sum(y == 4) < 140


def test_masks_go_from_layer_to_layer():
    inner = LSTM(H, return_sequences=True)
    model = Sequential([Input((T, D)), MaskOdd(), Dropout(0.1), Activation("linear"), Dense(D), inner])
    x = model.layers[3](X)
    mask = np.repeat(np.arange(T)[None] % 2 == 0, N, axis=0)
    assert np.array_equal(model(X), inner(x, mask=mask))
    handed_on = model.forward(model.ops.gather(X, slice(None), "float32")).mask
    assert np.array_equal(model.ops.to_host(handed_on), mask.T)


@pytest.mark.parametrize("call", [lambda m, x: m(x), lambda m, x: m.predict(x, verbose=0), lambda m, x: m.predict_on_batch(x)])
def test_steps_that_a_layer_ties_down_are_checked_before_a_kernel_runs(call):
    model = Sequential([Input((T, D)), LSTM(H, return_sequences=True), layers.Flatten(), Dense(C)])
    assert call(model, X).shape == (N, C)
    with pytest.raises(ValueError, match=rf"was built for features = {T * H}, got shape \({N}, {(T - 1) * H}\)"):
        call(model, X[:, 1:])


def test_the_device_is_the_default_one_unless_named():
    model, named = Sequential([Dense(3)]), Sequential([Dense(3)], device="reference")
    assert model.device == device.get_device()
    assert named.device == "reference"
    assert model.to("reference") is model
    assert model.device == "reference"
    assert np.array_equal(model(X), model(X))


# -- gradients --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [(), (0,), (2,), (0, 2), (0, 2, 3)])
def test_gradients_agree_with_finite_differences_whatever_is_frozen(frozen):
    model, key, step = build("float64"), Key(3, 1), 1e-5
    for index in frozen:
        model.layers[index].trainable = False
    ops, dy = model.ops, RNG.normal(size=(N, C))
    x = ops.gather(X, slice(None), "float64")
    weights = model.trainable_weights
    starts = [v.numpy() for v in weights]
    directions = [RNG.normal(size=v.shape) for v in weights]

    def loss(distance):
        for variable, start, direction in zip(weights, starts, directions, strict=True):
            variable.assign(start + distance * direction)
        passed = model.forward(x, True, key)
        return np.sum(ops.to_host(passed.y) * dy), passed.tapes

    difference = (loss(step)[0] - loss(-step)[0]) / (2 * step)
    gradients = model.backward(loss(0.0)[1], ops.gather(dy, slice(None), "float64")).weights
    assert [g.shape for g in gradients] == [v.shape for v in weights]
    slope = sum(np.sum(ops.to_host(g) * d) for g, d in zip(gradients, directions, strict=True))
    assert_close(slope, difference, FINITE_DIFFERENCES)


def test_trainable_is_set_for_all_layers():
    model = build()
    model.trainable = False
    assert model.trainable_weights == []
    assert model.non_trainable_weights == model.weights
    assert not any(layer.trainable for layer in model.layers)
    model.trainable = True
    assert model.trainable_weights == model.weights


# -- compile ----------------------------------------------------------------------------------------------------------


def test_a_compile_config_compiles_an_equal_model():
    model, other = build(), build()
    assert model.get_compile_config() == {}
    model.compile(Adam(0.02, clipnorm=1.0), "huber", metrics=["accuracy", "mae"], weighted_metrics=["mse"])
    other.compile_from_config(model.get_compile_config())
    assert other.compiled
    assert other.get_compile_config() == model.get_compile_config()
    assert [metric.name for metric in other.metrics] == ["accuracy", "mae", "mse"]


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"optimizer": "adm"}, ValueError, "unknown optimizer 'adm', did you mean 'adam'"),
        ({"loss": "mean_squared"}, ValueError, "unknown loss 'mean_squared', did you mean 'mean_squared_error'"),
        ({"metrics": ["acuracy"]}, ValueError, "unknown metric 'acuracy', did you mean 'accuracy'"),
        ({"metrics": "mae"}, TypeError, r"metrics must be a list, got 'mae'. Write metrics=\['mae'\]"),
        ({"loss_weights": [1.0]}, TypeError, "has one output and takes no loss_weights"),
    ],
)
def test_compile_refuses_what_it_does_not_know_and_changes_nothing(arguments, error, sentence):
    model = build()
    model.compile("sgd", "mse")
    before = model.get_compile_config()
    with pytest.raises(error, match=sentence):
        model.compile(**{"optimizer": "adam", "loss": "mae", **arguments})
    assert model.get_compile_config() == before


# -- configs and copies -----------------------------------------------------------------------------------------------


def test_a_config_makes_an_equal_model_without_its_weights():
    model = build("float64", name="mine")
    model.layers[0].trainable = False
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert (again.name, again.dtype, again.shapes) == ("mine", "float64", model.shapes)
    assert [layer.trainable for layer in again.layers] == [False, True, True, True]
    assert not np.array_equal(again(X), model(X))
    again.set_weights(model.get_weights())
    assert np.array_equal(again(X), model(X))


def test_a_config_of_a_model_that_is_not_built_makes_one_that_is_not():
    assert not Sequential.from_config(Sequential([LSTM(3), Dense(1)]).get_config()).built


def test_own_layers_come_back_with_custom_objects():
    config = Sequential([Input((T, D)), MaskOdd(), LSTM(H)]).get_config()
    with pytest.raises(ValueError, match="unknown layer 'MaskOdd'"):
        Sequential.from_config(config)
    again = Sequential.from_config(config, custom_objects={"MaskOdd": MaskOdd})
    assert [type(layer) for layer in again.layers] == [MaskOdd, LSTM]


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda model: pickle.loads(pickle.dumps(model))}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_continues_training_as_its_original(way):
    model = build()
    model.compile(Adam(0.02), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=3, batch_size=2, verbose=0)
    twin = COPIES[way](model)
    assert twin.optimizer.iterations == model.optimizer.iterations == 6
    for each in (model, twin):
        each.fit(X, Y, epochs=2, batch_size=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), twin.get_weights(), strict=True))
    assert twin.predict(X, verbose=0).tolist() == model.predict(X, verbose=0).tolist()


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_shares_nothing_with_its_original(way):
    model = build(device="reference")
    twin = COPIES[way](model)
    before = twin(X)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.pop()
    assert np.array_equal(twin(X), before)
    assert twin.device == "reference"
    assert twin.name == model.name


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_other_states_work_too(way):
    assert not COPIES[way](Sequential([LSTM(3)])).built
    frozen = build()
    frozen.compile("adam", "mse")
    frozen.train_on_batch(X, Y)
    frozen.layers[0].trainable = False
    assert COPIES[way](frozen).optimizer.iterations == 1
    own = Sequential([Input((T, D)), MaskOdd(), LSTM(H)])
    assert np.array_equal(COPIES[way](own)(X), own(X))


def test_copying_and_reading_draw_no_random_numbers():
    model = build()
    state = random.default_stream().state
    copy.deepcopy(model)
    assert random.default_stream().state == state


def test_a_pickle_holds_configs_and_numpy_arrays_only():
    model = build()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    make, (cls, state) = model.__reduce__()
    assert cls is Sequential
    _only_plain({key: value for key, value in state.items() if key != "layers"})


def _only_plain(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            _only_plain(item)
    else:
        assert value is None or isinstance(value, (str, int, float, bool, np.ndarray))


def test_a_saved_model_is_loaded_again(tmp_path):
    model = build()
    model.save(tmp_path / "model.nlstm")
    assert np.array_equal(models.load_model(tmp_path / "model.nlstm")(X), model(X))


def test_initializers_are_not_run_for_a_copy(monkeypatch):
    model = Sequential([Input((D,)), Dense(C, kernel_initializer=initializers.Orthogonal())])
    monkeypatch.setattr(initializers.Orthogonal, "draw", lambda *_: pytest.fail("drawn"))
    assert np.array_equal(copy.deepcopy(model)(X[:, 0]), model(X[:, 0]))


# -- the package ------------------------------------------------------------------------------------------------------


def test_the_package_has_its_public_names():
    for name in numba_lstm.__all__:
        assert getattr(numba_lstm, name) is not None
    assert numba_lstm.utils.set_random_seed is numba_lstm.set_random_seed
    assert numba_lstm.__version__.count(".") == 2


def test_importing_the_package_loads_neither_numba_nor_rich():
    code = "import sys, numba_lstm; print(sorted({'numba', 'rich', 'safetensors', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_clear_session_starts_the_names_again():
    assert Sequential().name == "sequential"
    numba_lstm.utils.clear_session()
    assert Sequential().name == "sequential"
