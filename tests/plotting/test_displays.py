"""Displays: their data against models and definitions, and what they draw. The pictures have no reference files."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402

from numba_lstm.layers import (  # noqa: E402
    GRU,
    LSTM,
    ActivityRegularization,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Input,
)
from numba_lstm.models import Model, Sequential  # noqa: E402
from numba_lstm.plotting import (  # noqa: E402
    AttentionDisplay,
    GatesDisplay,
    LearningCurveDisplay,
    MemoryDisplay,
    SaliencyDisplay,
    WeightsDisplay,
)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


def model(**options):
    return Sequential(
        [Input((None, 2)), LSTM(4, return_sequences=True, **options), Bidirectional(LSTM(3, dropout=0.5)), Dense(2)],
        dtype="float64",
    )


def nested():
    """A model whose inner model normalizes by the batch in training."""
    inner = Sequential([Input((9, 2)), BatchNormalization()], dtype="float64")
    return Sequential([Input((9, 2)), inner, LSTM(3), Dense(2)], dtype="float64")


X = np.random.default_rng(1).normal(size=(9, 2))


@pytest.mark.parametrize(
    "options", [{}, {"zoneout": 0.2, "cell_zoneout": 0.1}, {"projection": 3, "peephole": True}, {"layer_norm": True}]
)
def test_hidden_states_of_gates_are_the_outputs_of_the_layer(options):
    net = model(**options)
    values = GatesDisplay.from_estimator(net, X).values
    expected = Model(net.inputs, net.layers[0].output).predict(X[None], verbose=0)[0]
    np.testing.assert_allclose(values.h, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(values.x, X)


def test_cell_state_follows_from_the_gates():
    values = GatesDisplay.from_estimator(model(), X).values
    before = np.vstack([np.zeros(4), values.c[:-1]])
    np.testing.assert_allclose(values.f * before + values.i * values.g, values.c, rtol=1e-12)
    np.testing.assert_allclose(values.o * np.tanh(values.c), values.h, rtol=1e-12)


def test_layers_of_a_bidirectional_read_its_input_each_in_its_direction():
    net = model()
    pair = net.layers[1]
    ahead = GatesDisplay.from_estimator(net, X, layer=pair.forward_layer).values
    back = GatesDisplay.from_estimator(net, X, layer=pair.backward_layer.name).values
    expected = Model(net.inputs, pair.output).predict(X[None], verbose=0)[0]
    np.testing.assert_allclose([*ahead.h[-1], *back.h[0]], expected, rtol=1e-10)


def test_a_decoder_begins_with_the_states_of_its_call():
    x = Input((None, 2), dtype="float64")
    _, h, c = LSTM(4, return_state=True, dtype="float64")(x)
    decoder = LSTM(4, return_sequences=True, dtype="float64")
    pair = Bidirectional(LSTM(4, return_sequences=True, dtype="float64"))
    y, z = decoder(x, initial_state=[h, c]), pair(x, initial_state=[h, c, c, h])
    expected = [value[0] for value in Model(x, [y, z]).predict(X[None], verbose=0)]
    net = Model(x, [y, z])
    found = [
        GatesDisplay.from_estimator(net, X, layer=one).values.h for one in (decoder, pair.forward_layer, pair.backward_layer)
    ]
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-10)
    np.testing.assert_allclose(np.hstack(found[1:]), expected[1], rtol=1e-10)


def test_drawn_units_are_those_chosen_or_those_that_vary_most():
    net = model()
    display = GatesDisplay.from_estimator(net, X, units=[3, 0])
    assert [line.get_label() for line in display.ax_[1].lines] == ["unit 3", "unit 0"]
    np.testing.assert_array_equal(display.ax_[5].lines[1].get_ydata(), display.values.c[:, 0])
    deviations = display.values.c.std(axis=0)
    assert GatesDisplay.from_estimator(net, X).units == sorted(np.argsort(deviations)[-3:])


def test_memory_is_the_mean_product_of_forget_gates():
    net = model(cell_zoneout=0.1)
    display = MemoryDisplay.from_estimator(net, X, max_lag=3)
    share = 0.1 + 0.9 * GatesDisplay.from_estimator(net, X).values.f
    np.testing.assert_array_equal(display.retention[0], np.ones(4))
    np.testing.assert_allclose(display.retention[1], share[1:].mean(axis=0))
    np.testing.assert_allclose(display.retention[2], (share[1:-1] * share[2:]).mean(axis=0))
    assert MemoryDisplay(np.array([[1.0, 1.0], [0.4, 0.9], [0.1, 0.8]])).horizon.tolist() == [1, 3]
    np.testing.assert_array_equal(display.plot().ax_.lines[2].get_ydata(), display.retention[:, 2])


def test_saliency_is_the_derivative_of_the_prediction_without_dropout():
    net = Sequential(
        [
            Input((9, 2)),
            ActivityRegularization(l2=1.0),
            Bidirectional(LSTM(3, dropout=0.5, kernel_regularizer="l2")),
            BatchNormalization(),
            Dropout(0.5),
            Dense(2),
        ],
        dtype="float64",
    )
    display = SaliencyDisplay.from_estimator(net, X, output=1)
    change = np.zeros_like(X)
    change[4, 0] = 1e-6
    difference = (net.predict((X + change)[None], verbose=0) - net.predict((X - change)[None], verbose=0))[0, 1] / 2e-6
    assert display.gradient[4, 0] == pytest.approx(difference, rel=1e-5)
    np.testing.assert_array_equal(display.ax_[1].images[0].get_array(), np.abs(display.gradient).T)


def test_learning_curves_have_training_and_validation_by_name():
    history = {"loss": [2.0, 1.0], "mae": [3.0, 2.0], "val_loss": [2.5, 1.5], "learning_rate": [0.1, 0.1]}
    display = LearningCurveDisplay.from_history(history)
    assert display.metrics == ["loss", "mae", "learning_rate"]
    assert [line.get_label() for line in display.ax_[0].lines] == ["training", "validation"]
    assert display.ax_[0].lines[1].get_ydata().tolist() == [2.5, 1.5]
    assert len(display.ax_[1].lines) == 1


def test_weights_are_in_the_columns_of_their_gates():
    net = model()
    display = WeightsDisplay.from_estimator(net)
    kernel = np.asarray(net.layers[0].kernel)
    assert [axes.get_title() for axes in display.ax_[0]] == ["input gate i", "forget gate f", "candidate g", "output gate o"]
    np.testing.assert_array_equal(display.ax_[0, 1].images[0].get_array(), kernel[:, 4:8])


def test_attention_takes_one_head_or_the_mean_and_cuts_what_has_no_label():
    scores = np.random.default_rng(0).dirichlet(np.ones(4), size=(1, 2, 3))
    np.testing.assert_array_equal(AttentionDisplay.from_scores(scores, head=1).scores, scores[0, 1])
    display = AttentionDisplay.from_scores(scores, queries="ab", keys="xyz")
    np.testing.assert_allclose(display.ax_.images[0].get_array(), scores[0].mean(axis=0)[:2, :3])
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["x", "y", "z"]


def test_displays_draw_into_axes_of_the_user_and_return_themselves():
    figure, (left, right) = pyplot.subplots(1, 2)
    gates = GatesDisplay.from_estimator(model(), X)
    assert gates.plot(left) is gates
    assert gates.figure_ is figure
    memory = MemoryDisplay.from_estimator(model(), X, ax=right)
    assert memory.ax_ is right


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GatesDisplay.from_estimator(model(), X, units=[4]), "has 4 units: 0 to 3"),
        (lambda: GatesDisplay.from_estimator(model(), X, layer="gru"), "none of the LSTMs of"),
        (lambda: GatesDisplay.from_estimator(Sequential([Input((None, 2)), GRU(2)]), X), "has no LSTM of its own"),
        (lambda: GatesDisplay.from_estimator(model(), np.zeros((2, 9, 2))), "takes one sequence of shape"),
        (lambda: MemoryDisplay.from_estimator(model(), X, max_lag=9), "from 1 to 8"),
        (lambda: MemoryDisplay.from_estimator(model(), X[:1]), "longer sequence"),
        (lambda: SaliencyDisplay.from_estimator(model(), X, output=2), "Pass an index of one number"),
        (lambda: SaliencyDisplay.from_estimator(model(zoneout=0.1), X), "has zoneout"),
        (lambda: SaliencyDisplay.from_estimator(nested(), X), "but computes .* in training"),
        (lambda: LearningCurveDisplay.from_history({"loss": [1.0], "val_loss": [1.0]}, metrics=["val_loss"]), "'val_loss'"),
        (lambda: LearningCurveDisplay.from_history({}), "no epoch yet"),
        (lambda: LearningCurveDisplay.from_history({"loss": [1.0]}, metrics=["acc"]), "'acc'"),
        (lambda: AttentionDisplay.from_scores(np.zeros((2, 2, 3, 4))), "those of one sample"),
        (lambda: AttentionDisplay.from_scores(np.zeros((3, 4)), keys="abcde"), "Pass at most 4"),
        (lambda: AttentionDisplay.from_scores(np.zeros((2, 3, 4)), head=2), "0 to 1"),
    ],
)
def test_wrong_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
