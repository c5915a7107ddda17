"""fit and evaluate: what they promise beyond Keras's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from training_cases import LABELS, STEP_LABELS, WEIGHT, Y_STEPS, C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Sequential, callbacks
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM, Dense
from numba_lstm.training.data.array_validation import validate_arrays
from numba_lstm.training.data.epochs import ArrayBatches, shuffled
from numba_lstm.training.data.loading import load

QUIET = {"verbose": 0}


def batches(size=4):
    return [(X[start : start + size], Y[start : start + size]) for start in range(0, N, size)]


# -- repeatability ------------------------------------------------------------------------------------------------------


def test_a_seed_repeats_shuffles_and_dropout_bit_for_bit():
    runs = []
    for _ in range(2):
        model = make_model(dropout=0.5)
        history = model.fit(X, Y, batch_size=4, epochs=3, **QUIET)
        runs.append((model.get_weights(), history.history["loss"]))
    assert same_weights(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]


def test_another_seed_shuffles_otherwise():
    losses = []
    for seed in (1, 2):
        model = make_model()
        model.random.state = {"seed": seed, "step": 0}
        losses.append(model.fit(X, Y, batch_size=4, epochs=2, **QUIET).history["loss"])
    assert losses[0] != losses[1]


def test_two_fits_are_one():
    full, resumed = make_model(dropout=0.5), make_model(dropout=0.5)
    full.fit(X, Y, batch_size=4, epochs=4, **QUIET)
    resumed.fit(X, Y, batch_size=4, epochs=2, **QUIET)
    history = resumed.fit(X, Y, batch_size=4, epochs=4, initial_epoch=2, **QUIET)
    assert history.epoch == [2, 3]
    assert same_weights(full.get_weights(), resumed.get_weights())


def test_callbacks_and_a_bar_change_no_bit(capsys):
    plain, watched = make_model(dropout=0.5), make_model(dropout=0.5)
    plain.fit(X, Y, batch_size=4, epochs=2, **QUIET)
    watched.fit(X, Y, batch_size=4, epochs=2, verbose=1, callbacks=[callbacks.TerminateOnNaN()])
    assert same_weights(plain.get_weights(), watched.get_weights())


# -- batches ------------------------------------------------------------------------------------------------------------


def test_each_epoch_takes_each_sample_once_in_a_new_order():
    model = make_model()
    numbers = np.arange(N, dtype=np.float32)[:, None, None] * np.ones((1, T, D), np.float32)
    samples = validate_arrays(model, numbers, Y)
    model.fit(X, Y, **QUIET)
    orders = []
    keys = iter([Key(1, 0), Key(1, 1)])
    source = ArrayBatches(samples, 4, groups=lambda: shuffled(next(keys), N, 4), endless=True)
    for _ in range(2):
        host = [model.ops.to_host(load(model, model.ops, draw).x)[0, :, 0] for draw in source.epoch()]
        assert [len(part) for part in host] == [4, 4, 3]
        orders.append(np.concatenate(host).tolist())
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(N))
    assert orders[0] != orders[1]


def test_steps_per_epoch_goes_on_where_the_last_epoch_stopped():
    full, resumed = make_model(), make_model()
    full.fit(X, Y, batch_size=4, epochs=2, shuffle=False, **QUIET)
    resumed.fit(X, Y, batch_size=4, epochs=3, steps_per_epoch=2, shuffle=False, **QUIET)
    assert same_weights(full.get_weights(), resumed.get_weights())


@pytest.mark.parametrize("kind", ["list of batches", "generator"])
def test_an_iterable_of_batches_trains_as_the_arrays_do(kind):
    class Loader:
        def __iter__(self):
            return iter(batches())

    def endless():
        while True:
            yield from batches()

    arrays, iterated = make_model(), make_model()
    expected = arrays.fit(X, Y, batch_size=4, epochs=2, shuffle=False, **QUIET)
    given = {"x": endless(), "steps_per_epoch": 3} if kind == "generator" else {"x": Loader()}
    history = iterated.fit(**given, epochs=2, **QUIET)
    assert history.history == expected.history
    assert same_weights(arrays.get_weights(), iterated.get_weights())


def test_an_iterator_that_ends_early_ends_training_with_a_warning():
    model = make_model()
    with pytest.warns(UserWarning, match="x ended after 1 of 2 batches"):
        history = model.fit(iter(batches()), epochs=5, steps_per_epoch=2, **QUIET)
    assert history.epoch == [0, 1]


def test_an_iterator_without_steps_has_one_epoch():
    model, arrays = make_model(), make_model()
    with pytest.warns(UserWarning, match="x is an iterator, which one epoch has read"):
        history = model.fit(iter(batches()), epochs=3, **QUIET)
    assert history.history == arrays.fit(X, Y, batch_size=4, shuffle=False, **QUIET).history
    assert model.evaluate(iter(batches()), **QUIET) == model.evaluate(X, Y, batch_size=4, **QUIET)
    assert np.array_equal(model.predict(iter([X[:4], X[4:]]), **QUIET), model.predict(X, batch_size=4, **QUIET))


def test_an_epoch_without_batches_is_no_epoch():
    model = make_model()
    with pytest.warns(UserWarning, match="x ended after 0 of 3 batches"):
        history = model.fit(iter(batches()), epochs=5, steps_per_epoch=3, **QUIET)
    assert history.epoch == [0]


def test_a_wrong_batch_is_a_sentence_before_its_step():
    model = make_model()
    good, bad = batches()[0], (X[:4], Y[:3])
    model.train_on_batch(*good)
    after_good = model.get_weights()
    duplicate = make_model()
    with pytest.raises(ValueError, match="the same number of samples, got 4 and 3"):
        duplicate.fit(iter([good, bad]), steps_per_epoch=2, **QUIET)
    assert same_weights(duplicate.get_weights(), after_good)


# -- weights of samples ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sequences", "labels"), [(False, LABELS), (True, STEP_LABELS)])
def test_class_weights_are_sample_weights(sequences, labels):
    by_class, by_sample = (
        make_model("sparse_categorical_crossentropy", sequences=sequences, activation="softmax") for _ in range(2)
    )
    by_class.fit(X, labels, class_weight={0: 0.25, 2: 3.0}, **QUIET)
    by_sample.fit(X, labels, sample_weight=np.array([0.25, 1.0, 3.0])[labels], **QUIET)
    assert same_weights(by_class.get_weights(), by_sample.get_weights())


def test_classes_of_one_hot_targets():
    one_hot, labels = (
        make_model("categorical_crossentropy", activation="softmax"),
        make_model("categorical_crossentropy", activation="softmax"),
    )
    one_hot.fit(X, np.eye(C)[LABELS], class_weight={1: 2.0}, **QUIET)
    labels.fit(X, np.eye(C)[LABELS], sample_weight=np.where(LABELS == 1, 2.0, 1.0), **QUIET)
    assert same_weights(one_hot.get_weights(), labels.get_weights())


def test_a_weight_a_sample_counts_for_its_steps():
    one, all_steps = make_model(sequences=True), make_model(sequences=True)
    one.fit(X, Y_STEPS, sample_weight=WEIGHT, batch_size=4, **QUIET)
    all_steps.fit(X, Y_STEPS, sample_weight=np.repeat(WEIGHT[:, None], T, axis=1), batch_size=4, **QUIET)
    assert same_weights(one.get_weights(), all_steps.get_weights())


# -- validation -----------------------------------------------------------------------------------------------------------


def test_validation_split_takes_the_last_samples_before_shuffling():
    split, given = make_model(), make_model()
    a = split.fit(X, Y, epochs=2, batch_size=4, validation_split=0.25, **QUIET)
    b = given.fit(X[:8], Y[:8], epochs=2, batch_size=4, validation_data=(X[8:], Y[8:]), **QUIET)
    assert a.history == b.history


def test_validation_freq_says_when():
    model = make_model()
    data = {"validation_data": (X, Y), "epochs": 5, **QUIET}
    assert len(model.fit(X, Y, validation_freq=2, **data).history["val_loss"]) == 2
    assert len(model.fit(X, Y, validation_freq=[1, 4, 5], **data).history["val_loss"]) == 3


def test_validation_is_evaluation():
    model = make_model(metrics=["mae"])
    history = model.fit(X, Y, validation_data=(X[:5], Y[:5], WEIGHT[:5]), **QUIET).history
    expected = model.evaluate(X[:5], Y[:5], sample_weight=WEIGHT[:5], return_dict=True, **QUIET)
    assert {name: history[f"val_{name}"][-1] for name in expected} == expected


def test_validation_data_may_be_an_iterable():
    model = make_model()
    arrays = model.fit(X, Y, validation_data=(X, Y), validation_batch_size=4, **QUIET).history["val_loss"]
    duplicate = make_model()

    class Loader:
        def __iter__(self):
            return iter(batches())

    assert duplicate.fit(X, Y, validation_data=Loader(), epochs=2, **QUIET).history["val_loss"][0] == arrays[0]


# -- the model --------------------------------------------------------------------------------------------------------------


def test_fit_builds_a_model_that_knows_no_shape():
    model = Sequential([LSTM(4), Dense(C)])
    model.compile("adam", "mse")
    model.fit(X, Y, validation_split=0.2, **QUIET)
    assert model.input_shape == (None, T, D)


def test_what_is_frozen_stays():
    model = make_model()
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, Y, **QUIET)
    after = model.get_weights()
    assert same_weights(before[:3], after[:3])
    assert not np.array_equal(before[3], after[3])


def test_the_last_history_is_the_models():
    model = make_model()
    assert model.fit(X, Y, **QUIET) is model.history


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint16", "bool", ">f4"])
def test_real_input_of_any_dtype_is_cast(dtype):
    x = (X * 2).astype(dtype)
    given, cast = make_model(), make_model()
    given.fit(x, Y, **QUIET)
    cast.fit(x.astype(np.float32), Y, **QUIET)
    assert same_weights(given.get_weights(), cast.get_weights())


def test_labels_may_be_floats_without_fraction():
    floats, full = (make_model("sparse_categorical_crossentropy", activation="softmax") for _ in range(2))
    floats.fit(X, LABELS.astype(float), **QUIET)
    full.fit(X, LABELS.astype(np.uint8), **QUIET)
    assert same_weights(floats.get_weights(), full.get_weights())
