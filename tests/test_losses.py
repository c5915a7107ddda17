"""Losses by themselves. What training does with them is compared with Keras in ``test_keras_training``."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import Sequential, losses
from numba_lstm.layers import LSTM, Dense, Masking

DRAW = np.random.default_rng(23)
Y, TARGET = DRAW.normal(size=(3, 5, 7)), DRAW.normal(size=(3, 5, 7))
NAMES = {
    "MeanSquaredError": ("mean_squared_error", "mse", "MSE"),
    "MeanAbsoluteError": ("mean_absolute_error", "mae", "MAE"),
    "Huber": ("huber",),
    "LogCosh": ("log_cosh", "logcosh"),
    "BinaryCrossentropy": ("binary_crossentropy",),
    "CategoricalCrossentropy": ("categorical_crossentropy",),
    "SparseCategoricalCrossentropy": ("sparse_categorical_crossentropy",),
}


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, names in NAMES.items() for name in (cls, *names)])
def test_a_loss_has_keras_names(cls, name):
    assert type(losses.get(name)) is getattr(losses, cls)


@pytest.mark.parametrize(("cls", "names"), NAMES.items())
def test_a_function_stands_for_its_class(cls, names):
    assert type(losses.get(getattr(losses, names[0]))) is getattr(losses, cls)


def test_an_object_stands_for_itself():
    loss = losses.Huber(0.5)
    assert losses.get(loss) is loss


def test_a_loss_is_a_mean_over_all_leading_axes():
    expected = np.mean((Y - TARGET) ** 2)
    assert_close(losses.MeanSquaredError()(TARGET, Y), expected, ELEMENTWISE["float64"])


def test_weights_count_in_the_sum_but_not_in_the_number():
    weight = DRAW.uniform(size=(3, 5))
    expected = np.sum(weight * np.mean(np.abs(Y - TARGET), axis=-1)) / 15
    assert_close(losses.MeanAbsoluteError()(TARGET, Y, weight), expected, ELEMENTWISE["float64"])


def test_a_weight_a_sample_counts_for_all_its_steps():
    weight = DRAW.uniform(size=3)
    steps = np.repeat(weight[:, None], 5, axis=1)
    assert losses.LogCosh()(TARGET, Y, weight) == losses.LogCosh()(TARGET, Y, steps)


def test_a_function_answers_one_value_a_row():
    assert_close(losses.mean_squared_error(TARGET, Y), np.mean((Y - TARGET) ** 2, axis=-1), ELEMENTWISE["float64"])


def test_a_function_of_one_row_answers_a_number():
    assert losses.huber([1.0, 2.0], [2.0, 5.0]) == 1.5  # (1 / 2 + (3 - 1 / 2)) / 2


def test_float32_stays_float32():
    assert losses.log_cosh(TARGET, Y.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    "loss",
    [
        losses.Huber(0.25, name="mine"),
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.125),
        losses.CategoricalCrossentropy(label_smoothing=0.5),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        losses.MeanSquaredError(),
    ],
    ids=lambda loss: loss.name,
)
def test_a_config_makes_an_equal_loss(loss):
    duplicate = losses.deserialize(losses.serialize(loss))
    assert (type(duplicate), duplicate.spec, duplicate.name) == (type(loss), loss.spec, loss.name)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: losses.get("mean_sqared_error"), "unknown loss 'mean_sqared_error', did you mean 'mean_squared_error'"),
        (lambda: losses.get(abs), "loss must be a name"),
        (
            lambda: losses.get("crossentropy"),
            "'crossentropy' stands for three losses. Write 'binary_crossentropy' for outputs of one unit, "
            "'sparse_categorical_crossentropy' for labels, or 'categorical_crossentropy' for one-hot targets.",
        ),
        (
            lambda: losses.MeanSquaredError(reduction="auto"),
            "the reduction of mean_squared_error must be one of 'sum_over_batch_size', 'mean', 'sum', "
            "'mean_with_sample_weight', None, 'none', got 'auto'. Leave it out for the mean.",
        ),
        (lambda: losses.Huber(dtype="float16"), "the dtype of huber_loss must be 'float32' or 'float64', got 'float16'."),
        (lambda: losses.Huber(delta=0), r"delta must be a number in \(0, inf\), got 0"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), r"label_smoothing must be a number in \[0, 1\], got 1.5"),
        (lambda: losses.CategoricalCrossentropy(axis=1), "axis=-1 only, got 1"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class="0"), "ignore_class must be a whole number, got '0'"),
        (lambda: losses.Quantile(()), "quantiles must hold at least one number"),
        (lambda: losses.Quantile((0.1, 1.5)), r"quantiles\[1\] must be a number in \(0, 1\), got 1.5"),
        (lambda: losses.Quantile((0.1, 0.9))(TARGET[..., :1], Y), "quantile has 2 quantiles, but the output has the shape"),
        (lambda: losses.GaussianNLL()(TARGET[..., :3], Y), r"output has the shape \(3, 5, 7\). End the model with an even"),
        (lambda: losses.MeanSquaredError()(TARGET[:2], Y), "the same number of samples, got 3 and 2"),
        (
            lambda: losses.MeanSquaredError()(TARGET, Y, [1.0, 2.0]),
            r"sample_weight must have the shape \(3,\) or \(3, 5\), got \(2,\)",
        ),
        (lambda: losses.mean_squared_error(1.0, 2.0), "y_pred must have at least one axis"),
    ],
)
def test_a_wrong_argument_is_a_sentence(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


CLASSES = sorted({type(losses.get(name)) for name in losses.LOSSES}, key=str)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("reduction", ["sum", "mean_with_sample_weight", "none", None])
def test_a_config_keeps_a_reduction_and_a_dtype(cls, reduction):
    loss = cls(reduction=reduction, name="mine", dtype="float64")
    duplicate = losses.deserialize(losses.serialize(loss))
    assert (duplicate.reduction, duplicate.name, duplicate.dtype) == (reduction, "mine", "float64")


ORDERS = {
    losses.MeanSquaredError: "reduction name dtype",
    losses.MeanAbsoluteError: "reduction name dtype",
    losses.LogCosh: "reduction name dtype",
    losses.Huber: "delta reduction name dtype",
    losses.BinaryCrossentropy: "from_logits label_smoothing axis reduction name dtype",
    losses.CategoricalCrossentropy: "from_logits label_smoothing axis reduction name dtype",
    losses.SparseCategoricalCrossentropy: "from_logits ignore_class reduction axis name dtype",
}


@pytest.mark.parametrize("cls", ORDERS, ids=lambda cls: cls.__name__)
def test_arguments_stand_in_keras_order(cls):
    assert " ".join(inspect.signature(cls).parameters) == ORDERS[cls]


def test_a_dtype_is_that_of_a_loss_by_itself():
    y, target = np.array([[1.0 + 1e-9]]), np.array([[1.0]])
    assert losses.MeanAbsoluteError()(target, y) == pytest.approx(1e-9, rel=1e-6)
    assert losses.MeanAbsoluteError(dtype="float32")(target, y) == 0.0


@pytest.mark.parametrize("reduction", ["none", None])
def test_without_a_reduction_there_is_a_value_a_step(reduction):
    actual = losses.MeanSquaredError(reduction)(np.zeros((2, 3, 4)), np.full((2, 3, 4), 2.0), np.array([1.0, 0.5]))
    np.testing.assert_array_equal(actual, [[4.0] * 3, [2.0] * 3])


def test_without_any_weight_a_mean_by_weights_is_zero():
    assert losses.MeanSquaredError("mean_with_sample_weight")(np.zeros((2, 1)), np.ones((2, 1)), np.zeros(2)) == 0.0


KERAS_NAMES = {
    losses.MeanSquaredError: "mse MSE mean_squared_error MeanSquaredError",
    losses.MeanAbsoluteError: "mae MAE mean_absolute_error MeanAbsoluteError",
    losses.Huber: "huber Huber",
    losses.LogCosh: "log_cosh LogCosh",
    losses.BinaryCrossentropy: "bce BCE binary_crossentropy BinaryCrossentropy",
    losses.CategoricalCrossentropy: "categorical_crossentropy CategoricalCrossentropy",
    losses.SparseCategoricalCrossentropy: "sparse_categorical_crossentropy SparseCategoricalCrossentropy",
}


@pytest.mark.parametrize("cls", KERAS_NAMES, ids=lambda cls: cls.__name__)
def test_a_loss_has_all_of_keras_names_and_may_be_its_class_or_function(cls):
    names = KERAS_NAMES[cls].split()
    function = getattr(losses, next(name for name in reversed(names) if name.islower()))
    assert {type(losses.get(name)) for name in (*names, cls, function)} == {cls}


def test_a_quantile_an_output():
    target, levels = TARGET[..., :1], np.array([0.1, 0.5, 0.9])
    e = target - Y[..., :3]
    expected = np.mean(np.maximum(levels * e, (levels - 1) * e))
    loss = losses.Quantile(levels.tolist())
    assert_close(loss(target, Y[..., :3]), expected, ELEMENTWISE["float64"])
    assert loss(target[..., 0], Y[..., :3]) == loss(target, Y[..., :3])
    assert losses.Quantile(0.5)(target, Y[..., :1]) == pytest.approx(losses.MeanAbsoluteError()(target, Y[..., :1]) / 2)


def test_a_likelihood_of_means_and_logarithms_of_scales():
    mean, s, target = Y[..., :3], Y[..., 3:6], TARGET[..., :3]
    gaussian = (s + (target - mean) ** 2 / np.exp(s)) / 2 + np.log(2 * np.pi) / 2
    assert_close(losses.GaussianNLL(full=True)(target, Y[..., :6]), gaussian.mean(), ELEMENTWISE["float64"])
    cauchy = s + np.log(np.pi) + np.log1p(((target - mean) / np.exp(s)) ** 2)  # Student's t of one degree of freedom
    assert_close(losses.StudentTNLL(1)(target, Y[..., :6]), cauchy.mean(), ELEMENTWISE["float64"])


@pytest.mark.parametrize(
    ("loss", "units", "shape"),
    [(losses.Quantile((0.2, 0.8)), 2, (6, 5)), (losses.GaussianNLL(), 4, (6, 5, 2)), ("student_t_nll", 2, (6, 5, 1))],
    ids=["quantile", "gaussian", "student"],
)
@pytest.mark.parametrize("ragged", [False, True])
def test_targets_of_another_shape_than_the_output(loss, units, shape, ragged):
    x, y = DRAW.normal(size=(6, 5, 2)), DRAW.normal(size=shape)
    model = Sequential([LSTM(3, return_sequences=True), Dense(units)], device="reference")
    model.compile("adam", loss)
    x, y = (list(x), list(y)) if ragged else (x, y)
    history = model.fit(x, y, epochs=4, verbose=0).history["loss"]
    assert history[-1] < history[0]
    with pytest.raises(ValueError, match="does not fit the model's output"):
        model.fit(x, DRAW.normal(size=(6, 5, 7)) if not ragged else [np.zeros((5, 7))] * 6, verbose=0)


def test_an_ignored_class_counts_nothing_with_a_mask_too():
    x, y = DRAW.normal(size=(4, 5, 2)), DRAW.integers(0, 3, (4, 5))
    x[:, 3:], y[0, 1], y[2, 0] = 9.0, -1, -1
    model = Sequential([Masking(9.0), LSTM(3, return_sequences=True), Dense(3, activation="softmax")], device="reference")
    model.compile("sgd", losses.SparseCategoricalCrossentropy(ignore_class=-1))
    counted = (x[..., 0] != 9.0) & (y != -1)
    rows = losses.sparse_categorical_crossentropy(np.maximum(y, 0), model.predict(x, verbose=0))
    assert model.evaluate(x, y, verbose=0) == pytest.approx(rows[counted].mean(), rel=1e-5)
