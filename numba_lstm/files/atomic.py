"""Replace files atomically: if a call fails or the process dies, the old file or the new one is there."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time

from ..system.writable import check_file

_PREFIX, _TOKEN = ".nlstm-", 8  # of temporary names: a prefix, then random bytes in hexadecimal digits
_STALE_SECONDS = 3_600  # seconds after which a temporary file is that of a process that was killed
_CHUNK = 1 << 24  # bytes per call; some systems refuse 2 GiB


def write(path: str, data: bytes | bytearray | memoryview, *, overwrite: bool = True) -> None:
    """Make ``data`` the content of the file ``path``, durably and atomically.

    The function writes a temporary file in the same folder, synchronises it to the disk, renames it, and synchronises the
    folder. It removes temporary files of killed processes that are an hour old. A replaced file keeps its permissions; a new
    one gets those that the umask leaves. A link stays, and the file that it points to is replaced.

    Parameters
    ----------
    path : str
        The file to make or replace.
    data : bytes-like
        All of its content.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    FileExistsError
        If the file exists and ``overwrite`` is False.
    OSError
        If a call fails (disk full, no permission). No temporary file stays behind. The file is the old one, unless only the
        last step failed, the folder's synchronisation: then it is the new one.
    """
    target, mode = check_file(path, overwrite=overwrite)
    folder = os.path.dirname(target)
    _remove_stale_files(folder)
    temporary = os.path.join(folder, f"{_PREFIX}{secrets.token_hex(_TOKEN)}")
    try:
        _write_synced(temporary, data)
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _remove_stale_files(folder: str) -> None:
    """Remove old temporary files of killed processes of this user from a folder."""
    name = re.compile(rf"{re.escape(_PREFIX)}[0-9a-f]{{{2 * _TOKEN}}}")
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if name.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) and _is_stale(entry):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _is_stale(entry: os.DirEntry[str]) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    same_user = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return same_user and time.time() - status.st_mtime > _STALE_SECONDS


def _write_synced(name: str, data: bytes | bytearray | memoryview) -> None:
    # 0o666 lets the system apply the umask, which Python could only read by changing it for all threads.
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        remaining = memoryview(data)
        while remaining:
            remaining = remaining[os.write(file, remaining[:_CHUNK]) :]
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: str) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and the system keeps the order of renames itself
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot synchronise folders
            raise
    finally:
        os.close(file)
