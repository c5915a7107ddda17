"""The command ``python -m numba_lstm export MODEL --out FOLDER``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..models.loading import load_model
from .checks import targets
from .library import export_c


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; an error prints one sentence."""
    options = _parser().parse_args(arguments)
    try:
        model = load_model(options.model, compile=False)
        where = "file" if options.weights_file else "embedded"
        export_c(
            model, options.out, name=options.name, target=options.target, rows=options.rows, weights=where,
            max_steps=options.max_steps,
        )  # fmt: skip
    except (OSError, ValueError, NotImplementedError, RuntimeError, MemoryError) as error:
        text = f"{error.filename}: {error.strerror}." if isinstance(error, OSError) and error.strerror else str(error)
        print(f"numba_lstm export: {text}", file=sys.stderr)
        return 1
    print(f"{options.out}: {options.name}.h, a library for {options.target}, and {options.name}_test.c. See README.md there.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m numba_lstm export",
        description="Writes a model as a C library, which computes it step by step. Without Python, and without allocation.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a file of numba_lstm or Keras")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the folder to make")
    parser.add_argument("--name", default="net", help="prefix of files and functions (default: net)")
    parser.add_argument("--target", default="host", metavar="T", help=f"one of {', '.join(targets())} (default: host)")
    parser.add_argument("--rows", type=int, default=1, metavar="N", help="sequences of a step (default: 1)")
    parser.add_argument("--max-steps", type=int, metavar="S", help="steps that causal attention keeps")
    parser.add_argument("--weights-file", action="store_true", help="write the weights to a file, not into the object")
    return parser
