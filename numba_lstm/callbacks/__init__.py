"""Callbacks, as ``keras.callbacks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .base import Callback
from .checkpoints import BackupAndRestore, ModelCheckpoint
from .dispatch import CallbackList
from .early_stopping import EarlyStopping
from .epoch_logs import CSVLogger, History
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .progbar import ProgbarLogger
from .simple import LambdaCallback, SwapEMAWeights, TerminateOnNaN
from .tensorboard import TensorBoard

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
    "TensorBoard",
    "TerminateOnNaN",
]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
