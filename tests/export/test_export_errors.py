"""What cannot be exported is refused in one sentence, and nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager

import pytest

from numba_lstm import Sequential
from numba_lstm.__main__ import main
from numba_lstm.export.checks import is_reserved
from numba_lstm.layers import LSTM, Bidirectional, Dense, Embedding, Input, IntegerLookup


def _model(**batch):
    return Sequential([Input((None, 3), **batch), LSTM(4, stateful=bool(batch)), Dense(1)])


@pytest.mark.parametrize(
    ("model", "options", "sentence"),
    [
        (_model, {"target": "z80"}, r"target must be one of 'host', .*'aarch64'.*, got 'z80'\."),
        (_model, {"name": "my net"}, r"name is the prefix of C functions.*'my net'"),
        (_model, {"name": "wchar_t"}, r"'wchar_t' is a word of C, C\+\+ or CMake"),
        (_model, {"name": "virtual"}, r"'virtual' is a word of C, C\+\+ or CMake"),
        (_model, {"name": "printf"}, r"'printf' is a word .* or a name of the C library"),
        (_model, {"name": "n" * 300}, r"name is the prefix .*, at most 100 characters, got 300\."),
        (_model, {"name": "test"}, r"'test' is a word of C, C\+\+ or CMake"),
        (_model, {"weights": "none"}, r"weights must be 'embedded' or 'file', got 'none'\."),
        (_model, {"rows": 0}, "rows"),
        (lambda: Sequential([LSTM(4)]), {}, r"is not built yet\. Call it on data"),
        (lambda: _model(batch_size=32), {}, r"lstm.* is stateful for batches of 32, and rows is 1\. Give rows=32"),
        (lambda: Sequential([Input((None, 3)), Bidirectional(LSTM(4))]), {}, r"bidirectional.* cannot be streamed"),
        (
            lambda: Sequential([Input((None,)), IntegerLookup(vocabulary=[7, 9], name="numbers"), Embedding(5, 3), LSTM(4)]),
            {},
            r"numbers \(IntegerLookup\) cannot be exported: it converts inputs in Python",
        ),
    ],
)
def test_refused(model, options, sentence, tmp_path):
    with pytest.raises((ValueError, NotImplementedError), match=sentence):
        model().export_c(tmp_path / "new" / "lib", **options)
    assert not list(tmp_path.iterdir())


def test_names_of_the_c_library_are_reserved_and_others_free():
    taken = "malloc", "sinf", "strtok_r", "string", "stdint", "uint8_t", "FILE", "sem", "argc", "test_run"
    assert [name for name in taken if not is_reserved(name)] == []
    assert [name for name in ("net", "n", "filter", "half", "cell", "signal_filter", "x") if is_reserved(name)] == []


def test_vectors_that_there_are_not_is_a_sentence():
    program = "from numba_lstm.kernels.cpu.compiler import cpu_info"
    environment = {**os.environ, "NUMBA_LSTM_VECTORS": "avx3"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert "ValueError: NUMBA_LSTM_VECTORS must be one of avx512, avx2, " in done.stderr
    assert "got 'avx3'. Unset it for this processor." in done.stderr


def test_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"the folder holds thesis.tex\. Give the name of a new folder\."):
        _model().export_c(tmp_path)
    with pytest.raises(NotADirectoryError, match="it is a file"):
        _model().export_c(tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@contextmanager
def _without_rights():
    """Run as a user who may not write to all folders, as root may."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="needs users of Linux")
@pytest.mark.parametrize("folder", ["lib", "deep/lib", "."])
def test_read_only_folder(folder):
    model = _model()
    with tempfile.TemporaryDirectory() as parent:  # that of pytest is for its owner alone
        os.chmod(parent, 0o555)
        with _without_rights(), pytest.raises(PermissionError, match=r"no file can be made in the folder /.*\. Give"):
            model.export_c(os.path.join(parent, folder))
        assert not os.listdir(parent)
        os.chmod(parent, 0o755)


def test_header_of_another_program_is_left_alone(tmp_path):
    for name in ("net.h", "README.md", "CMakeLists.txt"):
        (tmp_path / name).write_text("/* written by hand */")
    with pytest.raises(FileExistsError, match=r"the folder holds CMakeLists.txt\."):
        _model().export_c(tmp_path)
    assert (tmp_path / "net.h").read_text() == "/* written by hand */"


def test_folder_stays_where_it_is_and_a_built_test_is_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = tmp_path.stat().st_ino
    _model().export_c(".", weights="file")
    (tmp_path / "net_test").write_text("the program that the line in the README makes")
    _model().export_c(".")
    assert tmp_path.stat().st_ino == before
    assert sorted(os.listdir()) == ["CMakeLists.txt", "README.md", "net.a", "net.h", "net.o", "net_test.c"]


def test_error_leaves_the_earlier_export(tmp_path, monkeypatch):
    _model().export_c(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rename, left = os.rename, iter(range(8))

    def fail_once(source, target):
        if next(left, None) == 7:
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_once)
    with pytest.raises(OSError, match="Input/output error"):
        _model().export_c(tmp_path, rows=2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_function_of_a_script_is_refused_for_another_processor(tmp_path, monkeypatch):
    def gate(x):
        return x

    gate.__module__, gate.__qualname__ = "__main__", "gate"
    monkeypatch.setattr(sys.modules["__main__"], "gate", gate, raising=False)
    model = Sequential([Input((None, 3)), Dense(1, activation=gate)])
    with pytest.raises(ValueError, match=r"for riscv64, for which another process compiles it: .*'gate'.*in a module"):
        model.export_c(tmp_path / "lib", target="riscv64")
    assert not list(tmp_path.iterdir())


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="No space left"):
        _model().export_c(tmp_path / "deep" / "lib")
    assert not list(tmp_path.iterdir())


def test_command(tmp_path, capsys):
    file = tmp_path / "model.nlstm"
    _model().save(file)
    assert main(["export", str(file), "--out", str(tmp_path / "lib"), "--name", "robot", "--rows", "2"]) == 0
    assert "#define ROBOT_ROWS 2" in (tmp_path / "lib" / "robot.h").read_text()
    assert main(["export", str(file), "--out", str(tmp_path / "other"), "--target", "z80"]) == 1
    assert "target must be one of" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "none.nlstm"), "--out", str(tmp_path / "other")]) == 1
    assert not (tmp_path / "other").exists()
