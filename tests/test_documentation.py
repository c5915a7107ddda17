"""The documentation names files that exist, its links lead somewhere, and its pages are short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
]
FILES = [
    f"/{path.relative_to(ROOT).as_posix()}"
    for folder in ("numba_lstm", "tests", "benchmarks", ".ci")
    for path in (ROOT / folder).rglob("*.py")
]

#: Lines of a page, and of pages that have to be read within minutes.
LONGEST, SHORT = 250, {"docs/architecture.md": 150, "docs/glossary.md": 100}


def text_of(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """Return the links of a page to files or headings that do not exist."""
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", sorted(PAGES))
def test_named_modules_exist(page):
    named = re.findall(r"`([\w./]*\w\.py)`", (ROOT / page).read_text(encoding="utf-8"))
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in FILES)] == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_named_packages_exist(page):
    named = re.findall(r"`((?:numba_lstm|tests|benchmarks|examples|docs)/[\w/]*)/`", (ROOT / page).read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).is_dir()] == []


def test_the_readme_names_packages():
    assert "`numba_lstm/layers/`" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(PAGES))
def test_links_lead_to_files_and_headings(page):
    assert dead_links(ROOT / page) == []


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# A title, and more\n\n```\n# no title\n```\n")
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](other.md) [b](#one) [c](other.md#a-title-and-more) [d](https://example.com)\n")
    assert dead_links(page) == []
    page.write_text("[a](missing.md) [b](#one) [c](other.md#no-title)\n")
    assert dead_links(page) == ["missing.md", "#one", "other.md#no-title"]


def malformed_links(text: str) -> list[str]:
    """Return the external links of a text that are not of https, or have no host with a dot."""
    links = re.findall(r"\b[a-z]+:/{1,2}[^\s<>\"'`)\]}|]+", text)
    return [link for link in links if not re.fullmatch(r"https://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?", link)]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_external_links_are_of_https(page):
    assert malformed_links(text_of(ROOT / page)) == []


def test_a_malformed_link_is_found():
    wrong = ["http://example.org", "https://example", "htps://example.org/", "https:/example.org"]
    assert malformed_links("[a](https://example.org/a#b) " + " ".join(f"[b]({link})" for link in wrong)) == wrong


@pytest.mark.parametrize("page", sorted(PAGES))
def test_pages_are_short(page):
    if page != "CHANGELOG.md":  # it grows with every release
        assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= SHORT.get(page, LONGEST)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_lines_have_at_most_128_characters(page):
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 128 and not line.startswith(("|", "* Linux"))] == []
