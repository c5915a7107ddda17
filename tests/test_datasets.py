"""Datasets by index and iterables: all batches of all epochs, in fit, evaluate and predict."""

from __future__ import annotations

import numpy as np
import pytest
from dataset_classes import CHUNKS, QUIET, Changing, PyBatches, Samples, Windows
from training_cases import LABELS, C, D, T, X, Y, make_model, same_weights

from numba_lstm import Sequential
from numba_lstm.callbacks import LambdaCallback
from numba_lstm.layers import LSTM, Dense
from numba_lstm.utils import PyDataset
from numba_lstm.utils import Sequence as KerasSequence


class Loader:
    """Batches as lists, as PyTorch's DataLoader brings them."""

    def __iter__(self):
        return ([x, y] for x, y in CHUNKS)


class Tensor:
    """What NumPy reads as an array, and is none."""

    def __init__(self, array):
        self.array, self.ndim, self.shape = array, array.ndim, array.shape

    def __len__(self):
        return len(self.array)

    def __array__(self, dtype=None, copy=None):
        return self.array if dtype is None else self.array.astype(dtype)


def trained(x, y=None, **arguments):
    model = make_model()
    history = model.fit(x, y, epochs=2, shuffle=False, **arguments, **QUIET).history["loss"]
    return [*model.get_weights(), history]


EXPECTED = trained(X, Y, batch_size=4)


class Tuples(Loader):
    def __iter__(self):
        return ((Tensor(x), Tensor(y)) for x, y in CHUNKS)


class Dicts(Loader):
    def __iter__(self):
        return (({"input": x}, {"output": y}) for x, y in CHUNKS)


class OfLists(Loader):
    def __iter__(self):
        return (([x], [y]) for x, y in CHUNKS)


BATCHES = {"by index": Windows, "lists": Loader, "tensors": Tuples, "dicts": Dicts, "lists of one": OfLists}


@pytest.mark.parametrize("make", BATCHES.values(), ids=BATCHES)
def test_datasets_of_batches_work_in_fit_evaluate_and_predict(make):
    assert same_weights(trained(make()), EXPECTED)
    model = make_model()
    assert model.evaluate(make(), **QUIET) == model.evaluate(X, Y, batch_size=4, **QUIET)
    assert np.array_equal(model.predict(make(), **QUIET), model.predict(X, batch_size=4, **QUIET))
    history = model.fit(X, Y, validation_data=make(), **QUIET).history
    assert history["val_loss"] == [model.evaluate(X, Y, batch_size=4, **QUIET)]


def test_datasets_of_samples_are_put_together():
    assert same_weights(trained(Samples(), batch_size=4), EXPECTED)
    model = make_model()
    assert model.evaluate(Samples(), batch_size=4, **QUIET) == model.evaluate(X, Y, batch_size=4, **QUIET)
    assert np.array_equal(model.predict(Samples(), **QUIET), model.predict(X, **QUIET))
    history = model.fit(X, Y, validation_data=Samples(), validation_batch_size=3, **QUIET).history
    assert history["val_loss"] == [model.evaluate(X, Y, batch_size=3, **QUIET)]


def test_datasets_of_samples_may_have_labels_and_unequal_lengths():
    lists = [x[: 1 + i % T] for i, x in enumerate(X)]
    models = [make_model("sparse_categorical_crossentropy", activation="softmax") for _ in range(2)]
    losses = [models[0].evaluate(Samples(lists, LABELS), **QUIET), models[1].evaluate(lists, LABELS, **QUIET)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)  # the two sum in another order


def test_an_unbuilt_model_is_built_for_a_dataset():
    for dataset in (Windows(), Samples(), Loader()):
        model = Sequential([LSTM(4), Dense(C)])
        model.compile("adam", "mse")
        model.fit(dataset, **QUIET)
        assert model.input_shape == (None, T, D)


