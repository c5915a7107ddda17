"""Layers by themselves: arguments, weights, calls on arrays, gradients. The ops' numbers are tested in tests/kernels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from layer_gradients import check_gradients
from lstm_layers import RNG, D, H, N, T, X, lstm
from tolerances import ELEMENTWISE, RECURRENT, SUMS, assert_close

from numba_lstm import activations, initializers, layers, philox
from numba_lstm.device import get_ops
from numba_lstm.layers import LSTM, Activation, Dense, Dropout, Input, InputLayer, LSTMCell
from numba_lstm.naming import names
from numba_lstm.regularizers import L1


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


class FailingOnce(initializers.Orthogonal):
    failed = False

    def draw(self, shape):
        if not self.failed:
            self.failed = True
            raise ZeroDivisionError
        return super().draw(shape)


# -- Dense, Activation, Dropout, Input --------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [X, X[:, 0], X[:1], X[:1, 0]])
@pytest.mark.parametrize("activation", [None, "tanh", "softmax", activations.gelu])
def test_dense_is_a_product_a_bias_and_an_activation(x, activation):
    layer = Dense(4, activation, bias_initializer="random_normal", dtype="float64")
    y = layer(x)
    z = x @ layer.kernel.value + layer.bias.value
    assert_close(y, Activation(activation, dtype="float64")(z), SUMS["float64"])


def test_dense_without_bias_has_one_weight():
    layer = Dense(4, use_bias=False)
    assert_close(layer(X), X @ layer.kernel.value, SUMS["float32"])
    assert [v.path for v in layer.variables] == ["dense/kernel"]


def test_layers_without_weights_take_any_number_of_features():
    layer = Activation("relu")
    assert layer(X).shape == X.shape
    assert layer(X[:, 0, :2]).shape == (N, 2)


def test_the_activation_layer_computes_its_activation():
    assert_close(Activation("softsign", dtype="float64")(X), X / (1 + np.abs(X)), ELEMENTWISE["float64"])


def test_input_holds_the_shape_of_a_batch():
    assert Input((None, 7)).shape == (None, None, 7)
    assert Input((7,), batch_size=32).shape == (32, 7)
    assert Input(batch_shape=(2, 5, 7)).shape == (2, 5, 7)
    assert np.array_equal(InputLayer((T, D), dtype="float64")(X), X)


# -- bad arguments ----------------------------------------------------------------------------------------------------


def test_arguments_that_are_not_taken_yet_are_refused_by_name():
    with pytest.raises(TypeError, match="Dense does not take 'lora_rank' yet, got 4"):
        Dense(3, lora_rank=4)


def test_arguments_that_are_not_taken_yet_may_stand_at_kerass_defaults():
    Dense(3, lora_rank=None, lora_alpha=None)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: LSTM(3, unit=4), TypeError, "LSTM has no argument 'unit', did you mean 'units'"),
        (lambda: LSTM(0), ValueError, "units must be at least 1, got 0"),
        (lambda: LSTM(2.5), TypeError, "units must be a whole number"),
        (lambda: LSTM(True), TypeError, "units must be a whole number"),
        (lambda: LSTM(3, "tahn"), ValueError, "did you mean 'tanh'"),
        (lambda: LSTM(3, recurrent_initializer="orthogonl"), ValueError, "did you mean 'orthogonal'"),
        (lambda: LSTM(3, seed=-1), ValueError, "a seed must be"),
        (lambda: Dense(0), ValueError, "units must be at least 1"),
        (lambda: LSTM(3, dropout=1.0), ValueError, r"LSTM's dropout must be a number in \[0, 1\), got 1.0"),
        (lambda: LSTM(3, recurrent_dropout=-0.5), ValueError, r"LSTM's recurrent_dropout must be a number in \[0, 1\)"),
        (lambda: LSTM(3, zoneout="half"), TypeError, "LSTM's zoneout must be a number"),
        (lambda: LSTM(3, cell_clip=0.0), ValueError, r"LSTM's cell_clip must be a number in \(0, inf\), got 0.0"),
        (lambda: LSTM(3, projection=0), ValueError, "LSTM's projection must be at least 1, got 0"),
        (lambda: LSTM(3, use_cudnn="never"), ValueError, "unknown use_cudnn 'never'"),
        (lambda: LSTM(3, kernel_regularizer="l3"), ValueError, "unknown regularizer 'l3'. Known: 'l1', 'l1_l2', 'l2'"),
        (lambda: LSTM(3, bias_constraint="nonneg"), ValueError, "unknown constraint 'nonneg', did you mean 'non_neg'"),
        (lambda: Dense(3, kernel_regularizer=np.sum), TypeError, "the function 'sum' cannot be a regularizer"),
        (lambda: Dense(3, dtype="float16"), TypeError, "'float32' or 'float64', got 'float16'"),
        (lambda: Dense(3, name="a/b"), ValueError, "without '/'"),
        (lambda: Dense(3, input_shape=7), TypeError, "a shape must be a tuple, got 7"),
        (lambda: Dense(3, input_shape=(0,)), ValueError, "whole numbers of at least 1"),
        (lambda: Dropout(1.0), ValueError, r"\[0, 1\), got 1.0"),
        (lambda: Dropout(-0.1), ValueError, r"\[0, 1\), got -0.1"),
        (lambda: Input(7), TypeError, "a shape must be a tuple"),
        (lambda: Input(), ValueError, "shape or batch_shape"),
        (lambda: Input((3, 4, 5, 6, 7)), ValueError, "rank 1 or 2 or 3 or 4 or 5"),
        (lambda: layers.deserialize({"class_name": "ConvLSTM3D", "config": {}}), ValueError, "unknown layer 'ConvLSTM3D'"),
    ],
)
def test_bad_arguments_are_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


# -- all layers -------------------------------------------------------------------------------------------------------

EXAMPLES = [
    LSTM(H, "relu", "hard_sigmoid", False, "he_normal", initializers.Orthogonal(2.0, seed=3), "ones", False),
    LSTM(H, return_sequences=True),
    LSTM(
        H,
        kernel_regularizer="l2",
        activity_regularizer=L1(0.5),
        recurrent_constraint={"class_name": "MaxNorm", "config": {"max_value": 2.0, "axis": [0, 1]}},
        dropout=0.25,
        recurrent_dropout=0.5,
        go_backwards=True,
        stateful=True,
        unroll=True,
        zero_output_for_mask=True,
    ),
    LSTM(H, peephole=True, output_activation="relu", cell_clip=3, coupled=True, projection=4, layer_norm=True, zoneout=0.1),
    LSTM(H, cell_zoneout=0.1, peephole_initializer="ones", projection_initializer="zeros", gamma_initializer="zeros"),
    LSTM(H, {"class_name": "elu", "config": {"alpha": 2.0}}, return_state=True, seed=4, dtype="float64", trainable=False),
    Dense(4, "softmax", kernel_initializer=initializers.RandomNormal(1.0, 2.0), input_shape=(None, D)),
    Dense(4, kernel_regularizer="l1", bias_regularizer="l2", kernel_constraint="unit_norm", bias_constraint="non_neg"),
    Dropout(0.25, (None, 1, None), seed=6),
    Activation("leaky_relu"),
    InputLayer((None, D), batch_size=5),
]


@pytest.mark.parametrize("layer", EXAMPLES, ids=lambda layer: type(layer).__name__)
def test_a_config_makes_an_equal_layer(layer):
    duplicate = layers.deserialize(layers.serialize(layer))
    assert type(duplicate) is type(layer)
    assert duplicate.get_config() == layer.get_config()
    assert duplicate.name == layer.name


@pytest.mark.parametrize("layer", EXAMPLES, ids=lambda layer: type(layer).__name__)
def test_the_output_has_the_shape_that_was_computed_for_it(layer):
    layer = layers.deserialize(layers.serialize(layer))
    y = layer(X)
    shape = y[0].shape if isinstance(y, tuple) else y.shape
    assert shape == layer.compute_output_shape((N, T, D))


@pytest.mark.parametrize("x", [X, X[:, 0]], ids=["sequences", "rows"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: Dense(4, "tanh", bias_initializer="random_normal", dtype="float64"),
        lambda: Dense(4, "softmax", use_bias=False, dtype="float64"),
        lambda: Activation("silu", dtype="float64"),
        lambda: Dropout(0.4, dtype="float64"),
        lambda: Dropout(0.0, dtype="float64"),
    ],
)
def test_gradients_of_other_layers_agree_with_finite_differences(make, x):
    layer = make()
    check_gradients(layer, x, RNG.normal(size=layer(x).shape))


def test_dx_is_left_out_where_nobody_needs_it():
    ops = get_ops()
    for layer in (lstm(), Dense(4, dtype="float64"), Activation("tanh", dtype="float64")):
        layer(X)
        result = layer.forward(ops, ops.gather(X, slice(None), "float64"), training=True)
        assert layer.backward(ops, result.tape, result.y, need_dx=False).dx is None


def test_names_count_up_as_in_keras():
    made = [LSTM(3), LSTM(3), Dense(3), LSTM(3), Input((3,)), LSTMCell(3)]
    assert [layer.name for layer in made] == ["lstm", "lstm_1", "dense", "lstm_2", "input_layer", "lstm_cell"]


def test_a_layer_computes_in_its_dtype():
    single, double = LSTM(H, dtype="float32"), lstm(return_sequences=False)
    single(X)
    single.set_weights(double.get_weights())
    assert single(X).dtype == np.float32
    assert_close(single(X), double(X), RECURRENT["float32"])


@pytest.mark.parametrize("dtype", ["float16", "int64", "bool"])
def test_other_real_inputs_are_cast(dtype):
    layer = LSTM(H)
    x = (X * 2).astype(dtype)
    assert np.array_equal(layer(x), layer(x.astype("float32")))


def test_set_weights_is_all_or_nothing():
    layer = Dense(4)
    layer(X)
    before = layer.get_weights()
    for wrong in ([before[0]], [before[0] + 1, before[1][:2]], [before[0] + 1, ["a"] * 4]):
        with pytest.raises((ValueError, TypeError)):
            layer.set_weights(wrong)
        assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), before, strict=True))


def test_a_failed_build_leaves_nothing_behind():
    layer = LSTM(H, recurrent_initializer=FailingOnce())
    with pytest.raises(ZeroDivisionError):
        layer(X)
    assert layer(X).shape == (N, H)
    assert len(layer.variables) == 3


def test_weights_cannot_be_set_before_the_layer_is_built():
    with pytest.raises(ValueError, match="dense is not built yet"):
        Dense(4).set_weights([X])


def test_a_layer_first_called_by_many_threads_is_built_once():
    layer = LSTM(H)
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(layer, [X] * 16))
    assert len(layer.variables) == 3
    assert all(np.array_equal(output, outputs[0]) for output in outputs)


def test_a_frozen_layer_has_no_trainable_weights():
    layer = Dense(4, trainable=False)
    layer(X)
    assert layer.trainable_weights == []
    assert layer.non_trainable_weights == layer.weights
    layer.trainable = True
    assert layer.trainable_weights == layer.weights


def test_parameters_cannot_be_counted_before_the_layer_is_built():
    with pytest.raises(ValueError, match="dense is not built yet"):
        Dense(4).count_params()
