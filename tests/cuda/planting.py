"""Faults put into the text of a module, for seeing whether a check finds them."""

from pathlib import Path
from types import ModuleType


def planted(module, old, new):
    """The module with ``new`` instead of the first ``old`` in its text."""
    text = Path(module.__file__).read_text()
    assert old in text
    other = ModuleType(f"{module.__name__}_planted")
    other.__package__, other.__file__ = module.__package__, module.__file__
    exec(compile(text.replace(old, new, 1), module.__file__, "exec"), other.__dict__)
    return other
