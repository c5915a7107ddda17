"""Functional models: graphs of layers with several inputs and outputs, states along edges, shared layers, models as layers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, load_model
from numba_lstm.layers import LSTM, Bidirectional, Dense, Dropout, Embedding, Masking, TimeDistributed
from numba_lstm.models import model_from_json

N = 6
RNG = np.random.default_rng(0)
X = [RNG.standard_normal((N, 5, 3)), RNG.standard_normal((N, 4, 2))]
Y = [RNG.standard_normal((N, 4, 2)), RNG.standard_normal((N, 1))]


def encoder_decoder(dtype: str = "float32", **names) -> Model:
    """Return two inputs, an encoder whose states begin the decoder, a shared layer, and two outputs."""
    first, second = Input((5, 3), name="first"), Input((4, 2), name="second")
    codes, h, c = LSTM(4, return_sequences=True, return_state=True, dtype=dtype)(first)
    steps = LSTM(4, return_sequences=True, dtype=dtype)(second, initial_state=[h, c])
    shared = Dense(4, "tanh", dtype=dtype)
    steps = TimeDistributed(Dense(2, dtype=dtype), name="steps")(steps)
    last = Dense(1, name="last")(shared(shared(LSTM(4)(codes))))
    return Model([first, second], [steps, last], **names)


def compiled(model: Model, **options) -> Model:
    model.compile("adam", ["mse", "mae"], loss_weights=[1, 0.5], **options)
    return model


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_a_chain_has_the_bits_of_sequential():
    x, y = X[0].astype("float32"), Y[1].astype("float32")
    inputs = Input((5, 3))
    graph = Model(inputs, Dense(1)(Dropout(0.3, seed=1)(LSTM(4)(inputs))))
    chain = Sequential([Input((5, 3)), LSTM(4), Dropout(0.3, seed=1), Dense(1)])
    chain.set_weights(graph.get_weights())
    for model in (graph, chain):
        model.compile("adam", "mse")
        model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0)
        assert model.path() == "plan"
    assert all(map(np.array_equal, graph.get_weights(), chain.get_weights()))
    assert np.array_equal(graph.predict(x, verbose=0), chain.predict(x, verbose=0))


def test_gradients_are_those_of_finite_differences():
    model = encoder_decoder("float64")
    model.to("reference")
    model.compile("sgd", ["mse", "mse"], loss_weights=[1, 0.5])
    ops = model.ops
    x = model.gather(ops, tuple(X), slice(None))

    def loss() -> float:
        steps, last = model.predict(X, verbose=0)
        return float(np.mean((steps - Y[0]) ** 2) + 0.5 * np.mean((last - Y[1]) ** 2))

    result = model.forward(x, True)
    steps, last = result.y
    dy = 2 * (steps - Y[0].swapaxes(0, 1)) / steps.size, (last - Y[1]) / last.size
    gradients = model.backward(result.tapes, dy)
    assert len(gradients.weights) == len(model.trainable_weights)
    for variable, gradient in zip(model.trainable_weights, gradients.weights, strict=True):
        value = variable.numpy()
        place = np.unravel_index(int(np.abs(gradient).argmax()), value.shape)
        sums = []
        for step in (1e-6, -1e-6):
            changed = value.copy()
            changed[place] += step
            variable.assign(changed)
            sums.append(loss())
        variable.assign(value)
        assert np.isclose(gradient[place], (sums[0] - sums[1]) / 2e-6, rtol=1e-5, atol=1e-9), variable.path


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_planned_steps_have_the_bits_of_single_ops():
    models = [compiled(encoder_decoder(), run_eagerly=eagerly) for eagerly in (False, True)]
    models[1].set_weights(models[0].get_weights())
    losses = [model.fit(X, Y, epochs=3, batch_size=4, shuffle=False, verbose=0).history["loss"] for model in models]
    assert losses[0] == losses[1]
    assert [model.path() for model in models] == ["plan", "ops: run_eagerly is set"]
    assert all(map(np.array_equal, *(model.get_weights() for model in models)))


def test_logs_and_results_are_named_by_outputs():
    model = compiled(encoder_decoder(), metrics=[["mae"], "mse"])
    history = model.fit(X, Y, validation_split=0.5, batch_size=2, verbose=0).history
    names = ["loss", "steps_loss", "last_loss", "steps_mae", "last_mse"]
    assert [*history] == names + [f"val_{name}" for name in names]
    values = model.evaluate(X, Y, verbose=0)
    logs = model.evaluate({"first": X[0], "second": X[1]}, {"steps": Y[0], "last": Y[1]}, verbose=0, return_dict=True)
    assert values == list(logs.values())
    steps, last = model.predict(X, verbose=0)
    assert np.isclose(logs["steps_loss"], np.mean((steps - Y[0]) ** 2))
    assert np.isclose(logs["last_loss"], np.mean(np.abs(last - Y[1])))
    assert np.isclose(logs["loss"], logs["steps_loss"] + 0.5 * logs["last_loss"])


def test_sample_weights_and_class_weights_by_output():
    model = encoder_decoder()
    model.compile("sgd", ["mse", "binary_crossentropy"])
    labels, weight = (Y[1] > 0).astype("float32"), np.arange(N) + 1.0
    by_sample = model.test_on_batch(X, [Y[0], labels], sample_weight={"last": np.where(labels[:, 0] > 0, 5.0, 1.0)})
    by_class = compiled_step(model, labels)
    assert by_class == by_sample[0]
    weighted = model.test_on_batch(X, [Y[0], labels], sample_weight=[weight, None])
    steps = model.predict(X, verbose=0)[0]
    assert np.isclose(weighted[1], np.mean(weight[:, None] * np.mean((steps - Y[0]) ** 2, axis=-1)))


def compiled_step(model: Model, labels: np.ndarray) -> float:
    """Return the loss of a training step with class weights of the second output."""
    return model.train_on_batch(X, [Y[0], labels], class_weight={"last": {0: 1.0, 1: 5.0}})[0]


def test_an_output_without_a_loss_is_not_trained():
    model = encoder_decoder()
    model.compile("sgd", [None, "mse"])
    before = model.get_weights()
    history = model.fit(X, Y, epochs=2, verbose=0).history
    changed = [not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]
    assert [*history] == ["loss"]
    moved = {variable.path.split("/")[0] for variable, change in zip(model.weights, changed, strict=True) if change}
    assert "last" in moved
    assert "steps" not in moved


def test_batches_of_iterables_and_datasets():
    def batches():
        for start in (0, 3):
            rows = slice(start, start + 3)
            yield {"first": X[0][rows], "second": X[1][rows]}, [Y[0][rows], Y[1][rows]]

    class Pairs:
        def __len__(self):
            return N

        def __getitem__(self, index):
            return (X[0][index], X[1][index]), (Y[0][index], Y[1][index])

    models = [compiled(encoder_decoder()) for _ in range(3)]
    for model in models[1:]:
        model.set_weights(models[0].get_weights())
    models[0].fit(X, Y, batch_size=3, shuffle=False, verbose=0)
    models[1].fit(batches(), steps_per_epoch=2, verbose=0)
    models[2].fit(Pairs(), batch_size=3, shuffle=False, verbose=0)
    for model in models[1:]:
        assert all(map(np.array_equal, model.get_weights(), models[0].get_weights()))


def test_a_dict_of_outputs_comes_back_as_a_dict():
    inputs = Input((3,))
    model = Model({"x": inputs}, {"sum": Dense(2)(inputs), "rest": Dense(1)(inputs)})
    model.compile("sgd", {"sum": "mse", "rest": "mae"})
    x = RNG.standard_normal((N, 3))
    assert [*model.fit({"x": x}, {"rest": x[:, :1], "sum": x[:, :2]}, verbose=0).history] == ["loss", "sum_loss", "rest_loss"]
    outputs = model.predict({"x": x}, verbose=0)
    assert {name: y.shape for name, y in outputs.items()} == {"sum": (N, 2), "rest": (N, 1)}
    assert np.array_equal(model(x)["sum"], outputs["sum"])


def test_masks_follow_edges():
    words = Input((4,))
    vectors = Embedding(5, 3, mask_zero=True)(words)
    graph = Model(words, LSTM(2)(vectors))
    chain = Sequential([Input((4,)), Embedding(5, 3, mask_zero=True), LSTM(2)])
    chain.set_weights(graph.get_weights())
    x = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 2, 3, 4]])
    assert np.array_equal(graph.predict(x, verbose=0), chain.predict(x, verbose=0))
    steps = Input((5, 3))
    masked = Model(steps, [LSTM(2, return_sequences=True, name="left")(Masking()(steps)), Dense(1, name="right")(steps)])
    masked.compile("sgd", "mse")
    x = X[0].copy()
    x[:, 3:] = 0
    logs = masked.evaluate(x, [X[0][..., :2], X[0][..., :1]], verbose=0, return_dict=True)
    left, right = masked.predict(x, verbose=0)
    assert np.isclose(logs["left_loss"], np.mean((left - X[0][..., :2])[:, :3] ** 2))
    assert np.isclose(logs["right_loss"], np.mean((right - X[0][..., :1]) ** 2))


def test_a_layer_of_two_outputs_in_a_graph():
    inputs = Input((5, 3))
    forward, backward = Bidirectional(LSTM(2), merge_mode=None)(inputs)
    model = Model(inputs, [Dense(1, name="one")(forward), Dense(1, name="two")(backward)])
    model.compile("sgd", ["mse", None])
    model.fit(X[0], [Y[1], Y[1]], verbose=0)
    assert [y.shape for y in model.predict(X[0], verbose=0)] == [(N, 1), (N, 1)]


def nested() -> Model:
    inner = Input((5, 3))
    encoder = Model(inner, LSTM(4)(inner), name="encoder")
    outer = Input((5, 3))
    head = Sequential([Dense(3, "relu"), Dense(1)], name="head")
    return Model(outer, head(encoder(outer)))


def test_models_are_layers():
    model = nested()
    model.compile("adam", "mse")
    assert [layer.name for layer in model.layers][1:] == ["encoder", "head"]
    flat = Sequential([Input((5, 3)), LSTM(4), Dense(3, "relu"), Dense(1)])
    flat.set_weights(model.get_weights())
    flat.compile("adam", "mse")
    for one in (model, flat):
        one.fit(X[0], Y[1], epochs=2, shuffle=False, verbose=0)
    assert all(map(np.array_equal, model.get_weights(), flat.get_weights()))
    inside = Sequential([model.get_layer("encoder"), Dense(1)])
    assert len(inside.weights) == 5
    assert np.array_equal(inside.layers[0].predict(X[0], verbose=0), model.get_layer("encoder").predict(X[0], verbose=0))


def test_a_frozen_inner_model_is_not_trained():
    model = nested()
    model.get_layer("encoder").trainable = False
    model.compile("sgd", "mse")
    before = model.get_layer("encoder").get_weights()
    model.fit(X[0], Y[1], verbose=0)
    assert len(model.trainable_weights) == 4
    assert all(map(np.array_equal, before, model.get_layer("encoder").get_weights()))


def test_time_distributed_models():
    inner = Sequential([Input((3,)), Dense(4, "tanh"), Dense(2)])
    inputs = Input((5, 3))
    model = Model(inputs, TimeDistributed(inner)(inputs))
    model.compile("adam", "mse")
    flat = Sequential([Input((5, 3)), Dense(4, "tanh"), Dense(2)])
    flat.set_weights(model.get_weights())
    flat.compile("adam", "mse")
    for one in (model, flat):
        one.fit(X[0], X[0][..., :2], epochs=2, shuffle=False, verbose=0)
    assert all(np.allclose(*pair, atol=1e-6) for pair in zip(model.get_weights(), flat.get_weights(), strict=True))


def test_part_of_a_model_is_a_model():
    model = Sequential([Input((5, 3)), LSTM(4), Dense(2)])
    codes = Model(model.inputs, model.layers[0].output)
    assert np.array_equal(codes.predict(X[0], verbose=0), Sequential([Input((5, 3)), model.layers[0]]).predict(X[0], verbose=0))
    head = Model(model.layers[1].input, model.output)
    code = codes.predict(X[0], verbose=0)
    assert np.array_equal(head.predict(code, verbose=0), model.predict(X[0], verbose=0))


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_dropout_stays_on_where_a_layer_is_called_with_training():
    inputs = Input((3,))
    model = Model(inputs, Dropout(0.5)(inputs, training=True))
    x = np.ones((50, 3), "float32")
    assert not np.array_equal(model.predict(x, verbose=0), x)
    assert model.path().startswith("ops: dropout")


@pytest.mark.parametrize("make", [encoder_decoder, nested])
def test_configs_files_and_copies(make, tmp_path):
    model = make()
    several = len(model.outputs) > 1
    x, y = (X, Y) if several else (X[0], Y[1])
    model.compile("adam", ["mse", "mae"] if several else "mse", metrics=[["mae"], ["mse"]] if several else ["mae"])
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.nlstm")
    expected = model.fit(x, y, verbose=0, shuffle=False).history
    others = [load_model(tmp_path / "model.nlstm")]
    assert others[0].fit(x, y, verbose=0, shuffle=False).history == expected
    assert model_from_json(model.to_json()).get_config() == model.get_config()
    others += [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for other in others:
        assert type(other) is Model
        assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
        assert all(map(np.array_equal, other.get_weights(), model.get_weights()))
        assert np.array_equal(np.ravel(other.predict(x, verbose=0)[0]), np.ravel(model.predict(x, verbose=0)[0]))


def test_the_summary_says_what_each_layer_takes(capsys):
    encoder_decoder().summary(line_length=140)
    text = capsys.readouterr().out
    assert "Connected to" in text
    assert "lstm" in text
    nested().summary(expand_nested=True)
    assert "lstm" in capsys.readouterr().out
