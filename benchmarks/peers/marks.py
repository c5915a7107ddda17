"""Tables inside documents: what stands between two marks is written by a command, and never by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from .registry import CPU

#: The mark of the sentences on machine and versions.
MACHINE = "machine"
END = "<!-- end -->"


def name(mode: str, threads: int, device: str = CPU) -> str:
    """The name of a table's mark."""
    if device != CPU:
        return f"{mode}, {device}"
    return f"{mode}, {threads} thread{'s' if threads > 1 else ''}"


def write(path: Path, texts: Mapping[str, str]) -> None:
    """Put each text between its marks in the file, where it has them; leave the rest as it is.

    Raises
    ------
    ValueError
        If the file has none of the marks; it is not changed then.
    """
    old = new = path.read_text()
    found = 0
    for mark, text in texts.items():
        pattern = re.compile(rf"(<!-- compare: {re.escape(mark)} -->\n).*?({END})", re.DOTALL)
        new, times = pattern.subn(lambda match, text=text: f"{match[1]}{text}\n{match[2]}", new)  # type: ignore[misc]
        found += times
    if not found:
        known = ", ".join(f"<!-- compare: {mark} -->" for mark in texts)
        raise ValueError(f"{path} has no place for a table. It needs a line {known}, and below it {END}.")
    if new != old:
        path.write_text(new)
