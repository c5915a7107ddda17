"""model.save and load_model: suffixes of files, and errors that advise another name."""

from pathlib import Path

import pytest

from numba_lstm.saving import load_model


@pytest.mark.parametrize("kind", [str, Path])
def test_no_extension_becomes_nlstm(model, tmp_path, kind):
    model.save(kind(tmp_path / "model"))
    assert [path.name for path in tmp_path.iterdir()] == ["model.nlstm"]


@pytest.mark.parametrize("extension", [".H5", ".onnx", ".pt", ".safetensors", ".NLSTM", ".v2"])
def test_another_extension_is_refused(model, tmp_path, extension):
    with pytest.raises(ValueError, match=r"a model is saved as \.nlstm, got .*Save it as"):
        model.save(tmp_path / f"model{extension}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("ending", "writer"),
    [
        (".weights.h5", "model.save_weights"),
        (".onnx", "numba_lstm.interop.onnx.export"),
        (".pt", "numba_lstm.interop.torch.save_model"),
    ],
)
def test_what_writes_another_kind_is_named(model, tmp_path, ending, writer):
    with pytest.raises(ValueError, match=rf"Save it as '.*model\.nlstm'.*written by {writer}"):
        model.save(tmp_path / f"model{ending}")


@pytest.mark.parametrize("name", ["net-0.5", "net.v2", "net.best", "net.2024-05"])
def test_what_is_no_ending_of_a_format_belongs_to_the_name(model, tmp_path, name):
    with pytest.raises(ValueError, match="a model is saved as") as raised:
        model.save(tmp_path / name)
    advised = tmp_path / f"{name}.nlstm"
    assert f"Save it as {str(advised)!r}, or for Keras as {str(tmp_path / name) + '.keras'!r}." in str(raised.value)
    model.save(advised)
    assert [path.name for path in tmp_path.iterdir()] == [advised.name]


@pytest.mark.parametrize("ending", [".H5", ".NLSTM", ".Keras"])
def test_an_ending_in_other_letters_is_replaced(model, tmp_path, ending):
    with pytest.raises(ValueError, match=r"Save it as '.*net\.nlstm', or for Keras as '.*net\.keras'\.$"):
        model.save(tmp_path / f"net{ending}")


@pytest.mark.parametrize("name", ["", "/", "/.nlstm", "/.keras", "/.."])
def test_a_file_needs_a_name(model, tmp_path, name):
    path = f"{tmp_path}/folder{name}" if name else ""
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="a model needs a name for its file"):
        model.save(path)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_model(tmp_path / "none.nlstm")


def test_no_file_but_for_the_extension(model, tmp_path):
    """Weights are read under the very name that is given; the one that was meant is told."""
    (tmp_path / "model.weights.h5").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_model(tmp_path / "model")
    model.save(tmp_path / "net.keras")
    for name in ("net", "net.weights"):
        (tmp_path / f"{name}.keras").write_bytes((tmp_path / "net.keras").read_bytes())
        with pytest.raises(FileNotFoundError, match=rf"Is it '.*{name}\.keras'\?"):
            load_model(tmp_path / name)
