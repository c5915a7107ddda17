"""Callbacks one by one, and when the loop calls them. Keras's order of hooks is compared in ``test_keras_training``."""

from __future__ import annotations

import numpy as np
import pytest
from callback_feeding import FakeModel, feed
from training_cases import X, Y, make_model, same_weights

from numba_lstm import callbacks
from numba_lstm.callbacks.dispatch import CallbackList
from numba_lstm.optimizers import SGD
from numba_lstm.optimizers.schedules import ExponentialDecay

QUIET = {"batch_size": 4, "verbose": 0}  # three batches an epoch


# -- which hooks are called ---------------------------------------------------------------------------------------------


def test_without_a_listener_no_logs_are_made():
    listeners = CallbackList([callbacks.EarlyStopping()], add_history=True, model=FakeModel(), verbose=0, epochs=1, steps=3)
    assert listeners.batch_begin("on_train_batch_begin") is None
    assert listeners.batch_end("on_train_batch_end", dict) is None


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_batch_end"])
def test_a_hook_of_batches_sees_the_loss_so_far(hook):
    record = []
    model = make_model()
    callback = type(
        "Seeing", (callbacks.Callback,), {hook: lambda self, batch, logs=None: record.append((batch, logs["loss"]))}
    )()
    history = model.fit(X, Y, callbacks=[callback], **QUIET)
    assert [batch for batch, _ in record] == [0, 1, 2]
    assert record[-1][1] == history.history["loss"][0]


def test_a_hook_may_be_an_attribute():
    record = []
    callback = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: record.append(batch), on_train_end=lambda logs: record.append("end")
    )
    make_model().fit(X, Y, callbacks=callback, **QUIET)
    assert record == [0, 1, 2, "end"]


def test_hooks_of_evaluate_and_predict():
    class Counting(callbacks.Callback):
        def __init__(self):
            self.calls = []

        def on_test_begin(self, logs=None):
            self.calls.append("test")

        def on_test_batch_end(self, batch, logs=None):
            self.calls.append(batch)

        def on_test_end(self, logs=None):
            self.calls.append(sorted(logs))

        def on_predict_batch_begin(self, batch, logs=None):
            self.calls.append(-batch)

        def on_predict_end(self, logs=None):
            self.calls.append("predicted")

    counting = Counting()
    model = make_model()
    model.evaluate(X, Y, callbacks=[counting], **QUIET)
    model.predict(X, callbacks=[counting], **QUIET)
    assert counting.calls == ["test", 0, 1, 2, ["loss"], 0, -1, -2, "predicted"]


def test_stop_training_ends_after_the_present_batch():
    model = make_model()
    stop = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", batch == 1))
    history = model.fit(X, Y, epochs=5, callbacks=[stop], **QUIET)
    assert history.epoch == [0]
    assert model.optimizer.iterations == 2


def test_params_are_keras_names():
    record = callbacks.Callback()
    make_model().fit(X, Y, epochs=2, callbacks=[record], **QUIET)
    assert dict(record.params) == {"verbose": 0, "epochs": 2, "steps": 3}


def test_a_users_history_is_the_one_that_is_answered():
    mine = callbacks.History()
    assert make_model().fit(X, Y, callbacks=[mine], **QUIET) is mine


def test_what_is_no_callback_is_a_sentence():
    model = make_model()
    before = model.get_weights()
    with pytest.raises(TypeError, match="callbacks must be Callback objects, got <class"):
        model.fit(X, Y, callbacks=[callbacks.History], **QUIET)
    assert same_weights(before, model.get_weights())


def test_an_unknown_hook_is_a_sentence():
    with pytest.raises(TypeError, match="unknown hook 'on_epoch_ends', did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ends=print)


def test_a_method_of_ones_own_may_begin_as_a_hook_does():
    class Watcher(callbacks.Callback):
        plateaus = 0

        def on_plateau(self):
            self.plateaus += 1

        def on_epoch_end(self, epoch, logs=None):
            self.on_plateau()

    watcher = Watcher()
    make_model().fit(X, Y, epochs=2, callbacks=[watcher], **QUIET)
    assert watcher.plateaus == 2


@pytest.mark.parametrize(("name", "hook"), [("on_epoch_ends", "on_epoch_end"), ("on_Train_Begin", "on_train_begin")])
def test_a_misspelled_hook_is_refused(name, hook):
    sentence = f"Mine defines {name}, which is no hook and never called, did you mean '{hook}'?$"
    with pytest.raises(TypeError, match=sentence.replace("?", r"\?", 1)):
        type("Mine", (callbacks.Callback,), {name: lambda self, logs=None: None})


# -- what is watched ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("monitor", "falls"), [("val_loss", True), ("loss", True), ("val_mae", True), ("acc", False), ("val_acc", False)]
)
def test_auto_knows_what_is_better(monitor, falls):
    _, epochs = feed(callbacks.EarlyStopping(monitor), [3.0, 2.0, 1.0, 0.5], key=monitor)
    assert (epochs == 4) == falls