@pytest.mark.parametrize("make", [Windows, Samples])
def test_shuffle_takes_each_entry_once_in_another_order(make):
    class Noting(make):
        def __getitem__(self, index):
            record.append(index)
            return super().__getitem__(index)

    for shuffle in (False, True):
        record = []
        make_model().fit(Noting(), epochs=2, shuffle=shuffle, **QUIET)
        entries = len(make())
        passes = record[-2 * entries : -entries], record[-entries:]
        assert sorted(passes[0]) == sorted(passes[1]) == list(range(entries))
        assert (passes[0] == passes[1] == list(range(entries))) is not shuffle


class Iterated:
    def __init__(self, lengths):
        self.lengths = iter(lengths)

    def __iter__(self):
        return (CHUNKS[k % len(CHUNKS)] for k in range(next(self.lengths)))


@pytest.mark.parametrize("make", [Changing, Iterated])
@pytest.mark.parametrize("lengths", [[3, 5, 4], [5, 3, 4], [1, 7, 1]])
def test_each_epoch_has_all_its_batches(make, lengths):
    record = []
    model = make_model()
    listener = LambdaCallback(on_train_batch_end=lambda batch, logs: record.append(batch))
    history = model.fit(make([*lengths, 1]), epochs=3, callbacks=[listener], **QUIET)
    assert record == [batch for length in lengths for batch in range(length)]
    assert history.epoch == [0, 1, 2]


def test_the_hooks_of_a_dataset_are_called_in_each_epoch():
    dataset = Changing([2, 3, 1, 1])
    make_model().fit(dataset, epochs=2, **QUIET)
    assert dataset.calls == ["begin", "end"] * 2


@pytest.mark.parametrize("make", [Changing, Iterated])
def test_an_epoch_without_batches_is_left_out_with_a_warning(make):
    with pytest.warns(UserWarning, match="x brought no batches in epoch 2, which is left out"):
        history = make_model().fit(make([1, 0, 2, 1]), epochs=3, **QUIET)
    assert history.epoch == [0, 2]


@pytest.mark.parametrize("make", [Windows, Loader, Samples])
def test_steps_per_epoch_goes_on_where_the_last_epoch_stopped(make):
    full, resumed = make_model(), make_model()
    full.fit(X, Y, batch_size=4, epochs=2, shuffle=False, **QUIET)
    size = {"batch_size": 4} if make is Samples else {}
    resumed.fit(make(), epochs=3, steps_per_epoch=2, shuffle=False, **size, **QUIET)
    assert same_weights(full.get_weights(), resumed.get_weights())


def test_steps_of_evaluation_are_the_first_of_an_iterable():
    model = make_model()
    expected = model.evaluate(X[:8], Y[:8], batch_size=4, **QUIET)
    assert model.evaluate(Loader(), steps=2, **QUIET) == model.evaluate(Windows(), steps=2, **QUIET) == expected
    history = model.fit(X, Y, epochs=2, validation_data=Loader(), validation_steps=2, **QUIET).history
    assert history["val_loss"][-1] == model.evaluate(X[:8], Y[:8], batch_size=4, **QUIET)


def test_a_py_dataset_is_a_dataset():
    assert KerasSequence is PyDataset
    assert same_weights(trained(PyBatches(workers=4, use_multiprocessing=True, max_queue_size=2)), EXPECTED)
    dataset = PyBatches(workers=4)
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (4, False, 10)
    assert len(list(dataset)) == dataset.num_batches == len(CHUNKS)


def test_a_py_dataset_without_end_needs_steps():
    class Endless(PyBatches):
        num_batches = None

        def __getitem__(self, index):
            return CHUNKS[index % len(CHUNKS)]

    with pytest.raises(ValueError, match="x has batches without end. Give the batches an epoch: steps_per_epoch or steps"):
        make_model().fit(Endless(), **QUIET)
    model = make_model()
    model.fit(Endless(), steps_per_epoch=3, epochs=2, **QUIET)
    assert same_weights(model.get_weights(), EXPECTED[:-1])
