"""The directive ``reference``: a table of public names and, below it, their docstrings.

The argument is a module. Each line of the content is one name, or several names of one object::

    .. reference:: numba_lstm.losses

       MeanSquaredError
       mean_squared_error mse MSE

The first name has the docstring; the others follow it as aliases. With ``:members:`` classes have their methods too, also
inherited ones but those that ``:hide:`` names. With ``:table:`` there is only the table. With
``:names:`` there are only the names of classes: the module needs a package that the build of the site does not.
"""

import importlib
import inspect

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Reference(SphinxDirective):
    """Document public names of a module."""

    required_arguments = 1
    has_content = True
    option_spec = {"table": directives.flag, "members": directives.flag, "names": directives.flag, "hide": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Parse the table and the docstrings as reStructuredText."""
        module = self.arguments[0]
        rows = [line.split() for line in self.content if line.strip()]
        if "names" in self.options:
            return self._parse([f".. py:class:: {module}.{name}" for names in rows for name in names])
        lines = [f".. currentmodule:: {module}", "", ".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   {name}" for names in rows for name in names] + [""]
        if "table" not in self.options:
            options = []
            if "members" in self.options:
                options = ["   :members:", "   :inherited-members:", f"   :exclude-members: {self.options.get('hide', '')}"]
            for names in rows:
                lines += _object(module, options, *names)
        return self._parse(lines)

    def _parse(self, lines: list[str]) -> list[nodes.Node]:
        node = nodes.container()
        self.state.nested_parse(StringList(lines, "reference"), self.content_offset, node)
        return node.children


def _object(module: str, options: list[str], name: str, *aliases: str) -> list[str]:
    """Return the lines that document an object and its further names."""
    value = getattr(importlib.import_module(module), name)
    lines = []
    if inspect.isclass(value):
        lines += [f".. autoclass:: {module}.{name}", *options, ""]
    elif callable(value):
        lines += [f".. autofunction:: {module}.{name}", ""]
    else:
        lines += [f".. autodata:: {module}.{name}", "   :no-value:", ""]
    kind = "class" if inspect.isclass(value) else "function"
    for alias in aliases:
        lines += [f".. py:{kind}:: {module}.{alias}", "", f"   Another name of :py:obj:`{module}.{name}`.", ""]
    return lines


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("reference", Reference)
    return {"parallel_read_safe": True}
