"""Datasets of text files, parts of datasets, datasets with workers, and progress bars."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

from numba_lstm import Sequential, layers
from numba_lstm.utils import Progbar, PyDataset, split_dataset, text_dataset_from_directory


@pytest.fixture
def folder(tmp_path):
    for name, texts in {"neg": ["bad", "worse", "worst"], "pos": ["good", "better"]}.items():
        (tmp_path / name).mkdir()
        for place, text in enumerate(texts):
            (tmp_path / name / f"{place}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "pos" / "notes.md").write_text("none")
    return tmp_path


def pairs(dataset):
    return [(str(text), int(label)) for texts, labels in dataset for text, label in zip(texts, labels, strict=True)]


ALL = [("bad", 0), ("worse", 0), ("worst", 0), ("good", 1), ("better", 1)]


def test_files_become_texts_and_labels(folder, capsys):
    dataset = text_dataset_from_directory(folder, shuffle=False, batch_size=2)
    assert pairs(dataset) == ALL
    assert len(dataset) == 3
    assert dataset.class_names == ["neg", "pos"]
    assert capsys.readouterr().out == "Found 5 files of 2 classes.\n"
    options = {"shuffle": False, "verbose": False}
    ((texts, labels),) = text_dataset_from_directory(folder, class_names=["pos", "neg"], label_mode="binary", **options)
    assert texts[0] == "good"
    np.testing.assert_array_equal(labels, [[0], [0], [1], [1], [1]])
    ((_, labels),) = text_dataset_from_directory(folder, label_mode="categorical", **options)
    np.testing.assert_array_equal(labels, np.eye(2)[[0, 0, 0, 1, 1]])
    (texts,) = text_dataset_from_directory(folder, labels=None, max_length=3, **options)
    assert texts.tolist() == ["bad", "wor", "wor", "goo", "bet"]
    single = text_dataset_from_directory(folder / "pos", labels=[4, 7], batch_size=None, **options)
    assert [(str(text), int(label)) for text, label in single] == [("good", 4), ("better", 7)]
    assert capsys.readouterr().out == ""


def test_subsets_of_one_seed_are_all_files(folder):
    options = {"validation_split": 0.4, "seed": 3, "verbose": False}
    train, validation = (text_dataset_from_directory(folder, subset=name, **options) for name in ("training", "validation"))
    assert sorted(pairs(train) + pairs(validation)) == sorted(ALL)
    assert [len(pairs(part)) for part in (train, validation)] == [3, 2]
    subsets = text_dataset_from_directory(folder, subset="both", **options)
    assert [sorted(pairs(part)) for part in subsets] == [sorted(pairs(train)), sorted(pairs(validation))]
    orders = {tuple(pairs(train)) for _ in range(20)}
    assert len(orders) > 1


def test_a_model_begins_with_the_texts_of_a_dataset(folder):
    dataset = text_dataset_from_directory(folder, verbose=False, batch_size=2)
    vectorization = layers.TextVectorization(output_sequence_length=1)
    vectorization.adapt(dataset.map(lambda texts, labels: texts))
    model = Sequential([vectorization, layers.Embedding(7, 2), layers.LSTM(2), layers.Dense(1)], device="reference")
    model.compile("sgd", "mse")
    model.fit(dataset, epochs=2, verbose=0)
    numbers = dataset.map(lambda texts, labels: (vectorization(texts), labels))
    tail = Sequential(model.layers[1:], device="reference")
    tail.compile("sgd", "mse")
    assert tail.evaluate(numbers, verbose=0) == pytest.approx(model.evaluate(dataset, verbose=0), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"label_mode": "many"}, "unknown label_mode 'many'"),
        ({"class_names": ["neg", "none"]}, "has no folder 'none'. There are: neg, pos"),
        ({"class_names": ["neg"], "label_mode": "binary"}, "label_mode='binary' needs two classes"),
        ({"labels": [1, 2]}, "has 5 files, got 2 labels"),
        ({"labels": None, "class_names": ["neg"]}, "class_names belong to labels='inferred'"),
        ({"validation_split": 0.5}, "validation_split and subset belong to each other"),
        ({"validation_split": 0.5, "subset": "training"}, "two subsets of shuffled files need one seed"),
        ({"validation_split": 0.1, "subset": "both"}, "leaves one part empty"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(folder, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        text_dataset_from_directory(folder, verbose=False, **options)
    with pytest.raises(ValueError, match=r"has no .txt files"):
        text_dataset_from_directory(folder / "pos", verbose=False)


def test_a_dataset_is_split_in_two():
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    for sizes, counts in (
        ({"left_size": 0.75}, (8, 2)),
        ({"left_size": 3}, (3, 7)),
        ({"right_size": 0.25}, (8, 2)),
        ({"left_size": 0.2, "right_size": 3}, (2, 3)),
    ):
        left, right = split_dataset((x, y), **sizes)
        assert (len(left), len(right)) == counts
        assert [int(label) for _, label in left] == list(range(counts[0]))
        assert [int(label) for _, label in right] == list(range(10 - counts[1], 10))
    left, right = split_dataset(x, left_size=0.5, shuffle=True, seed=1)
    order = list(range(10))
    random.Random(1).shuffle(order)
    np.testing.assert_array_equal(np.concatenate([*left.batch(3), *right.batch(3)]), x[order])
    for sizes in ({}, {"left_size": 10}, {"left_size": 1.5}, {"left_size": 6, "right_size": 5}):
        with pytest.raises(ValueError, match=r"split_dataset needs|parts of|must be a number in \(0, 1\)"):
            split_dataset(x, **sizes)
    with pytest.raises(ValueError, match=r"arrays must have one length, got \[9, 10\]"):
        split_dataset((x, y[1:]), left_size=2)


class Waiting(PyDataset):
    """Batches of which each waits until as many threads as workers make one."""

    def __init__(self, workers):
        super().__init__(workers=workers)
        self.barrier, self.fails = threading.Barrier(workers), False

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if self.fails and index == 3:
            raise OSError("no file")
        if index:  # the first one is read before an epoch begins, too
            self.barrier.wait(600) if 0 < index < 5 and not self.fails else None
        return np.full((2, 1), index), np.full((2, 1), index)


def test_workers_make_batches_at_a_time_and_keep_their_order():
    dataset = Waiting(2)
    model = Sequential([layers.Dense(1, input_shape=(1,), kernel_initializer="ones")], device="reference")
    np.testing.assert_array_equal(model.predict(dataset, verbose=0)[:, 0], np.repeat(np.arange(6), 2))
    dataset.fails = True
    with pytest.raises(OSError, match="no file"):
        model.predict(dataset, verbose=0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("numba_lstm dataset")]


def test_a_progress_bar_averages_values(capsys):
    bar = Progbar(4, stateful_metrics=["rate"], unit_name="sample")
    bar.update(1, [("loss", 4.0), ("rate", 0.5)])
    bar.add(2, [("loss", 1.0), ("rate", 0.25)])
    assert bar.values == {"loss": 2.0, "rate": 0.25}
    bar.add(1, [("loss", 3.0)])
    out = capsys.readouterr().out
    assert out.startswith("4/4 - ")
    assert out.endswith("/sample - loss: 3.0000 - rate: 0.2500\n")
    Progbar(None, verbose=0).update(3, [("loss", 1.0)], finalize=True)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="exclude each other"):
        Progbar(1, stateful_metrics=[], stateless_metrics=[])
