"""Callbacks that save a model during training."""

from .backup import BackupAndRestore
from .model_checkpoint import ModelCheckpoint

__all__ = ["BackupAndRestore", "ModelCheckpoint"]
