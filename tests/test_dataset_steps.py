"""Steps of datasets: how many there are, and what is said where there are fewer than were asked for."""

from __future__ import annotations

import re

import numpy as np
import pytest
from training_cases import N, X, Y, make_model, same_weights

from numba_lstm.callbacks import Callback
from numba_lstm.training.data.epochs import repeated
from numba_lstm.utils import PyDataset

QUIET = {"verbose": 0}
CHUNKS = [(X[start : start + 4], Y[start : start + 4]) for start in range(0, N, 4)]
LAST = "Give epochs * steps batches."
FEWER = "Give fewer steps, or more batches."


class Shrinking(PyDataset):
    """``lengths[k]`` batches in pass k."""

    def __init__(self, lengths):
        super().__init__()
        self.lengths, self.epoch = lengths, 0

    def __len__(self):
        return self.lengths[min(self.epoch, len(self.lengths) - 1)]

    def __getitem__(self, index):
        return CHUNKS[index % len(CHUNKS)]

    def on_epoch_end(self):
        self.epoch += 1


class Samples:
    def __len__(self):
        return N

    def __getitem__(self, index):
        return X[index], Y[index]


class Loader:
    def __iter__(self):
        return iter(CHUNKS[:2])


class Steps(Callback):
    """Keeps ``params["steps"]`` of each epoch, evaluation and prediction."""

    def __init__(self):
        self.seen = []

    def _see(self, *_, **__):
        self.seen.append(self.params["steps"])

    on_epoch_begin = on_test_begin = on_predict_begin = _see


def test_a_dataset_that_becomes_empty_ends_training_with_a_warning():
    model = make_model()
    with pytest.warns(UserWarning, match=re.escape(f"x ended after 1 of 2 batches. {LAST}")):
        history = model.fit(Shrinking([3, 0]), epochs=3, steps_per_epoch=2, shuffle=False, **QUIET)
    assert history.epoch == [0, 1]
    expected = make_model()
    expected.fit(X, Y, batch_size=4, shuffle=False, **QUIET)
    assert same_weights(model.get_weights(), expected.get_weights())


def test_a_dataset_that_is_empty_from_the_second_epoch_on():
    with pytest.warns(UserWarning, match=r"^x ended after 0 of 3 batches\."):
        history = make_model().fit(Shrinking([3, 0]), epochs=9, steps_per_epoch=3, **QUIET)
    assert history.epoch == [0]


@pytest.mark.parametrize("make", [lambda: Shrinking([2]), Loader, lambda: iter(CHUNKS[:2])])
def test_fewer_batches_than_steps_are_a_warning_in_evaluate_and_predict(make):
    model = make_model()
    expected = model.evaluate(X[:8], Y[:8], batch_size=4, **QUIET)
    with pytest.warns(UserWarning, match=rf"^x ended after 2 of 5 batches\. {FEWER}$"):
        assert model.evaluate(make(), steps=5, **QUIET) == expected
    with pytest.warns(UserWarning, match=rf"^x ended after 2 of 5 batches\. {FEWER}$"):
        assert np.array_equal(model.predict(make(), steps=5, **QUIET), model.predict(X[:8], **QUIET))
    assert model.evaluate(make(), steps=2, **QUIET) == expected  # the advice


@pytest.mark.parametrize("make", [lambda: Shrinking([2]), Loader])
def test_fewer_batches_than_validation_steps_are_a_warning(make):
    model = make_model()
    with pytest.warns(UserWarning, match=rf"^x ended after 2 of 5 batches\. {FEWER}$"):
        history = model.fit(X, Y, epochs=2, validation_data=make(), validation_steps=5, **QUIET)
    assert history.epoch == [0, 1]
    assert history.history["val_loss"][-1] == model.evaluate(X[:8], Y[:8], batch_size=4, **QUIET)


def test_callbacks_know_the_steps_of_a_dataset():
    steps, model = Steps(), make_model()
    model.fit(Shrinking([3, 5, 1]), epochs=3, callbacks=[steps], **QUIET)
    model.fit(Samples(), batch_size=4, callbacks=[steps], **QUIET)
    model.fit(Shrinking([3]), steps_per_epoch=2, callbacks=[steps], **QUIET)
    model.evaluate(Shrinking([3]), callbacks=[steps], **QUIET)
    model.predict(Samples(), batch_size=8, callbacks=[steps], **QUIET)
    model.fit(Loader(), callbacks=[steps], **QUIET)
    assert steps.seen == [3, 5, 1, 3, 2, 3, 2, None]


def test_the_bar_of_a_dataset_has_a_total(capsys):
    make_model().fit(Shrinking([3, 5]), epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[1] for line in lines] == ["3/3", "5/5"]


def test_passes_are_repeated_until_one_is_empty():
    passes = [[1, 2], [3], [], [4]]
    assert list(repeated(lambda: iter(passes.pop(0)))) == [1, 2, 3]
    assert passes == [[4]]
