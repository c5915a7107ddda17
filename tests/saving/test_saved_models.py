"""model.save and load_model: weights, configs and states survive, or an error says why not."""

import pickle

import numpy as np
import pytest
import safetensors

from numba_lstm import philox, set_random_seed
from numba_lstm.layers import LSTM, Activation, Dense, Dropout, Input
from numba_lstm.models import Sequential, clone_model
from numba_lstm.optimizers import SGD, Adam, schedules
from numba_lstm.saving import FileFormatError, load_model


def saved_and_loaded(model, folder, **options):
    model.save(folder / "model.nlstm")
    return load_model(folder / "model.nlstm", **options)


def assert_equal_weights(one, other):
    assert [v.path for v in one.weights] == [v.path for v in other.weights]
    for a, b in zip(one.weights, other.weights, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.value, b.value)


def assert_equal_state(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value)


def test_predictions_are_equal_bit_for_bit(model, data, tmp_path):
    loaded = saved_and_loaded(model, tmp_path)
    np.testing.assert_array_equal(loaded.predict(data[0], verbose=0), model.predict(data[0], verbose=0))


def test_weights_configs_and_states_are_equal(model, tmp_path):
    loaded = saved_and_loaded(model, tmp_path)
    assert_equal_weights(model, loaded)
    assert loaded.get_config() == model.get_config()
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.random.state == model.random.state
    assert_equal_state(model.optimizer.state(), loaded.optimizer.state())


def test_a_float64_model(tmp_path, data):
    model = Sequential([Input((5, 3)), LSTM(4), Dense(2)], dtype="float64")
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.weights[0].dtype == np.float64
    assert_equal_weights(model, loaded)


def test_weights_that_are_not_numbers_any_more(tmp_path):
    model = Sequential([Input((3,)), Dense(2)])
    model.set_weights([np.full((3, 2), np.nan), np.array([np.inf, -0.0])])
    loaded = saved_and_loaded(model, tmp_path)
    assert [w.tobytes() for w in loaded.get_weights()] == [w.tobytes() for w in model.get_weights()]


@pytest.mark.parametrize(
    "model",
    [
        Sequential(name="empty"),
        Sequential([Dense(3), Activation("softmax")]),
        Sequential([LSTM(2, input_shape=(None, 3))]),
        Sequential([Input((3,), batch_size=7), Dropout(0.1, seed=4)]),
        Sequential([Input((3,)), Dense(2, {"class_name": "elu", "config": {"alpha": 0.7}}, name="Größe 2 😀")]),
    ],
    ids=["no layers", "not built", "input_shape", "no weights", "odd names"],
)
def test_a_model_that_was_not_compiled(model, tmp_path):
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.get_config() == model.get_config()
    assert loaded.built == model.built
    assert loaded.optimizer is None
    assert_equal_weights(model, loaded)


def test_a_model_that_was_not_trained(tmp_path):
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("rmsprop", "mae")
    loaded = saved_and_loaded(model, tmp_path)
    assert not loaded.optimizer.built
    assert loaded.get_compile_config() == model.get_compile_config()


def test_without_compiling(model, data, tmp_path):
    loaded = saved_and_loaded(model, tmp_path, compile=False)
    assert loaded.optimizer is None
    assert_equal_weights(model, loaded)


def test_layers_that_were_frozen_after_training(model, tmp_path):
    model.layers[0].trainable = False
    loaded = saved_and_loaded(model, tmp_path)
    assert len(loaded.trainable_weights) == len(model.trainable_weights) < len(model.weights)
    assert_equal_state(model.optimizer.state(), loaded.optimizer.state())


def test_a_learning_rate_that_was_set(model, tmp_path):
    model.optimizer.learning_rate = 0.1 / 3
    assert saved_and_loaded(model, tmp_path).optimizer.learning_rate == 0.1 / 3


def test_a_learning_rate_that_follows_a_schedule(data, tmp_path):
    model = Sequential([Input((5, 3)), LSTM(2), Dense(2)])
    model.compile(SGD(schedules.ExponentialDecay(0.1, 2, 0.9)), "mse")
    model.fit(*data, batch_size=4, epochs=1, verbose=0)
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.optimizer.iterations == 3
    assert loaded.optimizer.learning_rate == model.optimizer.learning_rate < 0.1


def test_a_layer_of_ones_own(tmp_path):
    class Doubled(Dense):
        def compute_output_shape(self, input_shape):
            return super().compute_output_shape(input_shape)

    model = Sequential([Input((3,)), Doubled(2)])
    model.save(tmp_path / "model.nlstm")
    with pytest.raises(FileFormatError, match="unknown layer 'Doubled'"):
        load_model(tmp_path / "model.nlstm")
    loaded = load_model(tmp_path / "model.nlstm", custom_objects={"Doubled": Doubled})
    assert isinstance(loaded.layers[0], Doubled)
    assert_equal_weights(model, loaded)


