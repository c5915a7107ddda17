"""Callbacks, as ``keras.callbacks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .base import Callback
from .csv_logger import CSVLogger
from .dispatch import CallbackList
from .early_stopping import EarlyStopping
from .history import History
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .model_checkpoint import ModelCheckpoint
from .progbar import ProgbarLogger
from .simple import LambdaCallback, TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
