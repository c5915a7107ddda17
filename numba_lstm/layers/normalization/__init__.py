"""Layers that normalize features to a mean and a variance, over a batch or within each row."""

from .batch_normalization import BatchNormalization
from .group_normalization import GroupNormalization
from .layer_normalization import LayerNormalization
from .normalization import Normalization
from .rms_normalization import RMSNormalization
from .unit_normalization import UnitNormalization

__all__ = [
    "RMSNormalization",
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "Normalization",
    "UnitNormalization",
]
