"""Arguments of ``compile`` for the one output, as lists and by its name, and the loss's weight and reduction in training."""

from __future__ import annotations

import numpy as np
import pytest
from training_cases import LABELS, STEP_LABELS, WEIGHT, Y_STEPS, X, Y, make_model, same_weights

from numba_lstm import Sequential, losses
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.losses import Huber, MeanSquaredError, SparseCategoricalCrossentropy
from numba_lstm.optimizers import SGD
from numba_lstm.saving import load_model

SPARSE = "sparse_categorical_crossentropy"
REDUCTIONS = ["sum", "mean", "mean_with_sample_weight"]


def named(loss="mse", **options):
    model = Sequential([Input((5, 7)), LSTM(4), Dense(3, name="price")])
    model.compile("sgd", loss, **options)
    return model


@pytest.mark.parametrize("loss", ["mse", ["mse"], ("mse",), [["mse"]], {"price": "mse"}, {"price": ["mse"]}], ids=str)
def test_the_loss_of_the_one_output(loss):
    assert type(named(loss).loss) is MeanSquaredError


@pytest.mark.parametrize("weight", [0.5, [0.5], {"price": 0.5}, np.float32(0.5)], ids=str)
def test_the_weight_of_the_one_output(weight):
    assert named(loss_weights=weight).loss_weight == 0.5


@pytest.mark.parametrize("metrics", [["mae", "mse"], [["mae", "mse"]], {"price": ["mae", "mse"]}, [["mae"], ["mse"]]], ids=str)
@pytest.mark.parametrize("argument", ["metrics", "weighted_metrics"])
def test_the_metrics_of_the_one_output(argument, metrics):
    assert [metric.name for metric in named(**{argument: metrics}).metrics] == ["mae", "mse"]


def test_one_metric_by_the_outputs_name():
    assert [metric.name for metric in named(metrics={"price": "mae"}).metrics] == ["mae"]


