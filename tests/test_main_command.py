"""``python -m numba_lstm``: its help lists its commands, and so does the answer to an unknown one."""

import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from numba_lstm.__main__ import COMMANDS, main


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "numba_lstm", *arguments], capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_the_commands_and_the_options_of_the_demo(option):
    done = run(option)
    assert done.returncode == 0
    assert COMMANDS in done.stdout
    assert "--epochs N" in done.stdout


@pytest.mark.parametrize("command", ["convert", "info", "example", "export", "train", "forecast", "evaluate", "benchmark"])
def test_the_listed_commands_exist_and_show_their_help_without_pandas(command, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert f"  {command} " in COMMANDS
    with suppress(SystemExit):
        main([command, "--help"])
    assert f"usage: python -m numba_lstm {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["teach"], ["demo", "--epochs", "1"], ["conver", "a", "b"], ["model.keras"]])
def test_an_unknown_command_is_an_error_that_lists_them(arguments, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"python -m numba_lstm: there is no command {arguments[0]!r}.\n\n{COMMANDS}"


def test_an_unknown_option_is_an_error():
    done = run("--epoch-count", "1")
    assert done.returncode == 2
    assert "unrecognized arguments: --epoch-count" in done.stderr


@pytest.mark.parametrize("module", ["numba_lstm.system.interrupts", "numba_lstm.layers", "numba_lstm.demo.command"])
def test_ctrl_c_ends_a_command_without_traceback(module):
    """Interrupt when Python reports that a module is imported."""
    command = [sys.executable, "-X", "importtime", "-m", "numba_lstm"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert any(line.split("|")[-1].strip() == module for line in process.stderr)
        process.send_signal(signal.SIGINT)
        rest = [line for line in process.stderr if not line.startswith("import time:")]
    assert (rest, process.returncode) == ([], 130)
