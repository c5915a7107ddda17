"""Classes derived from Model, whose method ``call`` is traced once into a graph."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, load_model
from numba_lstm.layers import LSTM, Dense, Dropout, Flatten
from numba_lstm.utils import PyDataset

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 5, 3)).astype("float32"), RNG.standard_normal((6, 2)).astype("float32")


class Net(Model):
    def __init__(self, units=4):
        super().__init__(name="net")
        self.lstm, self.drop, self.dense = LSTM(units), Dropout(0.2, seed=3), Dense(2)

    def call(self, x, training=None):
        return self.dense(self.drop(self.lstm(x), training=training))


class Pair(Model):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = LSTM(3, return_state=True), LSTM(3)
        self.last, self.code = Dense(1), Dense(1)

    def call(self, inputs):
        first, second = inputs
        codes, h, c = self.encoder(first)
        return {"last": self.last(self.decoder(second, initial_state=[h, c])), "code": self.code(codes)}


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_a_traced_model_has_the_bits_of_its_graph():
    model = Net()
    assert not model.built
    model.compile("adam", "mse", metrics=["mae"])
    chain = Sequential([Input((None, 3)), LSTM(4), Dropout(0.2, seed=3), Dense(2)])
    chain.compile("adam", "mse", metrics=["mae"])
    model.build((None, 5, 3))
    chain.set_weights(model.get_weights())
    histories = [one.fit(X, Y, epochs=2, shuffle=False, verbose=0).history for one in (model, chain)]
    assert histories[0] == histories[1]
    assert model.path() == "plan"
    assert np.array_equal(model.predict(X[:, :3], verbose=0), chain.predict(X[:, :3], verbose=0))
    assert model.lstm.kernel.shape == (3, 16)


def test_several_inputs_and_outputs_are_known_by_the_first_data():
    model = Pair()
    model.compile("sgd", {"last": "mse", "code": "mae"}, metrics={"code": ["mse"]})
    history = model.fit([X, X[:, :4]], {"last": Y[:, :1], "code": Y[:, 1:]}, verbose=0).history
    assert [*history] == ["loss", "last_loss", "code_loss", "code_mse"]
    outputs = model([X, X[:, :4]])
    assert {name: y.shape for name, y in outputs.items()} == {"last": (6, 1), "code": (6, 1)}


def test_copies_and_files_hold_the_graph(tmp_path):
    model = Net()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "net.nlstm")
    for other in (copy.deepcopy(model), load_model(tmp_path / "net.nlstm")):
        assert type(other) is Model
        assert np.array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_traced_model_is_a_layer():
    inputs = Input((5, 3))
    assert Model(inputs, Net()(inputs)).predict(X, verbose=0).shape == (6, 2)
    assert Sequential([Net(), Dense(1)]).predict(X, verbose=0).shape == (6, 1)


def test_steps_are_fixed_where_a_layer_must_know_them():
    class Flat(Model):
        def __init__(self):
            super().__init__()
            self.flatten, self.dense = Flatten(), Dense(2)

        def call(self, x):
            return self.dense(self.flatten(x))

    model = Flat()
    assert model.predict(X, verbose=0).shape == (6, 2)
    assert model.input_shape == (None, 5, 3)


class Branching(Net):
    def call(self, x, training=None):
        return self.dense(x) if training else self.lstm(x)


class Looking(Net):
    def call(self, x):
        if x > 0:
            return x
        return self.dense(x)


@pytest.mark.parametrize(
    ("cls", "line", "sentence"),
    [
        (Branching, "return self.dense(x) if training else self.lstm(x)", "Pass it on: layer(x, training=training)."),
        (Looking, "if x > 0:", ""),
    ],
)
def test_what_cannot_be_traced_names_the_line(cls, line, sentence):
    with pytest.raises(TypeError) as raised:
        cls()(X)
    assert f"{cls.__name__}.call cannot be traced into a graph" in str(raised.value)
    assert line in str(raised.value)
    assert str(raised.value).endswith(sentence)


def test_the_first_batch_of_a_dataset_builds_a_traced_model():
    class Batches(PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[3 * index : 3 * index + 3], Y[3 * index : 3 * index + 3]

    model, other = Net(), Net()
    other.build((None, 5, 3))
    model.compile("adam", "mse")
    model.fit(Batches(), verbose=0)
    assert [variable.shape for variable in model.weights] == [variable.shape for variable in other.weights]
    assert model.optimizer.iterations == 2


def test_a_model_without_outputs_and_without_call():
    with pytest.raises(TypeError, match=r"Model expects inputs and outputs. Write Model\(inputs=\[...\], outputs=\[...\]\)"):
        Model()
    with pytest.raises(ValueError, match="net is not built yet. Call it on data, or build"):
        Net().summary()
