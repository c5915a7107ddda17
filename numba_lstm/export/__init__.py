"""Exports trained models as C libraries: ``model.export_c(directory)``."""

from .checks import targets
from .library import export_c

__all__ = ["export_c", "targets"]
