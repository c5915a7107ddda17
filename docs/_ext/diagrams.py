"""Diagrams of Mermaid, drawn in the reader's browser by a script of the site, and the page of ASV.

``.ci/site_scripts.py`` fetches the script before the build, and publishes ASV's results. Without the script, the text of a
diagram stays a block of code. Without ASV's page, there is no link to it.
"""

from pathlib import Path

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.util.fileutil import copy_asset

ROOT = Path(__file__).resolve().parents[2]
MERMAID = ROOT / "build" / "scripts" / "mermaid" / "dist" / "mermaid.min.js"
ASV_PAGE = ROOT / ".asv" / "html"

#: How pages name ASV's page; on the site it is a link.
ASV_NAME = "`.asv/html/index.html`"


def add_scripts(app: Sphinx, name: str, template: str, context: dict[str, object], tree: nodes.document | None) -> None:
    """Mark the diagrams of a page, and let it load the scripts that draw them."""
    diagrams = [block for block in tree.findall(nodes.literal_block) if block.get("language") == "mermaid"] if tree else []
    if diagrams and MERMAID.is_file():
        for script in ("mermaid.min.js", "diagrams.js"):
            app.add_js_file(script, loading_method="defer")


def link_asv_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Make the name of ASV's page a link, if the page is there."""
    if (ASV_PAGE / "index.html").is_file():
        source[0] = source[0].replace(ASV_NAME, f'<a href="{"../" * name.count("/")}asv/index.html">{ASV_NAME}</a>')


def copy_files(app: Sphinx, error: Exception | None) -> None:
    """Copy the script and ASV's page to the site."""
    if error is None and app.builder.format == "html":
        if MERMAID.is_file():
            copy_asset(MERMAID, app.outdir / "_static")
        if (ASV_PAGE / "index.html").is_file():
            copy_asset(ASV_PAGE, app.outdir / "asv")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the diagrams and the page."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("html-page-context", add_scripts)
    app.connect("source-read", link_asv_page)
    app.connect("build-finished", copy_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
