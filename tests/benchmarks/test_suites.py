"""ASV imports every suite before it knows what is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import benchmarks
names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__, "benchmarks.")]
for name in names:
    importlib.import_module(name)
print(*names)
print(*sorted({"numba", "torch", "onnxruntime", "openvino", "keras", "jax"} & set(sys.modules)))
"""


def test_suites_import_no_framework():
    process = subprocess.run([sys.executable, "-c", IMPORT_ALL, ROOT], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    names, imported = process.stdout.splitlines()
    concepts = {"infer", "train", "stream", "cold_start", "memory", "ops", "options", "quantized", "device"}
    assert {f"benchmarks.{concept}" for concept in concepts} <= set(names.split())
    assert imported == ""
