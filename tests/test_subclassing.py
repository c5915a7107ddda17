"""Classes of one's own: what they override works, or the class statement says what does; the advice itself works."""

from __future__ import annotations

import re

import pytest
from custom_models import X, compiled, define, fitted

from numba_lstm import Model, Sequential, callbacks, constraints, initializers, losses, metrics, optimizers, regularizers
from numba_lstm.layers import LSTM, RNN, Activation, Dense, Layer, LSTMCell
from numba_lstm.optimizers import schedules

LOOP = "Override train_step(self, data), as docs/extending.md shows under 'Steps of your own'."


MODEL = "Override forward and backward, or put a layer of your own into the model."


REPORTED = "Compute them from model.predict(x) in on_epoch_end of a Callback."


LAYER = (
    "Derive a class from Layer with a method call(self, x) that uses numba_lstm.ops and other layers, or override forward and "
    "backward, as docs/extending.md shows under 'Classes of your own'."
)


LOSS = "Override call(self, y_true, y_pred), which uses numba_lstm.ops and returns the losses before the reduction."


METRIC = (
    "Override update_state(self, y_true, y_pred, sample_weight=None) and result(self), or finish(self, mean) for a function of "
    "the mean over all elements."
)


OPTIMIZER = (
    "Override update_weights(self, ops, gradients, variables), which may change both before and after super().update_weights."
)


REFUSED = [
    (Sequential, "make_train_function", LOOP),
    (Sequential, "compute_loss", "Give compile(loss=...) a function of your own, or override train_step(self, data)."),
    (Sequential, "make_test_function", "Override test_step(self, data)."),
    (Sequential, "make_predict_function", "Override predict_step(self, data)."),
    (Sequential, "call", MODEL),
    (Sequential, "__call__", MODEL),
    (Sequential, "compute_metrics", REPORTED),
    (Sequential, "metrics", REPORTED),
    (Model, "metrics", REPORTED),
    *((base, "call", LAYER) for base in (Dense, LSTM, Activation, LSTMCell, RNN)),
    (Dense, "__call__", LAYER),
    (Layer, "compute_mask", "Let forward return the mask: Forward(y, mask=mask)."),
    (LSTM, "get_initial_state", "Give the first states to the call: layer(x, initial_state=[h, c])."),
    (losses.MeanSquaredError, "__call__", LOSS),
    (metrics.Metric, "merge_state", METRIC),
    (metrics.MeanSquaredError, "__call__", METRIC),
    (optimizers.Optimizer, "update_step", OPTIMIZER),
    (optimizers.Adam, "apply_gradients", OPTIMIZER),
]


def nothing(self, *args, **kwargs):
    raise AssertionError


@pytest.mark.parametrize(("base", "name", "advice"), REFUSED, ids=[f"{base.__name__}.{name}" for base, name, _ in REFUSED])
def test_what_would_be_ignored_is_refused_at_the_class_statement(base, name, advice):
    sentence = f"Mine overrides {name}, which is never called here. {advice}"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        define(base, **{name: nothing})


def test_so_it_is_in_a_class_beside_the_base_or_above_it():
    class Steps:
        make_train_function = nothing

    with pytest.raises(TypeError, match="Mine overrides make_train_function, which is never called here"):
        type("Mine", (Steps, Sequential), {})
    between = define(Dense, forward=Dense.forward)
    with pytest.raises(TypeError, match="Mine overrides call"):
        define(between, call=nothing)


@pytest.mark.parametrize(
    ("base", "members", "sentence"),
    [
        (Layer, {"forward": lambda self, x: x}, "Mine.forward is called as forward(ops, x, states=None, mask=None, "),
        (
            Dense,
            {"backward": lambda self, ops, tape, dy: 0},
            "Mine.backward is called as backward(ops, tape, dy, dstates=None",
        ),
        (Dense, {"build": lambda self: 0}, "Mine.build is called as build(input_shape), but too many positional"),
        (Sequential, {"forward": lambda self, x: x}, "Mine.forward is called as forward(x, training=False, rng=None, "),
        (
            optimizers.SGD,
            {"update_weights": lambda self, gradients, variables: 0},
            "Mine.update_weights is called as update_weights(ops, ",
        ),
        (metrics.Metric, {"finish": lambda self: 0}, "Mine.finish is called as finish(mean), but"),
        (constraints.Constraint, {"__call__": lambda self: 0}, "Mine.__call__ is called as __call__(w), but"),
        (initializers.Initializer, {"__call__": lambda self, shape: 0}, "Mine.__call__ is called as __call__(shape, dtype="),
        (schedules.LearningRateSchedule, {"__call__": lambda self: 0}, "Mine.__call__ is called as __call__(step), but"),
        (
            callbacks.Callback,
            {"on_epoch_end": lambda self, epoch: 0},
            "Mine.on_epoch_end must take (epoch, logs), got (epoch). Write on_epoch_end(epoch, logs).",
        ),
        (
            callbacks.Callback,
            {"on_train_batch_end": lambda self, batch, log: 0},
            "Mine.on_train_batch_end must take (batch, logs), got (batch, log). Write on_train_batch_end(batch, logs).",
        ),
        (
            callbacks.Callback,
            {"on_epoch_ends": nothing},
            "Mine defines on_epoch_ends, which is no hook and never called, did you mean 'on_epoch_end'?",
        ),
        (
            regularizers.Regularizer,
            {"__call__": lambda self, x: 0.0},
            "Mine overrides __call__ without gradient, and training follows the gradient while the loss reports the penalty. "
            "Override both.",
        ),
        (regularizers.L2, {"gradient": lambda self, x: x}, "Mine overrides gradient without __call__, and training follows"),
    ],
)
def test_a_method_that_could_not_be_called_is_refused_at_the_class_statement(base, members, sentence):
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}"):
        define(base, **members)


def test_layers_without_their_methods_say_so():
    with pytest.raises(NotImplementedError, match=r"Mine must define forward\(\.\.\.\), which computes its output"):
        define(Layer)()(X)
    keeps = define(Layer, forward=lambda self, ops, x, *rest: Dense.forward.__globals__["Forward"](x))
    with pytest.raises(NotImplementedError, match=r"Mine must define backward\(\.\.\.\), without which nothing can be trained"):
        fitted(compiled(stack=[LSTM(3), keeps(), Dense(1)]))
