"""Check that a file can be created or replaced, before the work whose result it holds."""

from __future__ import annotations

import os
import stat


def check_file(
    path: str, *, overwrite: bool = True, makes_folders: bool = False, in_place: bool = False
) -> tuple[str, int | None]:
    """Check that a file can be written. Nothing is written.

    Parameters
    ----------
    path : str
        The file.
    overwrite : bool
        Whether an existing file may be replaced.
    makes_folders : bool
        Whether the caller creates missing folders before it writes.
    in_place : bool
        Whether the caller writes into an existing file. Otherwise it replaces the file.

    Returns
    -------
    target : str
        The path without symbolic links.
    mode : int or None
        The mode of the existing file, None if there is none.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist, unless ``makes_folders``.
    NotADirectoryError
        If a file has the name of the folder.
    PermissionError
        If no file can be created in the folder, or an existing file cannot be written ``in_place``.
    FileExistsError
        If the file exists and ``overwrite`` is False.
    OSError
        If the path is a folder or no regular file, or its name is too long.
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
    """Return the mode of an existing file or folder, else None."""
    try:
        return os.stat(target).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
