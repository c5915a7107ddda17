"""The page of ASV loads its scripts from a folder beside it, and what a site loads from servers of others is found."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "site_scripts.py"

#: An element of each kind that ASV's page loads.
PAGE = """\
<script src="https://code.jquery.com/jquery-3.3.1.min.js" integrity="sha256-Fg=" crossorigin="anonymous" onerror="f()"></script>
<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/bootstrap@3.1.1/dist/css/bootstrap.min.css" integrity="sha256-6V=">
<script src="asv.js"></script>
<a href="https://github.com/airspeed-velocity/asv/"><img src="swallow.png"></a>
"""


@pytest.fixture(scope="module")
def scripts() -> ModuleType:
    if not SCRIPT.exists():
        pytest.skip("an sdist has no .ci")
    spec = importlib.util.spec_from_file_location("site_scripts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_scripts_lie_beside_the_page(scripts):
    assert scripts.without_servers(PAGE) == (
        '<script src="scripts/jquery/dist/jquery.min.js" onerror="f()"></script>\n'
        '<link rel="stylesheet" href="scripts/bootstrap/dist/css/bootstrap.min.css">\n'
        '<script src="asv.js"></script>\n'
        '<a href="https://github.com/airspeed-velocity/asv/"><img src="swallow.png"></a>\n'
    )


def test_a_script_without_a_package_is_named(scripts):
    with pytest.raises(SystemExit, match=r"ASV's page loads jquery-9\.min\.js\. Add it to PLACES"):
        scripts.without_servers(PAGE.replace("jquery-3.3.1", "jquery-9"))


def test_every_place_is_a_file_of_a_package(scripts):
    files = {f"{package.partition('@')[0]}/{file}" for package, names in scripts.PACKAGES.items() for file in names}
    assert set(scripts.PLACES.values()) <= files


def test_the_page_of_the_installed_asv_needs_no_other_scripts(scripts):
    asv = pytest.importorskip("asv")
    page = Path(asv.__file__).parent / "www" / "index.html"
    assert not scripts.LOADED.search(scripts.without_servers(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("name", "text", "loads"),
    [
        ("a.html", PAGE, 2), ("b.html", '<script src="//example.org/x.js"></script>', 1), ("c.html", "<script src='x.js'>", 0),
        ("d.html", '<link rel="canonical" href="https://example.org/"><a href="https://example.org/">', 0),
        ("e.css", "a { background: url(https://example.org/a.png) } b { background: url(b.png) }", 1),
    ],
)  # fmt: skip
def test_what_a_folder_loads_from_servers_is_found(name, text, loads, scripts, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(scripts.from_servers(tmp_path)) == loads
