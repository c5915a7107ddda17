"""A small CSV file, and how the commands are run on it."""

from __future__ import annotations

from pathlib import Path

HEADER = "ts,y,temp,wx"
SMALL = ("--target", "y", "--time", "ts", "--horizon", "4", "--window", "8", "--units", "4", "--epochs", "1")


def rows(count: int = 72) -> list[str]:
    """Lines of an hourly series of period 12, with a number and a category beside it."""
    return [f"2024-01-{1 + k // 24:02}T{k % 24:02}:00,{10 + k % 12},{k % 7},{'abc'[k % 3]}" for k in range(count)]


def future(count: int = 4, begin: int = 72) -> list[str]:
    """Lines without a value of the series, which follow :func:`rows`."""
    return [f"2024-01-{1 + k // 24:02}T{k % 24:02}:00,,3,a" for k in range(begin, begin + count)]


def write(path: Path, lines: list[str], header: str = HEADER, encoding: str = "utf-8") -> Path:
    """Write a file of a header and lines."""
    path.write_bytes("".join(f"{line}\n" for line in (header, *lines)).encode(encoding))
    return path
