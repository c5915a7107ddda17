"""LSTMs with the API of Keras, computed by Numba kernels."""

from .system import interrupts as _interrupts  # noqa: F401 - first, for Ctrl-C while the rest is imported

# isort: split
from typing import TYPE_CHECKING

from . import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    decoding,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    utils,
)
from .console.configuration import show_config
from .device import get_device, get_num_threads, num_threads, set_device, set_num_threads
from .initializers import Initializer
from .inputs.sequences import pad_sequences
from .layers import Input, Layer
from .layers.base.graph.symbolic import SymbolicTensor as KerasTensor
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential, load_model
from .naming.absent import absent
from .optimizers import Optimizer
from .philox import set_random_seed
from .random import SeedGenerator
from .regularizers import Regularizer
from .variables import Variable
from .warming import warmup

__version__ = "0.1.0"

__all__ = [
    "Initializer",
    "Input",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "SeedGenerator",
    "Sequential",
    "Variable",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "decoding",
    "get_device",
    "get_num_threads",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "models",
    "num_threads",
    "ops",
    "optimizers",
    "pad_sequences",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "set_device",
    "set_num_threads",
    "set_random_seed",
    "show_config",
    "utils",
    "warmup",
]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
