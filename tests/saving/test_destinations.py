"""check_path refuses what model.save would refuse, before any work is done."""

import os
import sys

import pytest

from numba_lstm.saving import check_path


@pytest.fixture
def without_h5py(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)


def test_the_name_that_will_be_written(model, tmp_path):
    assert check_path(tmp_path / "model") == str(tmp_path / "model.nlstm")
    assert list(tmp_path.iterdir()) == []
    model.save(tmp_path / "model")
    assert check_path(tmp_path / "model") == str(tmp_path / "model.nlstm")


@pytest.mark.parametrize("weights_only", [False, True])
def test_a_folder_that_is_not_there(model, tmp_path, weights_only):
    path = tmp_path / "none" / ("best.weights.h5" if weights_only else "best.nlstm")
    write = model.save_weights if weights_only else model.save
    for act in (lambda: check_path(path, weights_only=weights_only), lambda: write(path)):
        with pytest.raises(FileNotFoundError, match=f"the folder {tmp_path}/none does not exist. Make it first."):
            act()
    (tmp_path / "none").mkdir()
    write(check_path(path, weights_only=weights_only))


def test_folders_that_the_program_makes(tmp_path, monkeypatch):
    path = tmp_path / "none" / "nor" / "best.nlstm"
    assert check_path(path, makes_folders=True) == str(path)
    with pytest.raises(OSError, match="too long"):
        check_path(tmp_path / ("x" * 300) / "best.nlstm", makes_folders=True)
    (tmp_path / "none").touch()
    with pytest.raises(NotADirectoryError, match=f"{tmp_path}/none is a file, not a folder. Give another name.$"):
        check_path(path, makes_folders=True)
    monkeypatch.setattr(os, "access", lambda folder, mode: False)
    with pytest.raises(
        PermissionError, match=f"no file can be made in the folder {tmp_path}. Give the name of a folder of your"
    ):
        check_path(tmp_path / "other" / "best.nlstm", makes_folders=True)


def test_a_folder_that_cannot_be_written_to(model, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda folder, mode: False)
        for act in (check_path, model.save):
            with pytest.raises(PermissionError, match=f"no file can be made in the folder {tmp_path}. Give the name of a"):
                act(tmp_path / "best.nlstm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["best.nlstm", "best.keras", "best.weights.h5"])
def test_a_file_that_must_stay(tmp_path, name):
    (tmp_path / name).write_bytes(b"old")
    weights = name.endswith(".h5")
    assert check_path(tmp_path / name, weights_only=weights) == str(tmp_path / name)
    with pytest.raises(FileExistsError, match="Give overwrite=True to replace it, or another name"):
        check_path(tmp_path / name, overwrite=False, weights_only=weights)


def test_the_name_of_a_folder(tmp_path):
    (tmp_path / "best.nlstm").mkdir()
    with pytest.raises(IsADirectoryError, match="it is a folder. Give the name of a file in it"):
        check_path(tmp_path / "best.nlstm")


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(OSError, match="too long"):
        check_path(tmp_path / f"{'x' * 300}.nlstm")


@pytest.mark.parametrize(("name", "weights_only"), [("best.keras", False), ("best.weights.h5", True)])
def test_files_of_keras_need_h5py(tmp_path, without_h5py, name, weights_only):
    with pytest.raises(ImportError, match=r"writing Keras's files needs h5py: pip install 'numba_lstm\[keras\]'"):
        check_path(tmp_path / name, weights_only=weights_only)
    check_path(tmp_path / "best.nlstm")


@pytest.mark.parametrize("name", ["best.h5", "best.weights.h5.nlstm", "best"])
def test_weights_have_an_extension_of_their_own(tmp_path, name):
    with pytest.raises(ValueError, match=r"weights are saved as \.weights\.h5, got .* A whole model: model\.save"):
        check_path(tmp_path / name, weights_only=True)


@pytest.mark.parametrize("name", [".weights.h5", "folder/.weights.h5"])
def test_weights_need_a_name(tmp_path, name):
    with pytest.raises(ValueError, match=r"a model needs a name for its file, got .* Save it as '.*model\.weights\.h5'"):
        check_path(tmp_path / name, weights_only=True)
