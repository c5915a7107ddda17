"""Programs of users with classes of their own: losses of Keras, and what models do with them here."""

from __future__ import annotations

import numpy as np
import pytest
from golden import keras_programs

import numba_lstm
from numba_lstm import Input, Layer, Model, Sequential, Variable, layers, ops


@pytest.mark.parametrize("name", keras_programs.LOSSES)
@pytest.mark.parametrize("eagerly", [False, True])
def test_losses_are_those_of_keras(name, eagerly):
    found = keras_programs.run(numba_lstm, name, run_eagerly=eagerly)
    np.testing.assert_allclose(found, keras_programs.LOSSES[name], rtol=1e-5)


def test_added_losses_alone_take_no_targets():
    model = keras_programs.added_losses(numba_lstm)
    x, names = keras_programs.X, {"return_dict": True}
    model.compile("sgd", metrics=["mae"])
    with pytest.raises(ValueError, match="has metrics of outputs without a loss"):
        model.fit(x)
    model.compile("sgd")
    before = model.evaluate(x, verbose=0, **names)
    assert before.keys() == {"loss"}
    assert model.test_on_batch(x) == model.evaluate(iter([(x,)]), verbose=0) == before["loss"]
    loss, gradients = model.value_and_gradients(x)
    assert abs(loss - before["loss"]) < 1e-6
    assert all(np.any(gradient) for gradient in gradients)
    assert abs(model.train_on_batch(x) - loss) < 1e-6
    assert model.evaluate(x, verbose=0) < loss
    assert model.fit(x, validation_split=0.5, verbose=0).history.keys() == {"loss", "val_loss"}


def test_an_added_loss_is_trained_by_its_gradient_and_outlives_a_config():
    model = keras_programs.autoencoder(numba_lstm)
    model.compile("sgd", "mse")
    model.build((None, keras_programs.T, keras_programs.D))
    x = keras_programs.X
    loss, gradients = model.value_and_gradients(x, x)
    assert abs(loss - model.evaluate(x, x, verbose=0)) < 1e-6
    weight = model.log_var.bias
    place = next(k for k, one in enumerate(model.trainable_weights) if one is weight)
    around = []
    for step in (1e-2, -1e-2):
        weight.assign(weight.numpy() + [step, 0])
        around.append(model.evaluate(x, x, verbose=0))
        weight.assign(weight.numpy() - [step, 0])
    assert abs((around[0] - around[1]) / 2e-2 - gradients[place][0]) < 1e-4
    with pytest.raises(ValueError, match=r"has losses of add_loss, which its outputs do not tell. Take the loss that"):
        model.compute_loss(x, x, model.predict(x, verbose=0))
    copied = Model.from_config(model.get_config())
    copied.set_weights(model.get_weights())
    copied.compile("sgd", "mse")
    assert copied.evaluate(x, x, verbose=0) == model.evaluate(x, x, verbose=0)


def test_wrong_losses_say_what_to_do():
    class Outside(Layer):
        def call(self, x):
            return x

    class Weights(Model):
        def call(self, x):
            self.add_loss(1.0)
            return x

    with pytest.raises(TypeError, match=r"add_loss is called outside of call"):
        Outside().add_loss(1.0)
    with pytest.raises(TypeError, match="takes a loss that depends on its input"):
        Weights()(np.ones((2, 3)))

    class Centred(Model):
        def call(self, x):
            return x - ops.mean(x)

    with pytest.raises(ValueError, match="only add_loss takes such a value"):
        Centred()(np.ones((2, 3)))