def test_another_mode_is_a_sentence():
    with pytest.raises(ValueError, match="mode must be 'auto', 'min' or 'max', got 'down'"):
        callbacks.EarlyStopping(mode="down")


# -- EarlyStopping ------------------------------------------------------------------------------------------------------


def test_patience_is_counted_from_the_best_epoch():
    _, epochs = feed(callbacks.EarlyStopping(patience=2), [3.0, 2.0, 2.5, 2.2, 1.0])
    assert epochs == 4


def test_a_change_up_to_min_delta_is_no_improvement():
    _, epochs = feed(callbacks.EarlyStopping(patience=2, min_delta=0.5), [3.0, 2.75, 2.5, 1.0])
    assert epochs == 3


def test_the_best_weights_come_back():
    model, _ = feed(callbacks.EarlyStopping(patience=2, restore_best_weights=True), [3.0, 1.0, 2.0, 2.0])
    assert model.weights == 1


def test_a_baseline_that_is_not_reached_ends_training():
    _, epochs = feed(callbacks.EarlyStopping(patience=2, baseline=0.5), [3.0, 2.0, 2.0, 2.0])
    assert epochs == 3


def test_warm_up_epochs_are_not_looked_at():
    stopping = callbacks.EarlyStopping(start_from_epoch=2)
    _, epochs = feed(stopping, [0.1, 0.2, 3.0, 2.0, 2.5])
    assert (epochs, stopping.best, stopping.stopped_epoch) == (5, 2.0, 4)


def test_a_second_fit_starts_anew():
    stopping = callbacks.EarlyStopping(patience=1)
    feed(stopping, [1.0, 2.0])
    _, epochs = feed(stopping, [5.0, 4.0, 4.5])
    assert epochs == 3


# -- the learning rate --------------------------------------------------------------------------------------------------


def test_a_plateau_lowers_the_rate_down_to_the_lowest():
    reduce = callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_lr=0.3)
    model, _ = feed(reduce, [1.0, 1.0, 1.0, 1.0])
    assert model.optimizer.learning_rate == 0.3


def test_a_plateau_under_a_schedule_is_a_sentence_before_a_weight_changes():
    model = make_model(optimizer=SGD(ExponentialDecay(0.1, 5, 0.5)))
    before = model.get_weights()
    with pytest.raises(TypeError, match="follows ExponentialDecay"):
        model.fit(X, Y, callbacks=[callbacks.ReduceLROnPlateau("loss")], **QUIET)
    assert same_weights(before, model.get_weights())


@pytest.mark.parametrize("schedule", [lambda epoch: 0.5 - 0.125 * epoch, lambda epoch, rate: rate - 0.125 if epoch else 0.5])
def test_a_scheduler_takes_one_or_two_arguments(schedule):
    model = make_model(optimizer="sgd")
    history = model.fit(X, Y, epochs=3, callbacks=[callbacks.LearningRateScheduler(schedule)], **QUIET)
    assert history.history["learning_rate"] == [0.5, 0.375, 0.25]


def test_a_scheduler_of_no_arguments_is_a_sentence():
    with pytest.raises(TypeError, match=r"must be a function \(epoch, rate\) -> rate"):
        callbacks.LearningRateScheduler(lambda: 0.5)


def test_an_error_inside_a_schedule_is_shown_as_it_is():
    def schedule(epoch, rate):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        make_model().fit(X, Y, callbacks=[callbacks.LearningRateScheduler(schedule)], **QUIET)


# -- TerminateOnNaN -----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:the loss is nan:RuntimeWarning")
def test_training_ends_at_a_loss_that_is_not_finite(capsys):
    model = make_model()
    x = X.copy()
    x[5, 0, 0] = np.nan
    history = model.fit(x, Y, epochs=3, shuffle=False, callbacks=[callbacks.TerminateOnNaN()], **QUIET)
    assert model.optimizer.iterations == 2
    assert history.epoch == [0]
    assert capsys.readouterr().out == "Batch 1: Invalid loss, terminating training\n"