def test_the_device_is_the_loaders_to_choose(model, tmp_path):
    assert saved_and_loaded(model, tmp_path, device="reference").device == "reference"
    with pytest.raises(ValueError, match="device"):
        load_model(tmp_path / "model.nlstm", device="abacus")


def test_neither_saving_nor_loading_draws_random_numbers(tmp_path):
    model = Sequential([Input((4, 3)), LSTM(2), Dense(2)])
    model.compile("adam", "mse")
    model.random.next_key()
    set_random_seed(11)
    before = philox.default_stream().state
    saved_and_loaded(model, tmp_path)
    assert philox.default_stream().state == before


def test_a_stream_that_was_never_needed_is_still_to_be_made(tmp_path):
    model = Sequential([Input((3,)), Dense(2)])
    loaded = saved_and_loaded(model, tmp_path)
    assert "random" not in vars(model)
    assert "random" not in vars(loaded)


def test_equal_models_give_equal_files(model, tmp_path):
    model.save(tmp_path / "one.nlstm")
    load_model(tmp_path / "one.nlstm").save(tmp_path / "two.nlstm")
    assert (tmp_path / "one.nlstm").read_bytes() == (tmp_path / "two.nlstm").read_bytes()


def test_the_safetensors_library_finds_the_weights_by_name(model, tmp_path):
    model.save(tmp_path / "model.nlstm")
    with safetensors.safe_open(tmp_path / "model.nlstm", "np") as file:
        assert {name for name in file.keys() if name.startswith("layers/")} == {  # noqa: SIM118 - no mapping
            *(f"layers/{index}/{name}" for index in (0, 2) for name in ("kernel", "recurrent_kernel", "bias")),
            "layers/3/kernel",
            "layers/3/bias",
        }
        np.testing.assert_array_equal(file.get_tensor("layers/2/recurrent_kernel"), model.layers[2].recurrent_kernel.value)
        assert file.get_tensor("optimizer/iterations") == 3


def test_loading_looks_at_the_content(model, tmp_path):
    model.save(tmp_path / "model.nlstm")
    (tmp_path / "model.nlstm").rename(tmp_path / "model.h5")
    assert_equal_weights(model, load_model(tmp_path / "model.h5"))


def test_an_existing_file_is_replaced_unless_told_otherwise(model, tmp_path):
    model.save(tmp_path / "model.nlstm")
    before = (tmp_path / "model.nlstm").read_bytes()
    model.layers[0].set_weights([2 * w for w in model.layers[0].get_weights()])
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(tmp_path / "model.nlstm", overwrite=False)
    assert (tmp_path / "model.nlstm").read_bytes() == before
    model.save(tmp_path / "model.nlstm")
    assert_equal_weights(model, load_model(tmp_path / "model.nlstm"))


def test_a_model_that_no_file_can_hold_leaves_the_old_file(model, tmp_path):
    model.save(tmp_path / "model.nlstm")
    before = (tmp_path / "model.nlstm").read_bytes()
    with pytest.raises(ValueError, match="up to 256"):
        Sequential([Dropout(0.1) for _ in range(257)]).save(tmp_path / "model.nlstm")
    assert (tmp_path / "model.nlstm").read_bytes() == before


def test_the_most_layers_that_a_file_holds(tmp_path):
    model = Sequential([Input((3,)), *(Dense(1) for _ in range(255))])
    model.compile(Adam(amsgrad=True), "mse")
    model.optimizer.build(model.trainable_weights)
    assert_equal_weights(model, saved_and_loaded(model, tmp_path))


def _through_file(suffix):
    def load(model, folder):
        model.save(folder / f"model{suffix}")
        return load_model(folder / f"model{suffix}")

    return load


@pytest.mark.parametrize(
    "duplicated",
    [lambda model, _: pickle.loads(pickle.dumps(model)), *map(_through_file, (".nlstm", ".keras", ".h5"))],
    ids=["pickle", "nlstm", "keras", "h5"],
)
def test_a_layer_that_was_built_before_its_sequential_keeps_its_weights(duplicated, tmp_path):
    """The model has no Input, so that its other layers have no weights yet; one is inside of an inner model."""
    layers = [Dense(3), Dense(2)]
    for layer in layers:
        layer(np.ones((1, layer.units + 1)))
    model = Sequential([layers[0], Sequential([Dense(3), layers[1]]), Dense(1)])
    duplicate = duplicated(model, tmp_path)
    assert not duplicate.built
    assert not clone_model(model).weights
    assert [w.tolist() for w in duplicate.get_weights()] == [w.tolist() for w in model.get_weights()]
    model.set_weights([w + 1 for w in model.get_weights()])
    assert layers[1].bias.numpy().tolist() == [1.0, 1.0]
