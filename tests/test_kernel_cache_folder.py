"""The folder of compiled kernels: which one is used, who may write to it, and what happens without one."""

import os

import pytest
from kernel_cache_processes import VARIABLE, compute, written


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"XDG_CACHE_HOME": "cache"}, "cache/numba_lstm"),
        ({"HOME": "home"}, "home/.cache/numba_lstm"),
        ({"NUMBA_CACHE_DIR": "numba", "XDG_CACHE_HOME": "cache"}, "numba/numba_lstm"),
        ({VARIABLE: "ours", "NUMBA_CACHE_DIR": "numba", "XDG_CACHE_HOME": "cache"}, "ours"),
    ],
    ids=["XDG_CACHE_HOME", "HOME", "NUMBA_CACHE_DIR", VARIABLE],
)
def test_the_folder_is_the_first_that_is_named(variables, place, tmp_path):
    assert compute(**{name: tmp_path / value for name, value in variables.items()}) == ""
    (made,) = tmp_path.joinpath(place).iterdir()
    assert list(made.glob("*.nbc"))
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.nbc")} == {place.split("/")[0]}


def test_the_default_folder_is_its_owners_alone(tmp_path):
    compute(XDG_CACHE_HOME=tmp_path)
    root = tmp_path / "numba_lstm"
    assert [place.stat().st_mode & 0o777 for place in (root, *root.iterdir())] == [0o700, 0o700]


def test_a_default_folder_that_others_can_write_is_not_used(tmp_path):
    compute(XDG_CACHE_HOME=tmp_path)
    root, files = tmp_path / "numba_lstm", written(tmp_path)
    (place,) = root.iterdir()
    place.chmod(0o777)
    message = compute(XDG_CACHE_HOME=tmp_path)
    assert message.count("RuntimeWarning") == 1
    assert f"compiled kernels on disk are not used: other users can write to {place}, who could run code here." in message
    assert f"Set {VARIABLE} to a folder of your own; or to {root}, if you trust all who can write to it." in message
    assert written(tmp_path) == files
    assert compute(**{VARIABLE: root}) == ""  # as told: it is used
    assert written(tmp_path) == files


OTHER_USER = "import os; os.geteuid = lambda: 12345\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root's files are anybody's to trust")
def test_a_default_folder_of_another_user_is_not_used(tmp_path):
    compute(XDG_CACHE_HOME=tmp_path)
    assert f"{tmp_path / 'numba_lstm'} belongs to another user, who could run code here" in compute(
        before=OTHER_USER, XDG_CACHE_HOME=tmp_path
    )


READ_ONLY = """
from numba_lstm.kernels.cpu.compiler import kernel_cache
def refuse(*_):
    raise PermissionError(13, "Permission denied", "/read/only")
kernel_cache.Folder.make = refuse
"""


def test_a_warmed_folder_that_cannot_be_written_is_used(tmp_path):
    """By a process for which every write is refused; a user who is root could write to a read-only folder."""
    compute(**{VARIABLE: tmp_path})
    compiled = "from numba.core.dispatcher import _FunctionCompiler\n_FunctionCompiler.compile = None\n"
    assert compute(before=READ_ONLY + compiled, **{VARIABLE: tmp_path}) == ""


def test_without_a_folder_to_write_kernels_are_compiled_and_one_warning_is_given(tmp_path):
    message = compute(before=READ_ONLY, **{VARIABLE: tmp_path})
    assert message.count("RuntimeWarning") == 1
    assert (
        "compiled kernels cannot be kept on disk (/read/only: Permission denied), so every process compiles them again. "
        f"Set {VARIABLE} to a folder that can be written, or to one that numba_lstm.warmup(model, cache=folder) has filled."
    ) in message
