"""Names and arguments as Keras's programs spell them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from numba_lstm import Sequential, constraints, initializers, metrics, regularizers
from numba_lstm.callbacks import LambdaCallback, TerminateOnNaN
from numba_lstm.layers import (
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    Embedding,
    Input,
    InputLayer,
    LSTMCell,
    Masking,
    TimeDistributed,
)
from numba_lstm.metrics import BinaryAccuracy


@pytest.mark.parametrize(
    ("module", "name", "class_name"),
    [
        *((regularizers, *pair) for pair in [("l1", "L1"), ("l2", "L2"), ("l1_l2", "L1L2")]),
        (regularizers, "orthogonal_regularizer", "OrthogonalRegularizer"),
        *((constraints, *pair) for pair in [("max_norm", "MaxNorm"), ("non_neg", "NonNeg")]),
        *((constraints, *pair) for pair in [("unit_norm", "UnitNorm"), ("min_max_norm", "MinMaxNorm")]),
        *((initializers, *pair) for pair in [("zeros", "Zeros"), ("ones", "Ones"), ("constant", "Constant")]),
        *((initializers, *pair) for pair in [("identity", "Identity"), ("IdentityInitializer", "Identity")]),
        *((initializers, *pair) for pair in [("orthogonal", "Orthogonal"), ("OrthogonalInitializer", "Orthogonal")]),
        *((initializers, *pair) for pair in [("random_uniform", "RandomUniform"), ("random_normal", "RandomNormal")]),
        *((initializers, *pair) for pair in [("truncated_normal", "TruncatedNormal"), ("glorot_normal", "GlorotNormal")]),
        *((initializers, *pair) for pair in [("variance_scaling", "VarianceScaling"), ("glorot_uniform", "GlorotUniform")]),
        *((initializers, *pair) for pair in [("he_uniform", "HeUniform"), ("he_normal", "HeNormal")]),
        *((initializers, *pair) for pair in [("lecun_uniform", "LecunUniform"), ("lecun_normal", "LecunNormal")]),
    ],
)
def test_lower_case_names_are_the_classes(module, name, class_name):
    assert getattr(module, name) is getattr(module, class_name)


def test_lower_case_names_take_the_arguments():
    assert regularizers.l1_l2(l1=0.1, l2=0.2).get_config() == {"l1": 0.1, "l2": 0.2}
    assert regularizers.l2(0.5)([2.0]) == 2.0
    assert constraints.max_norm(3).get_config() == {"max_value": 3.0, "axis": 0}
    assert initializers.glorot_uniform(seed=3).get_config() == {"seed": 3}


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: Dense(3, input_dim=5), (None, 5)),
        (lambda: Dense(3, input_shape=(5,)), (None, 5)),
        (lambda: LSTM(3, input_dim=5), (None, None, 5)),
        (lambda: LSTM(3, input_dim=5, input_length=7), (None, 7, 5)),
        (lambda: LSTM(3, batch_input_shape=(2, 7, 5), stateful=True), (2, 7, 5)),
        (lambda: Bidirectional(LSTM(3, batch_input_shape=(2, 7, 5))), (2, 7, 5)),
        (lambda: Bidirectional(LSTM(3, input_shape=(7, 5))), (None, 7, 5)),
        (lambda: Bidirectional(LSTM(3), batch_input_shape=(2, 7, 5)), (2, 7, 5)),
        (lambda: TimeDistributed(Dense(3), input_shape=(7, 5)), (None, 7, 5)),
        (lambda: Embedding(9, 4, batch_input_shape=(2, 7)), (2, 7)),
        (lambda: Masking(0.0, input_shape=(7, 5)), (None, 7, 5)),
    ],
)
def test_a_layer_says_the_shape_of_the_input(make, shape):
    model = Sequential([make()])
    assert model.input_shape == shape
    assert Sequential.from_config(model.get_config()).input_shape == shape
    duplicate = type(model.layers[0]).from_config(make().get_config())
    assert duplicate.batch_input_shape == shape


def test_any_batch_size_is_taken_as_with_an_input():
    model = Sequential([Dense(2, batch_input_shape=(4, 3))], device="reference")
    assert model.predict(np.ones((7, 3)), verbose=0).shape == (7, 2)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Dense(3, input_dim=5, input_shape=(5,)), ValueError, "input_shape and input_dim say the same thing."),
        (
            lambda: LSTM(3, input_dim=3, batch_input_shape=(None, 5, 4)),
            ValueError,
            "input_dim and batch_input_shape say the same thing. Give input_shape=(time, features) alone.",
        ),
        (
            lambda: RNN(LSTMCell(3), input_dim=3, input_shape=(5, 4)),
            ValueError,
            "input_shape and input_dim say the same thing. Give input_shape=(time, features) alone.",
        ),
        (
            lambda: InputLayer(shape=(3, 2), input_shape=(5, 4)),
            ValueError,
            "Input expects shape or batch_shape, got shape=(3, 2) and input_shape=(5, 4). Give shape=(time, features) alone.",
        ),
        (
            lambda: InputLayer(batch_shape=(1, 3, 2), batch_input_shape=(1, 5, 4)),
            ValueError,
            "got batch_shape=(1, 3, 2) and batch_input_shape=(1, 5, 4). Give shape=(time, features) alone.",
        ),
        (
            lambda: InputLayer(shape=(3, 2), input_dim=7),
            ValueError,
            "got shape=(3, 2) and input_dim=7. Give shape=(time, features) alone.",
        ),
        (
            lambda: InputLayer(),
            ValueError,
            "Input expects shape or batch_shape, got no shape. Give shape=(time, features) alone.",
        ),
        (
            lambda: Bidirectional(LSTM(3, input_shape=(7, 5), name="one"), input_shape=(9, 4)),
            ValueError,
            "Bidirectional expects one shape, got (None, 9, 4) and that of one, (None, 7, 5). Give input_shape= once.",
        ),
        (
            lambda: Bidirectional(
                LSTM(3), backward_layer=LSTM(3, go_backwards=True, input_shape=(7, 5), name="two"), input_shape=(7, 4)
            ),
            ValueError,
            "Bidirectional expects one shape, got (None, 7, 4) and that of two, (None, 7, 5). Give input_shape= once.",
        ),
        (lambda: Dense(3, input_dim=0), ValueError, "input_dim must be at least 1, got 0."),
        (
            lambda: LSTM(3, input_length=5),
            ValueError,
            "LSTM's input_length needs input_dim. Give input_shape=(time, features).",
        ),
        (
            lambda: Dense(3, weights=[1]),
            TypeError,
            "has no argument 'weights'. Call layer.set_weights([...]) when it is built.",
        ),
        (
            lambda: Bidirectional(LSTM(3), "sum", [1]),
            TypeError,
            "Bidirectional has no argument 'weights'. Call layer.set_weights",
        ),
        (
            lambda: LSTM(3, batch_shape=(2, 3, 4)),
            TypeError,
            "LSTM has no argument 'batch_shape'. Write input_shape= without the batch axis, or Input(batch_shape=...) as the",
        ),
        (lambda: LSTM(3, time_major=True), TypeError, "LSTM does not take 'time_major' yet, got True. Leave it out."),
        (
            lambda: Sequential([], "name"),
            TypeError,
            "Sequential's trainable must be True or False, got 'name'. A name is given",
        ),
        (lambda: Input((3,), sparse=True), TypeError, "Input does not take sparse=True: an input is a dense array."),
        (lambda: Input((3,), 4, batch_shape=(4, 3)), ValueError, "Input expects shape or batch_shape"),
        (lambda: Input(None, 4, batch_shape=(4, 3)), ValueError, "has the batch size. Leave out batch_size=4."),
        (
            lambda: BinaryAccuracy("a", 0.3),
            ValueError,
            "a metric's dtype must be 'float32' or 'float64', and has no effect, got 0.3.",
        ),
    ],
)
def test_what_is_not_taken_says_what_to_write(make, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        make()


def test_input_layers_take_the_names_of_keras_2():
    assert InputLayer(input_shape=(7, 5)).batch_shape == (None, 7, 5)
    assert InputLayer(batch_input_shape=(2, 7, 5)).batch_shape == (2, 7, 5)
    assert InputLayer(input_dim=5, batch_size=2).batch_shape == (2, 5)


def test_shapes_that_agree_are_taken():
    assert Bidirectional(LSTM(3, input_shape=(7, 5)), batch_input_shape=(2, 7, 5)).batch_input_shape == (2, 7, 5)
    assert Bidirectional(LSTM(3, input_shape=(None, 5)), input_shape=(7, 5)).batch_input_shape == (None, 7, 5)


def test_input_length_of_an_embedding_is_taken_with_a_warning():
    with pytest.warns(UserWarning, match="^Embedding's input_length has no effect: data have the length. Leave it out.$"):
        model = Sequential([Embedding(9, 4, input_length=7), LSTM(2)], device="reference")
    assert not model.built
    assert model.predict(np.ones((2, 5)), verbose=0).shape == (2, 2)


def test_embedding_takes_the_table_in_a_list():
    table = np.arange(6.0).reshape(3, 2)
    layer = Embedding(3, 2, weights=[table], trainable=False)
    np.testing.assert_array_equal(layer(np.array([[2, 0]])), [[table[2], table[0]]])


# -- positions --------------------------------------------------------------------------------------------------------


def test_positions_are_those_of_keras():
    model = Sequential([Input((7, 5), 2, "float32"), LSTM(3)], False, "mine")
    assert (model.name, model.trainable, model.input_shape) == ("mine", False, (2, 7, 5))
    layer = Bidirectional(LSTM(3), "sum", None, LSTM(3, go_backwards=True, name="other"))
    assert (layer.merge_mode, layer.backward_layer.name) == ("sum", "other")
    assert BinaryAccuracy("b", "float32", 0.3).get_config() == {"name": "b", "threshold": 0.3}
    assert InputLayer((5,), 2, None, None, None, None, None, False, "first").name == "first"
    record = []
    callback = LambdaCallback(None, lambda epoch, logs: record.append(epoch))
    model = Sequential([Dense(1)], device="reference")
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 1)), epochs=2, verbose=0, callbacks=[callback])
    assert record == [0, 1]


def test_terminate_on_nan_can_raise():
    model = Sequential([Dense(1)], device="reference")
    model.compile("sgd", "mse")
    with (
        pytest.warns(RuntimeWarning),
        pytest.raises(RuntimeError, match="the loss of batch 0 is nan, and TerminateOnNaN has raise_error=True."),
    ):
        model.fit(np.full((2, 3), np.nan), np.ones((2, 1)), verbose=0, callbacks=[TerminateOnNaN(True)])


@pytest.mark.parametrize("module", [initializers, regularizers, constraints, metrics])
def test_deserialize_takes_classes_of_ones_own(module):
    base = {initializers: "Initializer", regularizers: "Regularizer", constraints: "Constraint", metrics: "MeanSquaredError"}
    cls = type("Mine", (getattr(module, base[module]),), {})
    config = module.serialize(cls())
    assert type(module.deserialize(config, {"Mine": cls})) is cls
    with pytest.raises(ValueError, match="'Mine'"):
        module.deserialize(config)
