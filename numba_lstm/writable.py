"""Whether a file can be made or replaced: the one check of all that writes files, before any work is done."""

from __future__ import annotations

import os
import stat


def check_file(
    path: str, *, overwrite: bool = True, makes_folders: bool = False, in_place: bool = False
) -> tuple[str, int | None]:
    """Check that a file can be written; nothing is written.

    Parameters
    ----------
    path : str
        The file.
    overwrite : bool
        Whether an existing file may be replaced.
    makes_folders : bool
        Whether the caller makes the folders that are missing before it writes.
    in_place : bool
        Whether the caller opens an existing file and writes into it. Else it puts another file in its place.

    Returns
    -------
    target : str
        Where links lead to.
    mode : int or None
        The mode of the file that is there.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist, unless ``makes_folders``.
    NotADirectoryError
        If what should be a folder is a file.
    PermissionError
        If no file can be made in the folder, or the existing file cannot be written to ``in_place``.
    FileExistsError
        If the file exists and ``overwrite`` is False.
    OSError
        If the name is that of a folder or of what is no regular file, or is too long.
    """
    target = os.path.realpath(path)
    mode = _mode_of(target)
    if in_place and mode is not None and not stat.S_ISDIR(mode):
        if not os.access(target, os.W_OK):
            raise PermissionError(f"{path}: the file is read-only. Give the name of another file.")
        return target, mode
    _check_folder(path, os.path.dirname(target), makes_folders)
    if mode is None:
        return target, mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path}: it is a folder. Give the name of a file in it.")
    if not overwrite:
        raise FileExistsError(f"{path}: the file exists. Give overwrite=True to replace it, or another name.")
    if not stat.S_ISREG(mode):
        raise OSError(f"{path}: only a regular file can be replaced. Give the name of a file.")
    return target, mode


def _check_folder(path: str, folder: str, makes_folders: bool) -> None:
    mode = _mode_of(folder)
    while mode is None and makes_folders and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
        mode = _mode_of(folder)
    if mode is None:
        raise FileNotFoundError(f"{path}: the folder {folder} does not exist. Make it first.")
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(f"{path}: {folder} is a file, not a folder. Give another name.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{path}: no file can be made in the folder {folder}. Give the name of a folder of your own.")


def _mode_of(target: str) -> int | None:
    """The mode of what is there; None where nothing is."""
    try:
        return os.stat(target).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
