"""Callbacks, as ``keras.callbacks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .backup import BackupAndRestore
from .base import Callback
from .dispatch import CallbackList
from .early_stopping import EarlyStopping
from .epoch_logs import CSVLogger, History
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .model_checkpoint import ModelCheckpoint
from .progbar import ProgbarLogger
from .simple import LambdaCallback, SwapEMAWeights, TerminateOnNaN

__all__ = [
    "BackupAndRestore",
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
    "SwapEMAWeights",
    "TerminateOnNaN",
]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
