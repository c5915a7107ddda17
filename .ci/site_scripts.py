#!/usr/bin/env python3
"""Fetch the scripts of the documentation site and of ASV's page from npm, so that the pages open without a network.

``site_scripts.py`` puts them into ``build/scripts``, a folder for each package. npm checks the hash of a package. With them,
``sphinx-build`` draws the diagrams. ``site_scripts.py --asv`` also runs ``asv publish`` and lets its page load these scripts;
then ``sphinx-build`` takes the page into the site, as ``asv/``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "build" / "scripts"
ASV_PAGE = ROOT / ".asv" / "html"

#: Packages of npm and their files.
PACKAGES = {
    "mermaid@11.17.2": ["dist/mermaid.min.js", "LICENSE"],
    "jquery@3.3.1": ["dist/jquery.min.js", "LICENSE.txt"],
    "flot@0.8.3": [f"jquery.flot{name}.js" for name in ("", ".categories", ".selection", ".time")] + ["LICENSE.txt"],
    "flot-orderbars@1.0.0": ["js/jquery.flot.orderBars.js"],
    "stupid-table-plugin@1.1.3": ["stupidtable.min.js", "LICENSE"],
    "blueimp-md5@2.19.0": ["js/md5.min.js", "LICENSE.txt"],
    "bootstrap@3.1.1": [
        *("dist/css/bootstrap.min.css", "dist/js/bootstrap.min.js", "LICENSE"),
        *(f"dist/fonts/glyphicons-halflings-regular.{ending}" for ending in ("eot", "svg", "ttf", "woff")),
    ],
}

#: Names of files, as ASV's page loads them from servers of others, and the files of packages in their place.
PLACES = {
    "jquery-3.3.1.min.js": "jquery/dist/jquery.min.js",
    "jquery.flot.min.js": "flot/jquery.flot.js",
    "jquery.flot.categories.min.js": "flot/jquery.flot.categories.js",
    "jquery.flot.selection.min.js": "flot/jquery.flot.selection.js",
    "jquery.flot.time.min.js": "flot/jquery.flot.time.js",
    "jquery.flot.orderBars.js": "flot-orderbars/js/jquery.flot.orderBars.js",
    "stupidtable.min.js": "stupid-table-plugin/stupidtable.min.js",
    "md5.min.js": "blueimp-md5/js/md5.min.js",
    "bootstrap.min.js": "bootstrap/dist/js/bootstrap.min.js",
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
}

#: What a page loads when it opens: scripts, styles, pictures. Links that a reader follows are not.
LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=[\"'](https?:)?//([^\"']+)[\"'][^>]*>")


def fetch(folder: Path = SCRIPTS) -> None:
    """Take the files out of the packages of npm."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", work, *PACKAGES], check=True, stdout=subprocess.DEVNULL
        )
        for package, files in PACKAGES.items():
            name = package.partition("@")[0]
            with tarfile.open(Path(work) / f"{package.replace('@', '-')}.tgz") as archive:
                members = {member.name.partition("/")[2]: member for member in archive.getmembers() if member.isfile()}
                for file in files:
                    target = folder / name / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.extractfile(members[file]).read())


def without_servers(page: str) -> str:
    """Return ASV's page with the scripts that lie in ``scripts/`` beside it.

    Raises
    ------
    SystemExit
        If the page loads a script that no package is known for.
    """

    def replace(match: re.Match[str]) -> str:
        file = match[2].rpartition("/")[2]
        if file not in PLACES:
            raise SystemExit(f"ASV's page loads {file}. Add it to PLACES in .ci/site_scripts.py, with a package of npm.")
        element = re.sub(r"\s(?:integrity|crossorigin|referrerpolicy)=\"[^\"]*\"", "", match[0])
        return element.replace(f"{match[1] or ''}//{match[2]}", f"scripts/{PLACES[file]}")

    return LOADED.sub(replace, page)


def publish(scripts: Path = SCRIPTS, page: Path = ASV_PAGE) -> None:
    """Let ASV write its page, and put the scripts beside it."""
    subprocess.run([sys.executable, "-m", "asv", "publish", "--no-pull", "--html-dir", str(page)], cwd=ROOT, check=True)
    for package in {place.partition("/")[0] for place in PLACES.values()}:
        shutil.copytree(scripts / package, page / "scripts" / package, dirs_exist_ok=True)
    index = page / "index.html"
    index.write_text(without_servers(index.read_text(encoding="utf-8")), encoding="utf-8")


def from_servers(folder: Path) -> list[str]:
    """Return what pages and styles of a folder load from servers of others."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            loaded = LOADED.finditer(path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(folder)}: {match[0]}" for match in loaded if 'rel="canonical"' not in match[0]]
        elif path.suffix == ".css":
            loaded = re.finditer(r"(?:url\(|@import\s)[\"']?(?:https?:)?//[^\"')]+", path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(folder)}: {match[0]}" for match in loaded]
    return found


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asv", action="store_true", help="publish ASV's results, with the scripts beside the page")
    parser.add_argument(
        "--check", type=Path, metavar="SITE", help="fetch nothing; fail if a page of this folder loads from servers"
    )
    options = parser.parse_args()
    if options.check is not None:
        found = from_servers(options.check)
        print(*found, sep="\n", end="\n" if found else "")
        return 1 if found else 0
    if shutil.which("npm") is None:
        raise SystemExit("site_scripts.py needs npm, which comes with Node.js.")
    fetch()
    if options.asv:
        publish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
