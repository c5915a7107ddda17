"""The functions of numba_lstm.random: distributions of arrays, and draws of layers and models."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from numba_lstm import Input, Layer, Model, Sequential, layers, ops, random, saving
from numba_lstm.philox import Stream

N = 20_000
ROOT = 1 / np.sqrt(N)

#: Distribution -> its arguments after the shape, its mean and its standard deviation.
MOMENTS = {
    "normal": ((2.0, 3.0), 2.0, 3.0),
    "uniform": ((-1.0, 3.0), 1.0, 4 / np.sqrt(12)),
    "truncated_normal": ((), 0.0, 0.87963),
    "randint": ((2, 8), 4.5, np.sqrt(35 / 12)),
    "gamma": ((0.4,), 0.4, np.sqrt(0.4)),
    "beta": ((2.0, 3.0), 0.4, 0.2),
    "binomial": ((100, 0.3), 30.0, np.sqrt(21)),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments_of_arrays_and_their_seeds(name):
    arguments, mean, deviation = MOMENTS[name]
    draw = getattr(random, name)
    x = draw((N,), *arguments, seed=5)
    assert abs(x.mean() - mean) < 4 * deviation * ROOT
    assert abs(x.std() / deviation - 1) < 4 * ROOT * 2
    assert np.array_equal(x, draw((N,), *arguments, seed=5))
    generator = random.SeedGenerator(5)
    assert not np.array_equal(draw((N,), *arguments, seed=generator), draw((N,), *arguments, seed=generator))
    assert x.dtype == ("int32" if name == "randint" else "float32")


def test_classes_dropout_and_shuffles_of_arrays():
    drawn = random.categorical(np.log([[0.2, 0.3, 0.5]]), N, seed=1)
    np.testing.assert_allclose(np.bincount(drawn[0]) / N, [0.2, 0.3, 0.5], atol=4 * ROOT)
    kept = random.dropout(np.ones((N, 2)), 0.25, noise_shape=(None, 1), seed=1)
    assert np.array_equal(kept[:, 0], kept[:, 1])
    assert abs(kept.mean() - 1) < 4 * ROOT
    assert sorted(random.shuffle(np.arange(9), seed=2)) == [*range(9)]


class Sampling(Layer):
    """The draw of a variational autoencoder."""

    def __init__(self, draw="normal", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.draw, self.seeds = draw, random.SeedGenerator(11) if seed is None else seed

    def call(self, inputs):
        mean, log_var = inputs
        shape = ops.shape(mean)
        noise = getattr(random, self.draw)((shape[0], shape[1]), seed=self.seeds)
        return mean + ops.exp(0.5 * log_var) * noise


def sampled(**options):
    x = Input((3,))
    return Model(x, Sampling(**options)([x, x]))


@pytest.mark.parametrize("draw", ["normal", "uniform", "truncated_normal"])
def test_draws_of_a_layer_have_the_moments(draw):
    y = sampled(draw=draw).predict(np.zeros((N // 5, 3)), verbose=0)
    _, mean, deviation = {**MOMENTS, "normal": ((), 0.0, 1.0), "uniform": ((), 0.5, 1 / np.sqrt(12))}[draw]
    assert abs(y.mean() - mean) < 4 * deviation / np.sqrt(y.size)
    assert abs(y.std() / deviation - 1) < 8 / np.sqrt(y.size)


def test_draws_of_predict_are_those_of_a_sample_whatever_its_batch():
    model, x = sampled(), np.zeros((21, 3), np.float32)
    found = []
    for size in (4, 21):
        model.random = Stream(7)
        found.append(model.predict(x, batch_size=size, verbose=0))
    np.testing.assert_array_equal(*found)
    assert not np.any(model.predict(x, verbose=0) == found[0])  # a fresh draw
    assert "draws random numbers" in model.path()
    with pytest.raises(NotImplementedError, match="random numbers"):
        Sequential([Input((None, 3)), layers.Lambda(lambda x: x + random.normal(ops.shape(x)))]).stream()


def test_a_number_as_the_seed_draws_the_same_at_each_call():
    model, x = sampled(seed=3), np.zeros((5, 3), np.float32)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    np.testing.assert_array_equal(model.predict(x, verbose=0), random.normal((5, 3), seed=3))


class Autoencoder(Model):
    """A model that draws in its own call, and takes a draw twice."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.seeds = layers.Dense(2), layers.Dense(3), random.SeedGenerator(4)

    def call(self, x):
        z = self.encoder(x)
        noise = 0.1 * random.normal(ops.shape(z), seed=self.seeds)
        return self.decoder(z + noise - noise)


def test_a_model_draws_for_its_samples_and_trains_with_a_plan():
    x = np.linspace(-1, 1, 24).reshape(8, 3).astype(np.float32)
    model = Autoencoder()
    model.compile("sgd", "mse")
    model.build((None, 3))
    plain = Sequential([Input((3,)), layers.Dense(2), layers.Dense(3)])
    plain.set_weights(model.get_weights())
    np.testing.assert_allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0), atol=1e-5)
    losses = []
    start = model.get_weights()
    for eager in (True, False):
        model.set_weights(start)
        model.compile("sgd", "mse", run_eagerly=eager)
        model.random = Stream(5)
        losses.append(model.fit(x, x, epochs=3, batch_size=4, verbose=0).history["loss"])
    assert losses[0] == losses[1]


def test_a_draw_of_a_graph_is_saved(tmp_path):
    model = Autoencoder()
    model.build((None, 3))
    saving.save_model(model, tmp_path / "model.nlstm")
    loaded, x = saving.load_model(tmp_path / "model.nlstm"), np.ones((4, 3), np.float32)
    model.random, loaded.random = Stream(5), Stream(5)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_dropout_and_classes_in_a_layer():
    class Drop(Layer):
        def call(self, x, training=False):
            return random.dropout(x, 0.5, seed=11) if training else x

    class Draw(Layer):
        def call(self, logits):
            return random.categorical(logits, 400)

    y = Drop()(np.ones((4, 9), np.float32), training=True)
    assert set(np.unique(y)) == {0, 2}
    drawn = Draw()(np.log([[0.25, 0.75]]).astype(np.float32))
    assert abs(drawn.mean() - 0.75) < 0.1


def test_wrong_draws_say_what_to_write():
    with pytest.raises(TypeError, match="a seed must be a whole number or a SeedGenerator"):
        random.normal((2,), seed="three")
    with pytest.raises(ValueError, match="minval below maxval"):
        random.randint((2,), 3, 3)
    with pytest.raises(TypeError, match=r"random\.gamma draws arrays"):
        layers.Lambda(lambda x: x * random.gamma(ops.shape(x), 1.0))(np.ones((2, 3)))
    assert copy.deepcopy(random.SeedGenerator(3)).seed == 3
    assert random.SeedGenerator.from_config(random.SeedGenerator(3).get_config()).seed == 3
