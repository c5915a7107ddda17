"""The command line of benchmarks/compare.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import compare
from benchmarks.peers.modes import MODES
from benchmarks.peers.problem import GRID, Shape
from numba_lstm.device import obstacle


def refused(capsys, *arguments):
    with pytest.raises(SystemExit):
        compare.parser().parse_args(arguments)
    return capsys.readouterr().err


def test_without_arguments_everything_is_compared_on_one_thread():
    options = compare.parser().parse_args([])
    assert (options.modes, options.threads, options.shapes) == (list(MODES), [1], None)
    assert options.engines[:3] == ["numba_lstm", "torch", "onnxruntime"]


def test_published_shapes_are_those_of_the_mode():
    options = compare.parser().parse_args([])
    assert compare.shapes_of(options, "infer") == GRID
    assert compare.shapes_of(options, "stream") == MODES["stream"].shapes


def test_quick_takes_fewer_shapes():
    options = compare.parser().parse_args(["--quick"])
    assert 0 < len(compare.shapes_of(options, "train")) < len(GRID)


def test_given_shapes_replace_the_published_ones():
    options = compare.parser().parse_args(["--quick", "--shapes", "8,50,16,64", "1,2,3,4"])
    assert compare.shapes_of(options, "infer") == (Shape(8, 50, 16, 64), Shape(1, 2, 3, 4))


@pytest.mark.parametrize("text", ["32,100,64", "32,100,64,0", "a,b,c,d", "32,100,64,-1"])
def test_a_shape_is_four_numbers(capsys, text):
    assert f"four whole numbers of at least 1, N,T,D,H, got '{text}'" in refused(capsys, "--shapes", text)


def test_an_interpreter_belongs_to_a_known_engine(capsys):
    assert "ENGINE one of numba_lstm, torch" in refused(capsys, "--python", f"tensorflow={sys.executable}")


def test_an_interpreter_exists(capsys):
    assert "no interpreter '/nowhere/python'" in refused(capsys, "--python", "torch=/nowhere/python")


def test_a_checkout_before_has_the_benchmarks(capsys, tmp_path):
    assert "is no checkout of numba_lstm: it has no benchmarks/peers/worker.py" in refused(capsys, "--before", str(tmp_path))


def test_this_checkout_takes_turns_with_itself(capsys):
    root = str(Path(compare.__file__).parents[1])
    arguments = ["--modes", "stream", "--shapes", "1,2,1,2", "--rounds", "1", "--engines", "numba_lstm", "--before", root]
    assert compare.main(arguments) == 0
    assert "before / ours" in capsys.readouterr().out
    assert compare.main([*arguments, "--device", "cuda"]) == 2
    assert capsys.readouterr().err == "compare.py: --before compares on the CPU: leave --device away\n"


def test_interpreters_by_engine():
    options = compare.parser().parse_args(["--python", f"torch={sys.executable}", "--python", f"openvino={sys.executable}"])
    assert dict(options.python) == {"torch": sys.executable, "openvino": sys.executable}


@pytest.mark.skipif(obstacle() is None, reason="there is a GPU")
@pytest.mark.parametrize("command", [["-m", "benchmarks.compare"], [compare.__file__]], ids=["module", "script"])
def test_without_a_gpu_it_says_what_is_missing(command):
    root = Path(compare.__file__).parents[1]
    command = [sys.executable, *command, "--device", "cuda", "--quick"]
    process = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert process.stderr == f"compare.py: device='cuda' cannot be used: {obstacle()}\n"


def test_runs_as_a_script_from_anywhere(tmp_path):
    command = [sys.executable, Path(compare.__file__), "--help"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert "--python ENGINE=PATH" in process.stdout
