"""get_file: files in Keras's cache folder. Nothing is downloaded unless the caller allows it."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.parse
from pathlib import Path

from ..objects.serialization import choose

_FORMATS = ("auto", "tar", "zip")
_HASHES = ("auto", "md5", "sha256")


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
    *,
    allow_download: bool = False,
) -> str:
    """Return the path of a file in the cache folder, as ``keras.utils.get_file``. A missing file is fetched from ``origin``.

    Parameters
    ----------
    fname : str, optional
        Name of the file in the folder, by default the last part of ``origin``.
    origin : str
        URL of the file. ``file://`` is copied, any other URL needs ``allow_download``.
    untar, extract : bool
        Unpack the archive beside it, and return the path of the folder.
    md5_hash, file_hash : str, optional
        Expected digest of the file: MD5, and SHA-256 or MD5.
    hash_algorithm : "auto", "sha256" or "md5"
        Algorithm of ``file_hash``. "auto" infers it from the length.
    archive_format : "auto", "tar", "zip" or None
        None unpacks nothing.
    cache_dir, cache_subdir : path, optional
        The cache folder, by default the environment variable ``KERAS_HOME`` or ``~/.keras``, and the folder inside of it.
    force_download, allow_download : bool
        Fetch the file even if it exists; use the network, as Keras always does.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        If the file is missing and may not be downloaded. The message says where to put it.
    ValueError
        Without ``origin``, for a name with folders, for a wrong digest, and for a file that is no archive.
    """
    origin, name = _origin_and_name(origin, fname)
    digest, algorithm = _expected_digest(md5_hash, file_hash, hash_algorithm)
    folder = cache_folder(cache_dir) / cache_subdir
    archive_format = _archive_format(untar, extract, archive_format)
    path, target = _paths(folder, name, named=fname is not None, archive=archive_format is not None)
    if force_download or not path.exists():
        _fetch(origin, path, allow_download, digest, algorithm)
    elif digest is not None:
        _check_hash(path, digest, algorithm)
    if archive_format is not None:
        _unpack(path, target, archive_format)
    return str(target)


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the cache folder: ``cache_dir``, ``KERAS_HOME`` or ``~/.keras``."""
    return Path(cache_dir or os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def _expected_digest(md5_hash: str | None, file_hash: str | None, algorithm: str) -> tuple[str | None, str]:
    choose(algorithm, _HASHES, "hash_algorithm")
    return (md5_hash, "md5") if md5_hash is not None and file_hash is None else (file_hash, algorithm)


def _archive_format(untar: bool, extract: bool, archive_format: str | None) -> str | None:
    """Return the format to unpack, or None for a file that stays as it is."""
    if archive_format is None or not (untar or extract):
        return None
    return "tar" if untar else str(choose(archive_format, _FORMATS, "archive_format"))


def _origin_and_name(origin: str | None, fname: str | os.PathLike[str] | None) -> tuple[str, str]:
    """Return the URL and the file name. Raise ValueError without a URL and for a name with folders."""
    if origin is None:
        raise ValueError("get_file needs origin, the URL of the file. Give origin='file:///path/to/file', or a web address.")
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name or name in (".", "..") or "/" in name or os.sep in name:
        raise ValueError(
            f"get_file's fname must be the name of a file without folders, got {name!r}. Give cache_subdir= for one."
        )
    return origin, name


def _paths(folder: Path, name: str, *, named: bool, archive: bool) -> tuple[Path, Path]:
    """Return the paths of a file and of its contents: a folder for an archive, as Keras names both, else the file."""
    if not archive:
        return folder / name, folder / name
    if named and "." in name:
        return folder / name, folder / f"{name.partition('.')[0]}_extracted"
    return folder / f"{name}_archive", folder / name


def _fetch(origin: str, path: Path, allow_download: bool, file_hash: str | None, algorithm: str) -> None:
    """Copy or download ``origin`` to ``path``. An incomplete or wrong file is removed."""
    url = urllib.parse.urlsplit(origin)
    local = url.scheme == "file"
    if not local and not allow_download:
        raise FileNotFoundError(
            f"{path} is not there, and nothing is downloaded unasked. Put {origin} there, or give get_file allow_download=True."
        )
    if not local and url.scheme not in ("http", "https"):
        raise ValueError(f"origin must be a file, http or https URL, got {origin!r}.")
    from urllib import request  # here, since it imports ssl

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            if local:
                with open(request.url2pathname(url.path), "rb") as source:
                    shutil.copyfileobj(source, out)
            else:
                with request.urlopen(origin) as response:  # noqa: S310  # the scheme was checked
                    shutil.copyfileobj(response, out)
        if file_hash is not None:
            _check_hash(Path(temporary), file_hash, algorithm, origin)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check_hash(path: Path, expected: str, algorithm: str, label: str | None = None) -> None:
    name = ("sha256" if len(expected) == 64 else "md5") if algorithm == "auto" else algorithm
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, name).hexdigest()
    if digest != expected.lower():
        raise ValueError(f"{label or path} has the {name} {digest}, expected {expected}. Delete it and get it anew.")


def _unpack(path: Path, target: Path, archive_format: str) -> None:
    """Unpack an archive into the folder ``target``. Raise ValueError for links and for members outside of the folder."""
    import tarfile
    import zipfile

    if archive_format in ("auto", "tar") and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for member in archive:
                within = (target / member.name).resolve().is_relative_to(target.resolve())
                if not within or not (member.isfile() or member.isdir()):
                    raise ValueError(
                        f"{path} has a member {member.name!r} that is no file within its folder. Nothing was unpacked."
                    )
            if hasattr(tarfile, "data_filter"):
                archive.extractall(target, filter="data")
            else:  # Python before 3.11.4
                archive.extractall(target)
    elif archive_format in ("auto", "zip") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)
    else:
        raise ValueError(f"{path} is no {'tar or zip' if archive_format == 'auto' else archive_format} archive.")
