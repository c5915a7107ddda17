"""What cannot be exported is refused in one sentence, and nothing is written."""

from __future__ import annotations

import os

import pytest

from numba_lstm import Sequential
from numba_lstm.__main__ import main
from numba_lstm.layers import LSTM, Bidirectional, Dense, Embedding, Input, Masking


def _model(**batch):
    return Sequential([Input((None, 3), **batch), LSTM(4, stateful=bool(batch)), Dense(1)])


@pytest.mark.parametrize(
    ("model", "options", "sentence"),
    [
        (_model, {"target": "z80"}, r"target must be one of 'host', .*'aarch64'.*, got 'z80'\."),
        (_model, {"name": "my net"}, r"name is the prefix of C functions.*'my net'"),
        (_model, {"weights": "none"}, r"weights must be 'embedded' or 'file', got 'none'\."),
        (_model, {"rows": 0}, "rows"),
        (lambda: Sequential([LSTM(4)]), {}, r"is not built yet\. Call it on data"),
        (lambda: _model(batch_size=32), {}, r"lstm.* is stateful for batches of 32, and rows is 1\. Give rows=32"),
        (lambda: Sequential([Input((None, 3)), Bidirectional(LSTM(4))]), {}, r"bidirectional.* cannot be streamed"),
        (lambda: Sequential([Input((None,)), Embedding(5, 3), LSTM(4)]), {}, r"embedding.* calls take of NumPy"),
        (lambda: Sequential([Input((None, 3)), Masking(), LSTM(4)]), {}, r"masking.* cannot be exported: .*NumPy"),
    ],
)
def test_refused(model, options, sentence, tmp_path):
    with pytest.raises((ValueError, NotImplementedError), match=sentence):
        model().export_c(tmp_path / "new" / "lib", **options)
    assert not list(tmp_path.iterdir())


def test_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"the folder holds thesis.tex\. Give the name of a new folder\."):
        _model().export_c(tmp_path)
    with pytest.raises(NotADirectoryError, match="it is a file"):
        _model().export_c(tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write to read-only folders")
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="no file can be made in the folder"):
        _model().export_c(tmp_path / "lib")


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="No space left"):
        _model().export_c(tmp_path / "lib")
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
