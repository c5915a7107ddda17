"""Tells PyInstaller, by the entry point ``pyinstaller40``, where the hook for this package is."""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """The folder of the hook."""
    return [str(Path(__file__).parent)]
