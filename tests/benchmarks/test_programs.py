"""benchmarks/programs: what is changed about public programs before they run, and short trainings."""

from __future__ import annotations

import csv
import json
import subprocess
import types

import numpy as np
import pytest

from benchmarks.programs import names, sources, training
from benchmarks.programs.__main__ import COLUMNS, LIST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from keras.layers.core import Dense", "from numba_lstm.layers import Dense"),
        ("from tensorflow.keras.layers import LSTM", "from numba_lstm.layers import LSTM"),
        ("import keras", "import numba_lstm as keras"),
        ("import keras.backend as K", "import numba_lstm.backend as K"),
        ("model.fit(x, y, nb_epoch=3)", "model.fit(x, y, epochs=3)"),
        ("classes = model.predict_classes(f(x))", "classes = model.predict(f(x)).argmax(axis=-1)"),
        ("import tensorflow as tf", "import benchmarks.programs.tensorflow_names as tf"),
        ("%matplotlib inline", "pass  # %matplotlib inline"),
        ("    % value)", "    % value)"),
    ],
)
def test_names_of_keras_1_and_2_are_replaced(old, new):
    assert sources.rewritten(old, "numba_lstm").strip("\n") == new.strip("\n")


def test_programs_for_keras_keep_its_import_root():
    assert sources.rewritten("from tensorflow.keras import layers", "keras-jax") == "from keras import layers"


def test_names_are_found_through_aliases():
    source = "import keras as k\nfrom keras.layers import LSTM\nk.Sequential([LSTM(2)])\nk.layers.Dense(1)\nnumpy.zeros(3)\n"
    assert names.used(source) == {"keras", "keras.layers.LSTM", "keras.Sequential", "keras.layers", "keras.layers.Dense"}
    assert names.has("numba_lstm", "keras.layers.LSTM")
    assert not names.has("numba_lstm", "keras.layers.NoSuchLayer")


def test_a_commit_is_extracted_with_scripts_of_its_notebooks(tmp_path):
    clone, tree = tmp_path / "clone", tmp_path / "tree"
    clone.mkdir()
    cell = {"cell_type": "code", "source": ["import keras\n", "%time x = 1"]}
    (clone / "net.ipynb").write_text(json.dumps({"cells": [cell, {"cell_type": "markdown", "source": ["words"]}]}))
    git = ["git", "-C", str(clone), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    sources.extract(clone, "HEAD", tree, "numba_lstm")
    assert (tree / "net.ipynb.py").read_text().splitlines() == ["import numba_lstm as keras", "pass  # %time x = 1"]


def test_trainings_are_short_and_loops_end():
    calls = []

    class Net:
        built = True
        input_shape = (None, 3)

        def fit(self, **options):
            calls.append((options["epochs"], len(options["x"]), len(options["validation_data"][0])))

        def predict(self, x, **options):
            return x

        evaluate = load_weights = predict

    training.shorten(types.SimpleNamespace(Model=Net, Sequential=type("Sequential", (Net,), {})))
    x = np.zeros((500, 3))
    with pytest.raises(SystemExit):
        [Net().fit(x, x, 32, 100, validation_data=(x, x)) for _ in range(60)]
    assert calls == [(training.EPOCHS, training.SAMPLES, training.SAMPLES)] * training.ROUNDS


def test_programs_are_listed_by_commit():
    with LIST.open() as file:
        programs = list(csv.DictReader(file))
    assert list(programs[0]) == COLUMNS
    assert len({program["name"] for program in programs}) == len(programs)
    assert all(len(program["commit"]) == 40 for program in programs)
