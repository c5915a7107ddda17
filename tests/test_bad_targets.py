"""Targets, labels and metrics that do not fit a model are errors that say what to do."""

from __future__ import annotations

import numpy as np
import pytest
from refused_input import refuses
from training_cases import LABELS, STEP_LABELS, C, X, Y, make_model


def test_one_target_a_sample_for_an_output_a_step():
    refuses(make_model(sequences=True), r"set return_sequences=False on the last LSTM", x=X, y=Y)


@pytest.mark.parametrize(
    ("labels", "sequences", "sentence"),
    [
        (
            np.where(LABELS == 1, C, LABELS),
            False,
            r"takes labels from 0 to 2, for the model's last axis has 3 .* got labels from 0 to 3",
        ),
        (LABELS - 1, False, "takes labels from 0 to 2, .* got labels from -1 to 1"),
        (STEP_LABELS + 1, True, "got labels from 1 to 3"),
        (LABELS + 0.5, False, r"takes whole numbers as labels, got \d\.5 in y"),
        (np.where(LABELS == 1, np.nan, LABELS), False, "takes whole numbers as labels, got nan in y"),
        (np.eye(C)[LABELS], False, "take categorical_crossentropy for one-hot targets"),
    ],
)
def test_labels_that_are_no_classes(labels, sequences, sentence):
    model = make_model("sparse_categorical_crossentropy", sequences=sequences, activation="softmax")
    refuses(model, sentence, x=X, y=labels)


def test_labels_for_one_hot_targets():
    model = make_model("categorical_crossentropy", activation="softmax")
    refuses(model, "take sparse_categorical_crossentropy for labels", x=X, y=LABELS)


def test_a_metric_that_does_not_fit_the_loss():
    refuses(make_model(metrics=["sparse_categorical_accuracy"]), "Take 'accuracy', which follows the loss", x=X, y=Y)
