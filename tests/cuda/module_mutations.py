"""Mutations of the source of a module, for testing that a check finds a bug."""

from pathlib import Path
from types import ModuleType


def mutated(module, old, new):
    """Return a copy of the module whose source has ``new`` in place of the first ``old``."""
    text = Path(module.__file__).read_text()
    assert old in text
    other = ModuleType(f"{module.__name__}_mutated")
    other.__package__, other.__file__ = module.__package__, module.__file__
    exec(compile(text.replace(old, new, 1), module.__file__, "exec"), other.__dict__)
    return other
