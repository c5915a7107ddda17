"""Output of a notebook's cell: a progress bar in HTML that is updated in its place."""

from __future__ import annotations

import html
import sys
from typing import Any, TextIO


class NotebookBar:
    """A bar and a line of text in the output of a cell, with the line alone for readers without HTML.

    Parameters
    ----------
    label : str
        Title before the bar; may be empty.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self._handle: Any = None

    def show(self, count: int, total: int | None, text: str) -> None:
        """Show the bar with ``count`` finished steps of ``total``, and a text behind it."""
        share = "" if total is None else f' value="{min(count, total)}" max="{max(total, 1)}"'
        label, line = (f"{html.escape(self.label)} " if self.label else ""), html.escape(text)
        bar = f'<progress{share} style="width: 16em; vertical-align: middle"></progress>'
        plain = f"{self.label} - {text}" if self.label else text
        content = {"text/html": f'<div style="font-family: monospace">{label}{bar} {line}</div>', "text/plain": plain}
        if self._handle is None:
            from IPython.display import display  # of the kernel that runs this process

            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def in_notebook(out: TextIO) -> bool:
    """Return whether a stream is the output of a cell: that of a kernel of Jupyter, not redirected, with a display."""
    ipython = sys.modules.get("IPython")
    if ipython is None or not type(out).__module__.startswith("ipykernel."):
        return False
    return getattr(ipython.get_ipython(), "kernel", None) is not None