def test_variables_are_arrays_alone_and_weights_in_a_layer(tmp_path):
    counter = Variable(0, dtype="int32", trainable=False)
    counter.assign_add(2)
    assert counter.numpy() == 2
    assert Variable([0.5]).dtype == "float32"
    assert Variable("ones", shape=(2,)).value.tolist() == [1, 1]

    class Scale(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.scales = [Variable(2.0), Variable(np.zeros(3), trainable=False, name="shift")]

        def call(self, x):
            return self.scales[0] * x + self.scales[1]

    model = Sequential([Input((3,)), Scale(name="scale")])
    assert [weight.path for weight in model.weights] == ["scale/scales_0", "scale/shift"]
    assert [weight.path for weight in model.trainable_weights] == ["scale/scales_0"]
    model.layers[0].scales[0].assign(3.0)
    path = tmp_path / "model.nlstm"
    model.save(path)
    loaded = numba_lstm.load_model(path, custom_objects={"Scale": Scale})
    np.testing.assert_array_equal(loaded.predict(np.ones((1, 3)), verbose=0), [[3, 3, 3]])

    class Whole(Model):
        def __init__(self):
            super().__init__()
            self.scale, self.layer = Variable(2.0), layers.Dense(2)

        def call(self, x):
            return self.layer(x) * self.scale

    with pytest.raises(TypeError, match=r"Whole\.scale is a Variable of a model"):
        Whole()(np.ones((2, 3)))
    with pytest.raises(ValueError, match="needs a shape"):
        Variable("zeros")


def test_a_cell_of_a_user_has_exact_gradients_states_and_streams():
    cell = keras_programs.cell_class(numba_lstm)
    layer = layers.RNN(cell(2), return_sequences=True, return_state=True, dtype="float64")
    x = np.random.default_rng(2).normal(size=(3, 4, 2))
    layer(x)
    layer.set_weights([np.sin(np.arange(w.size, dtype=float)).reshape(w.shape) for w in layer.get_weights()])
    whole, *states = layer(x)
    first, *middle = layer(x[:, :3])
    second, *after = layer(x[:, 3:], initial_state=middle)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-12)
    np.testing.assert_allclose(after, states, atol=1e-12)
    inputs = Input((4, 2), dtype="float64")
    model = Model(inputs, layers.RNN(layer.cell, go_backwards=True, dtype="float64")(inputs))
    model.compile("sgd", "mse")
    target = np.ones((3, 4))
    _, gradients, dx = model.value_and_gradients(x, target, inputs=True)
    weight, step = model.trainable_weights[1], np.zeros((2, 4))
    step[1, 2] = 1e-5
    ends = []
    for sign in (1, -1):
        weight.assign(weight.numpy() + sign * step)
        ends.append(model.value_and_gradients(x, target)[0])
        weight.assign(weight.numpy() - sign * step)
    assert abs((ends[0] - ends[1]) / 2e-5 - gradients[1][1, 2]) < 1e-8
    moved = x.copy()
    moved[1, 2, 0] += 1e-5
    losses = [model.value_and_gradients(one, target)[0] for one in (moved, x)]
    assert abs((losses[0] - losses[1]) / 1e-5 - dx[1, 2, 0]) < 1e-5


def test_streams_and_files_of_a_cell_of_a_user(tmp_path):
    class Leaky(Layer):
        def __init__(self, state_size, **kwargs):
            super().__init__(**kwargs)
            self.state_size = state_size

        def call(self, inputs, states):
            h = 0.5 * states[0] + inputs
            return h, [h]

        def get_config(self):
            return {**super().get_config(), "state_size": self.state_size}

    model = Sequential([Input((None, 2)), layers.RNN(Leaky(2), return_sequences=True), layers.Dense(1)])
    x = np.random.default_rng(3).normal(size=(1, 4, 2)).astype(np.float32)
    y = model.predict(x, verbose=0)
    stream = model.stream()
    np.testing.assert_allclose([stream.step(x[0, t]) for t in range(4)], y[0], atol=1e-6)
    model.save(tmp_path / "model.nlstm")
    loaded = numba_lstm.load_model(tmp_path / "model.nlstm", custom_objects={"Leaky": Leaky})
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), y)

    class NoCell(Layer):
        def call(self, inputs, states):
            return inputs, states

    with pytest.raises(TypeError, match="has no state_size"):
        layers.RNN(NoCell())