@pytest.mark.parametrize(
    ("loss", "options", "sentence"),
    [
        (["mse", "mae"], {}, "loss must have one entry, for there is one output, got 2: ['mse', 'mae']."),
        ([], {}, "loss must have one entry, for there is one output, got 0: []."),
        (
            {"prize": "mse"},
            {},
            "loss must have the one key 'price', the name of the last layer, got 'prize'. Write loss={'price': ...}, "
            "or leave the dict out.",
        ),
        ("mse", {"loss_weights": [1.0, 2.0]}, "loss_weights must have one entry"),
        ("mse", {"loss_weights": {"a": 1.0}}, "loss_weights must have the one key 'price'"),
        ("mse", {"loss_weights": "2"}, "loss_weights must be a number in (-inf, inf), got '2'."),
        ("mse", {"loss_weights": float("nan")}, "loss_weights must be a number in (-inf, inf), got nan."),
        (None, {"loss_weights": 2.0}, "loss_weights=2.0 weighs a loss, but there is none. Give a loss."),
        ("mse", {"metrics": {"dense": ["mae"]}}, "metrics must have the one key 'price'"),
        ("mse", {"weighted_metrics": {"price": "mae", "b": "mae"}}, "weighted_metrics must have the one key 'price'"),
        ("mse", {"metrics": "mae"}, "metrics must be a list, got 'mae'. Write metrics=['mae']."),
        (
            MeanSquaredError("none"),
            {},
            "mean_squared_error has reduction='none', which is no number to train by. "
            "Compile with 'sum_over_batch_size' or 'sum', and call the loss by itself for a value a sample.",
        ),
        (
            MeanSquaredError(dtype="float64"),
            {},
            "mean_squared_error has dtype 'float64', but sequential computes in 'float32'. Leave the loss's dtype out.",
        ),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_changes_nothing(loss, options, sentence):
    model = Sequential([Input((5, 7)), LSTM(4), Dense(3, name="price")], name="sequential")
    model.compile("adam", "mae", loss_weights=3.0, metrics=["mse"])
    before = model.get_compile_config()
    with pytest.raises((TypeError, ValueError)) as caught:
        model.compile("sgd", loss, **options)
    assert sentence in str(caught.value)
    assert model.get_compile_config() == before


def test_a_dict_before_there_is_a_layer():
    with pytest.raises(ValueError, match="but there is no layer to name one. Add layers first."):
        Sequential().compile("sgd", {"dense": "mse"})


def test_a_loss_may_be_a_class_or_a_function():
    assert type(named(MeanSquaredError).loss) is MeanSquaredError
    assert type(named(losses.huber).loss) is Huber


def test_a_weight_scales_the_gradient_and_what_is_reported_but_no_penalty():
    moves, reported = [], []
    for weight in (1.0, 4.0):
        model = make_model(optimizer=SGD(0.25 / weight), dtype="float64")
        model.compile(model.optimizer, "mse", loss_weights=weight, metrics=["mse"])
        reported.append(model.evaluate(X, Y, verbose=0))
        start = model.get_weights()
        model.train_on_batch(X, Y)
        moves.append([a - b for a, b in zip(model.get_weights(), start, strict=True)])
    assert reported[1][0] == pytest.approx(4 * reported[0][0], rel=1e-15)
    assert reported[1][1] == reported[0][1]
    for one, other in zip(*moves, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_a_penalty_is_not_weighed():
    def loss(weight, penalty):
        model = Sequential([Input((7,)), Dense(2, kernel_regularizer=penalty)], dtype="float64")
        model.set_weights([np.full((7, 2), 0.5), np.zeros(2)])
        model.compile("sgd", "mse", loss_weights=weight)
        return model.evaluate(X[:, 0], Y[:, :2], verbose=0)

    penalty = loss(1.0, "l2") - loss(1.0, None)
    assert loss(3.0, "l2") == pytest.approx(3 * loss(1.0, None) + penalty, rel=1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_mask_leaves_steps_out_of_every_reduction(reduction):
    lengths, weight = np.array([5, 2, 1, 3, 5, 4, 2, 1, 5, 3, 2]), WEIGHT[:, None] * np.linspace(0.5, 1.5, 5)
    model = make_model(MeanSquaredError(reduction), sequences=True, dtype="float64")
    found = model.evaluate(X, Y_STEPS, verbose=0, batch_size=11, lengths=lengths, sample_weight=weight)
    mask = np.arange(5) < lengths[:, None]
    each = ((model(X, lengths=lengths) - Y_STEPS) ** 2).mean(axis=-1)
    total = np.sum(each * weight * mask)
    expected = {"sum": total, "mean": total / mask.sum(), "mean_with_sample_weight": total / np.sum(weight * mask)}
    assert found == pytest.approx(expected[reduction], rel=1e-12)


@pytest.mark.on_the_cpu(reason="other devices have no plans")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1.0, 0.3])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("loss", "y"), [(MeanSquaredError, Y), (SparseCategoricalCrossentropy, STEP_LABELS)])
def test_a_planned_step_has_the_bits_of_ops_one_by_one(loss, y, reduction, scale, dtype):
    models = []
    for planned in (True, False):
        model = make_model(sequences=y is STEP_LABELS, activation="softmax", dtype=dtype)
        model.compile("adam", loss(reduction=reduction), loss_weights=scale)
        model.run_eagerly = not planned
        values = [model.train_on_batch(X, y) for _ in range(4)]
        assert (len(model.training_plans) > 0) == planned
        models.append((values, model.get_weights()))
    assert models[0][0] == models[1][0]
    assert same_weights(models[0][1], models[1][1])


def test_another_weight_has_another_plan():
    model, other = make_model(), make_model()
    for one, planned in ((model, True), (other, False)):
        for weight in (1.0, 2.0):
            one.compile(one.optimizer, one.loss, loss_weights=weight, run_eagerly=not planned)
            for _ in range(3):
                one.train_on_batch(X, Y)
    assert same_weights(model.get_weights(), other.get_weights())


@pytest.mark.parametrize("ending", [".nlstm", ".keras"])
def test_files_keep_the_weight_and_the_reduction(tmp_path, ending):
    model = make_model(SparseCategoricalCrossentropy(reduction="sum"), activation="softmax")
    model.compile("adam", model.loss, loss_weights=[0.25], metrics=["acc"], weighted_metrics={model.layers[-1].name: ["acc"]})
    model.train_on_batch(X, LABELS)
    model.save(tmp_path / f"model{ending}")
    read = load_model(tmp_path / f"model{ending}")
    assert (read.loss.reduction, read.loss_weight) == ("sum", 0.25)
    assert read.evaluate(X, LABELS, verbose=0) == model.evaluate(X, LABELS, verbose=0)
