"""Datasets that do not fit, and methods of PyDataset that are missing, are errors that say what to do."""

from __future__ import annotations

import pytest
from dataset_classes import QUIET, Changing, PyBatches, Samples, Windows
from training_cases import X, Y, make_model, same_weights

from numba_lstm.utils import PyDataset


@pytest.mark.parametrize("method", ["__len__", "__getitem__"])
def test_what_a_py_dataset_must_override_is_said(method):
    half = type("Half", (PyDataset,), {name: getattr(PyBatches, name) for name in {"__len__", "__getitem__"} - {method}})
    with pytest.raises(NotImplementedError, match=rf"Half must override {method}\("):
        make_model().fit(half(), **QUIET)


# -- what is refused ------------------------------------------------------------------------------------------------------


REFUSED = {
    "y": ({"x": Windows(), "y": Y}, "y cannot be given beside an iterable x"),
    "a batch_size of batches": ({"x": Windows(), "batch_size": 4}, "batch_size cannot be given beside an iterable x"),
    "a split": ({"x": Windows(), "validation_split": 0.5}, "validation_split cannot be given"),
    "lengths": ({"x": Windows(), "lengths": [1]}, "lengths cannot be given"),
    "no entries": ({"x": Changing([0])}, "x brings no batches: its length is 0. Give a dataset with entries"),
    "a first entry that does not fit": ({"x": Samples(X[:, :, :2])}, "built for features = 7"),
    "a dataset as y": ({"x": X, "y": Windows()}, "y must be an array of real numbers, got Windows. Datasets are the x of fit"),
    "a dataset in a list": ({"x": [Windows(), Windows()], "y": Y}, r"x\[0\] must be a number or an array, got Windows"),
    "batches for a dataset's validation": ({"x": X, "y": Y, "validation_data": Changing([0])}, "validation_data: x brings no"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_a_sentence(name):
    given, sentence = REFUSED[name]
    model = make_model()
    before = model.get_weights()
    with pytest.raises((TypeError, ValueError), match=sentence):
        model.fit(**given, **QUIET)
    assert same_weights(before, model.get_weights())


def test_an_iterable_of_samples_says_how_to_make_batches():
    model = make_model()
    advice = r"x brings single samples\. Bring batches, as torch\.utils\.data\.DataLoader\(x, batch_size=32\) or x\.batch\(32\)"
    for call, item in ((model.fit, (X[0], Y[0])), (model.evaluate, (X[0], Y[0])), (model.predict, (X[0],))):
        steps = {"steps_per_epoch": 1} if call == model.fit else {"steps": 1}
        with pytest.raises(ValueError, match=advice):
            call(iter([item]), **steps, **QUIET)


def test_a_dataset_is_no_batch():
    model = make_model()
    for call in (
        lambda: model.train_on_batch(Windows(), Y),
        lambda: model.predict_on_batch(Windows()),
        lambda: model(Windows()),
    ):
        with pytest.raises(TypeError, match=r"x must be an array of real numbers, got Windows\. Datasets are the x of fit"):
            call()
