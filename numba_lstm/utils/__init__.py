"""Utilities, as ``keras.utils``: one-hot labels, padding, files, batches by index, seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled
from ..inputs.batch_data import pack_x_y_sample_weight, unpack_x_y_sample_weight
from ..inputs.sequences import pad_sequences
from ..naming import names
from ..naming.absent import absent
from ..objects.registered import (
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from ..objects.serialization import custom_object_scope
from ..ops.symbolic import is_keras_tensor
from ..philox import set_random_seed
from . import np_utils
from .categories import normalize, to_categorical
from .datasets import (
    BucketDataset,
    PyDataset,
    split_dataset,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
from .files import get_file
from .object_configs import deserialize_keras_object, serialize_keras_object
from .plot_model import plot_model
from .progbar import Progbar

__all__ = [
    "BucketDataset",
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "normalize",
    "np_utils",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

Sequence = PyDataset  #: Keras 2's name
CustomObjectScope = custom_object_scope  #: Keras's other name


def clear_session(free_memory: bool = True) -> None:
    """Reset the counters of default names, as ``keras.utils.clear_session``: the next LSTM is ``lstm``.

    Parameters
    ----------
    free_memory : bool
        Has no effect: nothing outlives its model, so there is nothing to free.
    """
    names.reset()


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
