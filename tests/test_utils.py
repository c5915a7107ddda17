"""Helpers of numba_lstm.utils: labels, norms, files."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile

import numpy as np
import pytest

from numba_lstm.utils import get_file, normalize, to_categorical


def test_to_categorical_makes_one_hot_rows():
    rows = to_categorical([0, 2, 1])
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows, [[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(to_categorical([[1], [0]], 3), [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(to_categorical([[1.0, 0.0]], num_classes=2), [[[0, 1], [1, 0]]])
    assert to_categorical(3).shape == (4,)
    np.testing.assert_array_equal(to_categorical([True, False]), [[0, 1], [1, 0]])
    assert to_categorical(np.zeros((5, 4, 1), int), 2).shape == (5, 4, 2)


@pytest.mark.parametrize("classes", [None, 2])
@pytest.mark.parametrize(("labels", "got"), [([0, 1, np.nan], "nan (1 of 3)"), ([np.inf, np.nan], "inf (2 of 2)")])
def test_to_categorical_names_what_is_not_finite(labels, classes, got):
    with pytest.raises(ValueError, match="labels must be whole numbers") as raised:
        to_categorical(labels, classes)
    advice = "Leave these samples out, or give them a class of their own."
    assert str(raised.value) == f"labels must be whole numbers, got {got}. {advice}"


@pytest.mark.parametrize(
    ("labels", "classes", "got"),
    [
        ([0, -1], None, "0 to 0, got -1"),
        ([0, 3], 3, "0 to 2, got 3"),
        ([0.5, 1], None, "0 to 1, got 0.5"),
    ],
)
def test_to_categorical_refuses_what_is_no_label(labels, classes, got):
    with pytest.raises(ValueError, match="labels must be whole numbers from ") as raised:
        to_categorical(labels, classes)
    assert got in str(raised.value)
    assert str(raised.value).endswith("Number the classes from 0: labels = np.unique(labels, return_inverse=True)[1].")
    with pytest.raises(TypeError, match="labels must be an array of real numbers"):
        to_categorical(["a", "b"])


def test_the_advice_of_to_categorical_works():
    labels = np.unique(["b", "a", "b"], return_inverse=True)[1]
    np.testing.assert_array_equal(to_categorical(labels), [[0, 1], [1, 0], [0, 1]])


def test_normalize_divides_by_norms():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(normalize(x), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(normalize(x, axis=0), [[1, 1], [0, 0]])
    np.testing.assert_allclose(normalize(x, order=1), [[3 / 7, 4 / 7], [0, 0]])


# -- get_file ---------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes(b"one two")
    return path


def test_a_file_url_is_copied_into_the_cache(cache, source):
    actual = get_file(origin=source.as_uri())
    assert actual == str(cache / "words.txt")
    assert (cache / "words.txt").read_bytes() == b"one two"
    source.unlink()
    assert get_file(origin=source.as_uri()) == actual  # it is there now
    assert [path.name for path in cache.iterdir()] == ["words.txt"]


def test_names_and_folders_can_be_chosen(tmp_path, source):
    actual = get_file("other.txt", source.as_uri(), cache_dir=tmp_path / "mine", cache_subdir="texts")
    assert actual == str(tmp_path / "mine" / "texts" / "other.txt")
    with pytest.raises(ValueError, match="fname must be the name of a file without folders, got '../x'. Give cache_subdir="):
        get_file("../x", source.as_uri())


def test_a_web_address_is_not_opened_unasked(cache, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("opened"))
    sentence = (
        f"{cache / 'a.txt'} is not there, and nothing is downloaded unasked. Put https://example.org/a.txt there, or give "
        "get_file allow_download=True."
    )
    with pytest.raises(FileNotFoundError, match=re.escape(sentence)):
        get_file("a.txt", "https://example.org/a.txt")
    cache.mkdir(parents=True)
    (cache / "a.txt").write_bytes(b"here")
    assert get_file("a.txt", "https://example.org/a.txt") == str(cache / "a.txt")


def test_a_download_that_is_allowed_happens(cache, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda url: io.BytesIO(url.encode()))
    with open(get_file("a.txt", "https://example.org/a.txt", allow_download=True)) as file:
        assert file.read() == "https://example.org/a.txt"
    with pytest.raises(ValueError, match="origin must be a file, http or https URL, got 'ftp://x/y'"):
        get_file(origin="ftp://x/y", allow_download=True)
    with pytest.raises(ValueError, match="get_file needs origin, the URL of the file."):
        get_file("a.txt")


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_a_wrong_hash_leaves_nothing_behind(cache, source, algorithm):
    good = hashlib.new(algorithm, b"one two").hexdigest()
    with pytest.raises(ValueError, match=f"has the {algorithm} {good}, expected {good[:-1]}x. Delete it and get it anew."):
        get_file(origin=source.as_uri(), file_hash=good[:-1] + "x")
    assert list(cache.iterdir()) == []
    get_file(origin=source.as_uri(), file_hash=good)
    (cache / "words.txt").write_bytes(b"cut")
    with pytest.raises(ValueError, match="Delete it and get it anew."):
        get_file(origin=source.as_uri(), file_hash=good)


def archive_of(path, kind):
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner/a.txt", "hello")
    else:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo("inner/a.txt")
            info.size = 5
            archive.addfile(info, io.BytesIO(b"hello"))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(("fname", "folder"), [(None, "data.{}"), ("a.{}", "a_extracted"), ("plain", "plain")])
def test_archives_are_unpacked_where_keras_has_them(tmp_path, cache, kind, fname, folder):
    path = archive_of(tmp_path / f"data.{kind}", kind)
    actual = get_file(fname and fname.format(kind), path.as_uri(), extract=True)
    assert actual == str(cache / folder.format(kind))
    with open(f"{actual}/inner/a.txt") as file:
        assert file.read() == "hello"
    with pytest.raises(ValueError, match="is no tar archive|outside"):
        get_file("n", archive_of(tmp_path / "b.zip", "zip").as_uri(), untar=True)


@pytest.mark.parametrize(("name", "kind"), [("../../bad.txt", tarfile.REGTYPE), ("link", tarfile.SYMTYPE)])
def test_members_outside_of_the_folder_are_refused(tmp_path, cache, name, kind):
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd" if kind == tarfile.SYMTYPE else ""
        archive.addfile(info)
    with pytest.raises(ValueError, match=f"has a member '{name}' that is no file within its folder. Nothing was unpacked"):
        get_file(origin=(tmp_path / "bad.tar").as_uri(), extract=True)
    assert not (tmp_path / "bad.txt").exists()


def test_programs_of_keras_2_import_np_utils():
    from numba_lstm.utils import np_utils
    from numba_lstm.utils.np_utils import normalize as also_normalize
    from numba_lstm.utils.np_utils import to_categorical as also_to_categorical

    assert (also_normalize, also_to_categorical) == (normalize, to_categorical)
    assert np_utils.to_categorical([1, 0]).tolist() == [[0, 1], [1, 0]]
