"""``python -m benchmarks.programs FOLDER``: see the package."""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from . import child, sources

LIST = Path(__file__).with_name("programs.csv")
COLUMNS = ["name", "repository", "commit", "path", "numba_lstm", "keras-jax"]
#: Class of result -> what the last line of the error matches. The first match counts.
CLASSES = {
    "TensorFlow": r"tensorflow",
    "package": r"ModuleNotFoundError: (?!.*(keras|numba_lstm))",
    "file": r"FileNotFoundError|URLError|HTTPError|ConnectionError|BadZipFile|NotADirectoryError",
    "name": r"(ImportError|AttributeError|ModuleNotFoundError).*(keras|numba_lstm)",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.programs", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds a clone of each repository, as FOLDER/owner/name")
    parser.add_argument("--clone", action="store_true", help="clone what FOLDER lacks from GitHub, and end")
    parser.add_argument("--engine", choices=["numba_lstm", "keras-jax"], default="numba_lstm")
    parser.add_argument("--only", default="", help="a regular expression for names of programs")
    parser.add_argument("--missing", action="store_true", help="run only programs without a result of this engine")
    parser.add_argument("--seconds", type=int, default=60, help="the limit of a program, of processor time")
    parser.add_argument("--losses", type=Path, help="a folder for losses from equal weights; run keras-jax first")
    parser.add_argument("--write", action="store_true", help="write the results to programs.csv")
    parser.add_argument("--table", action="store_true", help="print the table of programs.csv, and end")
    options = parser.parse_args()
    with LIST.open() as file:
        programs = list(csv.DictReader(file))
    if options.clone:
        clone(programs, options.folder)
    elif options.table:
        print_table(programs)
    else:
        run(programs, options)


def clone(programs: list[dict[str, str]], folder: Path) -> None:
    for repository in sorted({program["repository"] for program in programs}):
        if not (folder / repository).exists():
            url = f"https://github.com/{repository}"
            subprocess.run(["git", "clone", "--quiet", "--bare", url, str(folder / repository)], check=False)


def run(programs: list[dict[str, str]], options: Any) -> None:
    engine = child.start(options.engine)
    with tempfile.TemporaryDirectory() as work:
        for program in programs:
            if not re.search(options.only, program["name"]) or (options.missing and program[options.engine]):
                continue
            result, error = result_of(engine, program, Path(work), options)
            program[options.engine] = result
            print(f"{program['name']:45} {result:12} {error[:160]}", flush=True)
            if options.write:
                part = LIST.with_suffix(".part")
                with part.open("w", newline="") as file:
                    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(programs)
                part.replace(LIST)
    print_table(programs)


def tree_of(program: dict[str, str], folder: Path, work: Path, engine: str) -> Path:
    """Return the script of a program, in a tree of its repository that the programs of one run share."""
    tree = work / f"{program['repository'].replace('/', '+')}@{program['commit'][:8]}"
    if not tree.exists():
        sources.extract(folder / program["repository"], program["commit"], tree, engine)
    script = tree / program["path"]
    return script.with_suffix(".ipynb.py") if script.suffix == ".ipynb" else script


def result_of(engine: Any, program: dict[str, str], work: Path, options: Any) -> tuple[str, str]:
    """Run a program, and return the class of its result and the last line of its error."""
    script = tree_of(program, options.folder, work, options.engine)
    downloads = work / "downloads"
    downloads.mkdir(exist_ok=True)
    checks = None
    if options.losses is not None:
        checks = (options.losses / program["name"]).absolute()
        if options.engine == "keras-jax":
            shutil.rmtree(checks, ignore_errors=True)
    code, error = child.run(engine, script, downloads, checks, options.seconds)
    if code == 0:
        return "runs", ""
    if code < 0:
        return "time", f"ended by signal {-code}"
    error = error or f"exit status {code}"
    return next((name for name, pattern in CLASSES.items() if re.search(pattern, error)), "error"), error


def print_table(programs: list[dict[str, str]]) -> None:
    ours, keras = Counter(p["numba_lstm"] for p in programs), Counter(p["keras-jax"] for p in programs)
    print(f"\n{len(programs)} programs\n| result | numba_lstm | Keras 3 on JAX |\n|---|---:|---:|")
    for result in ["runs", *sorted((set(ours) | set(keras)) - {"runs", ""})]:
        print(f"| {result} | {ours[result]} | {keras[result]} |")
    common = sum(p["numba_lstm"] == p["keras-jax"] == "runs" for p in programs)
    print(f"\nOf {keras['runs']} programs that run on Keras 3, {common} run here; {ours['runs'] - common} run only here.")


if __name__ == "__main__":
    main()
