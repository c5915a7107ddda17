"""Commands in process, on the reference, which compiles nothing."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from command_files import SMALL, rows, write

import numba_lstm
from numba_lstm.__main__ import main


@contextmanager
def on_reference():
    """Compute on the reference in the block."""
    before = numba_lstm.get_device()
    numba_lstm.set_device("reference")
    try:
        yield
    finally:
        numba_lstm.set_device(before)


@pytest.fixture(autouse=True)
def _on_reference():
    with on_reference():
        yield


@pytest.fixture
def run(capsys):
    """A function that runs a command, and returns its exit code, stdout and stderr."""

    def run_command(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run_command


@pytest.fixture
def refusal(run, tmp_path):
    """A function that runs a command which must be refused by one line, with nothing written, and returns the line."""

    def run_refused(*arguments):
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.endswith((".\n", "?\n"))
        assert err.count("\n") == 1
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        return err.partition(": ")[2].rstrip("\n").replace(f"{tmp_path}/", "")

    return run_refused


@pytest.fixture(scope="package")
def trained(tmp_path_factory):
    """Files of two small forecasters: without covariates, and with a number and a category that are known of the future."""
    folder = tmp_path_factory.mktemp("trained")
    data = str(write(folder / "d.csv", rows()))
    with on_reference():
        assert main(["train", data, *SMALL, "--quantiles", "0.1", "0.5", "0.9", "--save", str(folder / "plain.nlstm")]) == 0
        assert main(["train", data, *SMALL, "--covariates", "temp", "wx", "--save", str(folder / "covariates.nlstm")]) == 0
    return folder
