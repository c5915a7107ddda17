"""get_file: files in a cache folder. Nothing comes from the network unless the caller allows it."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.parse
from pathlib import Path

from ..serialization import choose

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
    """The path of a file in the cache folder, as ``keras.utils.get_file``; it is put there if it is not.

    Parameters
    ----------
    fname : str, optional
        The file's name in the folder. Default: the last part of ``origin``.
    origin : str
        Where it comes from: a URL. ``file://`` is copied; any other needs ``allow_download``.
    untar, extract : bool
        Unpack an archive beside it, and answer the folder's path instead.
    md5_hash, file_hash : str, optional
        What the file's MD5, or SHA-256 or MD5, has to be.
    cache_subdir : str
        The folder inside the cache folder.
    hash_algorithm : "auto", "sha256" or "md5"
        Of ``file_hash``. "auto" goes by its length.
    archive_format : "auto", "tar", "zip" or None
        None unpacks nothing.
    cache_dir : path, optional
        The cache folder. Default: Keras's, which is that of the environment variable ``KERAS_HOME``, else ``~/.keras``.
    force_download : bool
        Take it from ``origin`` even if it is there.
    allow_download : bool
        Whether the network may be used. (Keras always does.)

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        If the file is not there and ``allow_download`` is False: the sentence says where to put it.
    ValueError
        Without ``origin``, for a name with folders, for a wrong hash, and for an archive that is none.
    """
    if origin is None:
        raise ValueError("get_file needs origin, the URL of the file. Give origin='file:///path/to/file', or a web address.")
    choose(hash_algorithm, _HASHES, "hash_algorithm")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    unpacked = bool(extract or untar) and archive_format is not None
    name = _file_name(fname, origin)
    folder = cache_folder(cache_dir) / cache_subdir
    path, target = folder / name, folder / name
    if unpacked:
        archive_format = "tar" if untar else choose(archive_format, _FORMATS, "archive_format")
        path, target = _archive_paths(folder, name, fname is not None)
    if force_download or not path.exists():
        _fetch(origin, path, allow_download, file_hash, hash_algorithm)
    elif file_hash is not None:
        _check_hash(path, file_hash, hash_algorithm)
    if unpacked:
        _unpack(path, target, str(archive_format))
    return str(target)


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """The cache folder: ``cache_dir``, else ``KERAS_HOME``, else ``~/.keras``."""
    return Path(cache_dir or os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def _file_name(fname: str | os.PathLike[str] | None, origin: str) -> str:
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name or name in (".", "..") or "/" in name or os.sep in name:
        raise ValueError(
            f"get_file's fname must be the name of a file without folders, got {name!r}. Give cache_subdir= for one."
        )
    return name


def _archive_paths(folder: Path, name: str, named: bool) -> tuple[Path, Path]:
    """Where Keras has an archive and what was in it."""
    if named and "." in name:
        return folder / name, folder / f"{name.partition('.')[0]}_extracted"
    return folder / f"{name}_archive", folder / name


def _fetch(origin: str, path: Path, allow_download: bool, file_hash: str | None, algorithm: str) -> None:
    """Bring ``origin`` to ``path``: whole and checked, or not at all."""
    url = urllib.parse.urlsplit(origin)
    local = url.scheme == "file"
    if not local and not allow_download:
        raise FileNotFoundError(
            f"{path} is not there, and nothing is downloaded unasked. Put {origin} there, or give get_file allow_download=True."
        )
    if not local and url.scheme not in ("http", "https"):
        raise ValueError(f"origin must be a file, http or https URL, got {origin!r}.")
    from urllib import request  # here, for it loads ssl, which importing the package does not need

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            if local:
                with open(request.url2pathname(url.path), "rb") as source:
                    shutil.copyfileobj(source, out)
            else:
                with request.urlopen(origin) as answer:  # noqa: S310  # the scheme was checked
                    shutil.copyfileobj(answer, out)
        if file_hash is not None:
            _check_hash(Path(temporary), file_hash, algorithm, origin)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check_hash(path: Path, expected: str, algorithm: str, what: str | None = None) -> None:
    name = ("sha256" if len(expected) == 64 else "md5") if algorithm == "auto" else algorithm
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, name).hexdigest()
    if found != expected.lower():
        raise ValueError(f"{what or path} has the {name} {found}, expected {expected}. Delete it and get it anew.")


def _unpack(path: Path, target: Path, archive_format: str) -> None:
    """Unpack an archive into the folder ``target``; links, and members of a tar file that would lie outside, are refused."""
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
