"""The files of a repository at a commit, with its import root and its names of Keras 1 and 2 replaced."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

STAND_IN = "benchmarks.programs.tensorflow_names"
#: What Keras 3 has under another name: pattern -> replacement. Applied in order to each line.
RENAMED = [
    (r"^(\s*)([%!](?=[A-Za-z%])|cd |pip )", r"\1pass  # \2"),  # commands of IPython
    # import roots
    (r"\btensorflow\.python\.keras\b|\btensorflow\.contrib\.keras\b|\btensorflow\.keras\b|\btf_keras\b", "keras"),
    (r"\bkeras_preprocessing\b", "keras.preprocessing"),
    (r"from tensorflow import keras\b", "import keras"),
    (r"^(\s*)import tensorflow\.python\.util\.deprecation as (\w+)", r"\1import types as \2"),
    (r"^(\s*)import tensorflow(\.compat\.v1)? as (\w+)", rf"\1import {STAND_IN} as \3"),
    (r"^(\s*)import tensorflow\s*$", rf"\1import {STAND_IN} as tensorflow"),
    (r"^(\s*)from tensorflow import", rf"\1from {STAND_IN} import"),
    # modules
    (
        r"\bkeras\.layers\.(core|recurrent|embeddings|normalization|convolutional|pooling|merge|wrappers|noise|advanced_activations|cudnn_recurrent|local|convolutional_recurrent)\b",
        "keras.layers",
    ),
    (r"\bkeras\.layers\.normalization\.batch_normalization\b", "keras.layers"),
    (r"\bkeras\.utils\.(np_utils|vis_utils|data_utils|generic_utils|training_utils)\b", "keras.utils"),
    (r"\bkeras\.engine(\.topology|\.base_layer|\.training)?\b(?=\s+import)", "keras.layers"),
    (r"\bkeras\.optimizers\.(legacy|schedules_v2)\b", "keras.optimizers"),
    (r"^(\s*)from keras\.utils import np_utils.*", r"\1import keras.utils as np_utils"),
    (r"\bkeras\.preprocessing\.sequence\b(?=\s+import pad_sequences\s*$)", "keras.utils"),
    (r"from keras\.models import (?=.*\bInput\b)", "from keras import "),
    (r"^(\s*)from keras\.backend\.tensorflow_backend import set_session.*", r"\1set_session = print"),
    (r"\bK(eras)?\.set_session\(", "print("),
    # classes and functions
    (r"\bCuDNN(LSTM|GRU)\b", r"\1"),
    (r"\bConvolution(1|2|3)D\b", r"Conv\1D"),
    (r"\bTimeDistributedDense\b", "Dense"),
    (r"\.(fit|predict|evaluate)_generator\(", r".\1("),
    (r"\.predict_proba\(", ".predict("),
    (r"\b(\w+)\.predict_classes\(([^()]*(?:\([^()]*\))*[^()]*)\)", r"\1.predict(\2).argmax(axis=-1)"),
    # arguments
    (r"\bnb_epoch\b", "epochs"),
    (r"\bepoch(?==\d)", "epochs"),
    (r"\bsamples_per_epoch\b", "steps_per_epoch"),
    (r"\bnb_val_samples\b", "validation_steps"),
    (r"\b(dropout|recurrent_dropout)_[WU]\b", r"\1"),
    (r"(?<=[(,\s])lr(?=\s*=\s*[\d.lL])", "learning_rate"),
    (r",\s*decay\s*=\s*[\d.e-]+", ""),
    (r"\bborder_mode\b", "padding"),
    (r"\bsubsample_length\b", "strides"),
    (r"\bnb_filter\b", "filters"),
    (r"\bfilter_length\b", "kernel_size"),
    (r"\bpool_length\b", "pool_size"),
    (r"\binner_activation\b", "recurrent_activation"),
    (r"(?<=[(,\s])init(?=\s*=\s*['\"])", "kernel_initializer"),
    (r"(?<=[(,\s])inner_init(?=\s*=)", "recurrent_initializer"),
    (r"metrics\s*=\s*\[(['\"])acc\1", r"metrics=[\1accuracy\1"),
    (r"\bmonitor\s*=\s*(['\"])(val_)?acc\1", r"monitor=\1\2accuracy\1"),
    (r"(history\[['\"])(val_)?acc(?=['\"]\])", r"\1\2accuracy"),
]

SKIPPED = re.compile(r"(^|/)(node_modules|site-packages|\.venv|venv)/")


def extract(clone: Path, commit: str, into: Path, engine: str) -> None:
    """Write the tree of a commit to a folder, its Python files and notebooks rewritten for an engine."""
    git = ["git", "-C", str(clone)]
    listed = subprocess.run([*git, "ls-tree", "-r", "-z", commit], stdout=subprocess.PIPE, check=True).stdout.decode()
    with subprocess.Popen([*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for entry in filter(None, listed.split("\0")):
            (mode, kind, sha), name = entry.split("\t")[0].split(), entry.split("\t", 1)[1]
            if kind != "blob" or mode == "120000" or SKIPPED.search(name):
                continue
            process.stdin.write(f"{sha}\n".encode())
            process.stdin.flush()
            header = process.stdout.readline().split()
            if header[1:2] == [b"missing"]:  # as in a partial clone
                continue
            content = process.stdout.read(int(header[2]))
            process.stdout.read(1)
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        process.stdin.close()
    for path in [*into.rglob("*.py"), *into.rglob("*.ipynb")]:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
            source = script_of(text) if path.suffix == ".ipynb" else text
        except (OSError, ValueError):  # a dangling link, or a notebook that is none
            continue
        if re.search("keras|tensorflow", source):
            path.with_suffix(path.suffix + ".py" if path.suffix == ".ipynb" else ".py").write_text(rewritten(source, engine))


def script_of(notebook: str) -> str:
    """Return the code cells of a notebook as one script."""
    cells = [cell for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]
    return "\n\n".join("".join(cell["source"]) for cell in cells) + "\n"


def rewritten(source: str, engine: str) -> str:
    """Return source with names of Keras 1 and 2 replaced, in Python 3, and with the import root of an engine."""
    lines = source.replace("\r\n", "\n").split("\n")
    for pattern, replacement in RENAMED:
        regex = re.compile(pattern)
        lines = [regex.sub(replacement, line) for line in lines]
    source = modern("\n".join(lines))
    if engine != "numba_lstm":
        return source
    source = re.sub(r"(?m)^(\s*)import keras\s*$", r"\1import numba_lstm as keras", source)
    return re.sub(r"(?m)^(\s*)(import|from) keras\b", r"\1\2 numba_lstm", source)


def modern(source: str) -> str:
    """Return source in Python 3, translated where it is Python 2."""
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        pass
    try:
        from lib2to3 import refactor  # noqa: PLC0415  # Python 3.13 has none; then such programs stop

        fixers = refactor.get_fixers_from_package("lib2to3.fixes")
        return str(refactor.RefactoringTool(fixers).refactor_string(source.rstrip() + "\n", "program"))
    except Exception:  # noqa: BLE001  # the program keeps its error
        return source
