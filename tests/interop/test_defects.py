"""The tables of forgeries contain many distinct defects, over all readers and for each."""

import pytest
import test_hostile_documents
import test_hostile_headers
import test_hostile_keras_config
import test_hostile_keras_hdf5
import test_hostile_keras_zip
import test_hostile_layers
import test_hostile_legacy_models
import test_hostile_onnx
import test_hostile_onnx_external
import test_hostile_onnx_running
import test_hostile_torch_pickles
import test_hostile_torch_safetensors
import test_hostile_torch_tensors
import test_hostile_training

#: What a table's entry says is wrong, by reader. A name stands for a kind of damage, never for one more length of it.
TABLES = {
    "native header": [test_hostile_headers.HOSTILE],
    "native document": [
        *(test_hostile_documents.OUTLINES, test_hostile_layers.LAYERS),
        *(test_hostile_training.COMPILED, test_hostile_training.TENSORS),
    ],
    "Keras archive": [test_hostile_keras_zip.HOSTILE],
    "Keras configuration": [test_hostile_keras_config.HOSTILE],
    "Keras weights": [test_hostile_keras_hdf5.HOSTILE],
    "Keras legacy": [test_hostile_legacy_models.HOSTILE],
    "PyTorch pickle": [test_hostile_torch_pickles.HOSTILE],
    "PyTorch archive": [test_hostile_torch_tensors.HOSTILE],
    "PyTorch safetensors": [test_hostile_torch_safetensors.HOSTILE],
    "ONNX": [test_hostile_onnx.HOSTILE, test_hostile_onnx_external.OUTSIDE, test_hostile_onnx_running.LATE],
}


def defects(reader):
    return {name for table in TABLES[reader] for name in table}


def test_there_are_at_least_120_distinct_defects():
    """Of one name in two tables only one counts."""
    assert len(set().union(*map(defects, TABLES))) >= 120


@pytest.mark.parametrize("reader", TABLES)
def test_every_reader_has_its_own(reader):
    assert len(defects(reader)) >= 12
