"""Pages that are files of the repository's root, and links to files outside of ``docs/``."""

import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]

#: Pages of the site, as the root's files and pages of ``docs/`` link to them.
PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
    "docs/examples/index.md": "examples/index.md",
    "examples/gallery/sine_forecast.py": "gallery/sine_forecast.rst",
    "examples/gallery/sequence_labelling.py": "gallery/sequence_labelling.rst",
}

#: Pages that are a file of the root.
INCLUDED = {"contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}


def adapt_links(app: Sphinx, name: str, source: list[str]) -> None:
    """Replace pages by the root's files that they stand for, and lead links to the pages of the site."""
    if not str(app.env.doc2path(name)).endswith(".md"):
        return
    folder = (Path(app.srcdir) / name).parent
    if name in INCLUDED:
        app.env.note_dependency(str(ROOT / INCLUDED[name]))
        source[0] = (ROOT / INCLUDED[name]).read_text(encoding="utf-8")
        folder = ROOT
    depth = "../" * name.count("/")

    def replace(match: re.Match[str]) -> str:
        text, path, anchor = match[1], match[2], match[3] or ""
        target = (folder / path).resolve()
        if not target.is_relative_to(ROOT):
            return match[0]
        relative = target.relative_to(ROOT).as_posix()
        if relative in PAGES:
            return f"[{text}]({depth}{PAGES[relative]}{anchor})"
        if relative.startswith("docs/"):
            return f"[{text}]({depth}{relative.removeprefix('docs/')}{anchor})"
        return f"`{relative}`" if relative.startswith(text.strip("`")) else f"{text} (`{relative}`)"  # no page has it

    source[0] = re.sub(r"\[([^\[\]]*)\]\((?![a-z]+:)([^)#\s]+)(#[^)\s]+)?\)", replace, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the changes of pages."""
    app.connect("source-read", adapt_links)
    return {"parallel_read_safe": True}
