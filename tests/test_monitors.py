"""What callbacks watch: a number that no epoch has is an error before training, one that some epochs lack a warning."""

from __future__ import annotations

import pytest
from training_cases import X, Y, make_model, same_weights

from numba_lstm import callbacks

QUIET = {"verbose": 0}
VALIDATED = {"validation_data": (X[:4], Y[:4])}


class Rating(callbacks.Callback):
    """Adds a key of its own."""

    def on_epoch_end(self, epoch, logs=None):
        logs["f1"] = logs["los"] = logs["val_los"] = 0.5


def checkpoint(monitor="val_loss", **arguments):
    return callbacks.ModelCheckpoint("unwritten", monitor, save_best_only=True, **arguments)


def refused(*listeners, **arguments):
    model = make_model(metrics=["mae"])
    before = model.get_weights()
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        model.fit(X, Y, callbacks=[*listeners], **arguments, **QUIET)
    assert same_weights(before, model.get_weights())
    assert model.optimizer.iterations == 0
    return str(caught.value)


@pytest.mark.parametrize("make", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau, checkpoint])
@pytest.mark.parametrize("mode", ["auto", "min"])
def test_a_number_that_no_epoch_has_is_an_error_before_training(make, mode):
    name = "ModelCheckpoint" if make is checkpoint else make.__name__
    assert refused(make("val_los", mode=mode), **VALIDATED) == (
        f"{name} watches 'val_los', which no epoch has, did you mean 'val_loss'?"
    )
    assert refused(make("f1", mode=mode), **VALIDATED) == (
        f"{name} watches 'f1', which no epoch has. Known: 'loss', 'mae', 'val_loss', 'val_mae'."
    )
    without = f"{name} watches 'val_loss', but the logs hold loss, mae.* Give validation data, or another monitor"
    with pytest.warns(UserWarning, match=without):
        make_model(metrics=["mae"]).fit(X, Y, callbacks=[make(mode=mode)], **QUIET)
    if make is not checkpoint:
        make_model(metrics=["mae"]).fit(X, Y, callbacks=[make(mode=mode)], **VALIDATED, **QUIET)  # the advice
        make_model(metrics=["mae"]).fit(X, Y, callbacks=[make("loss", mode=mode)], **QUIET)


def test_a_key_of_keras_2_is_a_warning_after_each_epoch():
    sentence = "EarlyStopping watches 'val_mean_absolute_error', but the logs hold .* Write 'val_mae'"
    with pytest.warns(UserWarning, match=sentence):
        make_model(metrics=["mae"]).fit(
            X, Y, callbacks=[callbacks.EarlyStopping("val_mean_absolute_error", mode="min")], **VALIDATED, **QUIET
        )
    assert "watches 'val_mean_absolute_error'" in refused(callbacks.EarlyStopping("val_mean_absolute_error"), **VALIDATED)


def test_batches_have_no_validation(tmp_path):
    sentence = (
        "ModelCheckpoint watches 'val_loss', but batches, after which it saves, have only loss, mae. "
        "Give save_freq='epoch', or another monitor."
    )
    assert refused(checkpoint(save_freq=2), **VALIDATED) == refused(checkpoint(save_freq=2)) == sentence
    for given in ({"save_freq": "epoch"}, {"save_freq": 1, "monitor": "loss"}):
        saving = callbacks.ModelCheckpoint(tmp_path / "best", save_best_only=True, **given)
        make_model(metrics=["mae"]).fit(X, Y, callbacks=[saving], **VALIDATED, **QUIET)
        assert (tmp_path / "best.nlstm").exists()
        (tmp_path / "best.nlstm").unlink()


def test_where_another_callback_may_add_a_key_its_direction_is_asked_for():
    sentence = "EarlyStopping cannot tell whether 'f1' should fall or rise; it knows loss, mae. Give mode='min' or mode='max'."
    assert refused(Rating(), callbacks.EarlyStopping("f1")) == sentence
    make_model(metrics=["mae"]).fit(X, Y, callbacks=[Rating(), callbacks.EarlyStopping("f1", mode="max")], **QUIET)


def test_the_advice_to_give_a_mode_does_not_hide_a_misspelling():
    stopping = callbacks.EarlyStopping("val_los")
    assert refused(Rating(), stopping, **VALIDATED) == (
        "EarlyStopping cannot tell whether 'val_los' should fall or rise; it knows loss, mae. Did you mean 'val_loss'? "
        "If not, give mode='min' or mode='max'."
    )
    make_model(metrics=["mae"]).fit(X, Y, callbacks=[Rating(), callbacks.EarlyStopping("los", mode="max")], **QUIET)


def test_epochs_that_are_not_validated_are_left_out_with_a_warning():
    stopping = callbacks.EarlyStopping(patience=5)
    with pytest.warns(
        UserWarning, match="EarlyStopping watches 'val_loss', but the logs hold loss. What has no such number is left"
    ):
        history = make_model().fit(X, Y, epochs=4, validation_freq=2, callbacks=[stopping], **VALIDATED, **QUIET)
    assert (len(history.history["val_loss"]), len(history.epoch)) == (2, 4)
