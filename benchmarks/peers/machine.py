"""What a figure is worth nothing without: processor, cores, versions, commit."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from .process import ROOT


def describe(versions: Mapping[str, str], peaks: Mapping[int, Iterable[float]]) -> list[str]:
    """Sentences on the machine and the run.

    Parameters
    ----------
    versions : mapping
        Of packages.
    peaks : mapping
        Measured peaks in operations a second, by number of threads.
    """
    found = [
        f"fma peak {max(p) / 1e9:.0f} GFLOP/s with {threads} thread{'s' if threads > 1 else ''}"
        for threads, values in peaks.items()
        if (p := list(values))
    ]
    return [
        f"{_processor()}, {_cores()} cores, {', '.join(found) or 'peak not measured'}",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
        f"commit {_commit()}, {datetime.date.today().isoformat()}",
    ]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "numba_lstm") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
