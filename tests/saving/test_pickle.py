"""pickle and deepcopy of models: configs and NumPy arrays, no kernels, and training continues as in the original."""

import copy
import io
import pickle

import numpy as np
import pytest

from numba_lstm import philox, set_random_seed
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential

COPIES = {
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda model, protocol=protocol: pickle.loads(pickle.dumps(model, protocol))
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.fixture(params=COPIES)
def copied(request):
    return COPIES[request.param]


def test_predictions_are_equal_bit_for_bit(model, data, copied):
    np.testing.assert_array_equal(copied(model).predict(data[0], verbose=0), model.predict(data[0], verbose=0))


def test_configs_and_states_are_equal(model, copied):
    restored = copied(model)
    assert restored.get_config() == model.get_config()
    assert restored.get_compile_config() == model.get_compile_config()
    assert restored.random.state == model.random.state
    state = restored.optimizer.state()
    for name, value in model.optimizer.state().items():
        np.testing.assert_array_equal(state[name], value)


def test_a_copy_trains_on_as_the_original(model, data, copied):
    restored = copied(model)
    losses = [m.fit(*data, batch_size=4, epochs=2, verbose=0).history["loss"] for m in (model, restored)]
    assert losses[0] == losses[1]
    for a, b in zip(model.get_weights(), restored.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_copy_shares_nothing_with_the_original(model, data, copied):
    restored = copied(model)
    before = [weight.tobytes() for weight in model.get_weights()]
    state = {name: value.tobytes() for name, value in model.optimizer.state().items()}
    stream = model.random.state
    restored.fit(*data, batch_size=4, epochs=1, verbose=0)
    assert [weight.tobytes() for weight in model.get_weights()] == before
    assert {name: value.tobytes() for name, value in model.optimizer.state().items()} == state
    assert model.random.state == stream


@pytest.mark.parametrize(
    "make", [lambda: Sequential([LSTM(2), Dense(1)]), lambda: Sequential([Input((3,)), Dense(1)]), Sequential]
)
def test_a_model_that_is_not_built_or_not_compiled(make, copied):
    model = make()
    restored = copied(model)
    assert restored.get_config() == model.get_config()
    assert restored.built == model.built
    assert restored.optimizer is None


def test_layers_that_were_frozen_after_training(model, copied):
    model.layers[0].trainable = False
    restored = copied(model)
    assert len(restored.trainable_weights) == len(model.trainable_weights)
    assert restored.optimizer.state().keys() == model.optimizer.state().keys()


def test_the_device_is_kept(model, copied):
    assert copied(model.to("reference")).device == "reference"


def test_copying_draws_no_random_numbers(model, copied):
    set_random_seed(11)
    before = philox.default_stream().state
    copied(model)
    assert philox.default_stream().state == before


def test_a_pickle_names_nothing_but_numpy_and_this_package(model):
    class Recording(pickle.Unpickler):
        def find_class(self, module, name):
            modules.add(module.partition(".")[0])
            return super().find_class(module, name)

    modules = set()
    Recording(io.BytesIO(pickle.dumps(model))).load()
    assert modules == {"numpy", "numba_lstm"}


def test_a_pickle_is_little_larger_than_its_arrays(data):
    model = Sequential([Input((5, 3)), LSTM(64), Dense(2)])
    model.compile("sgd", "mse")
    model.predict(data[0], verbose=0)  # prepares weights and kernels, which must stay at home
    assert len(pickle.dumps(model)) < sum(weight.nbytes for weight in model.get_weights()) + 8192
