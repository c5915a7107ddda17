"""Thirty fixed mutations of the bytes of a good file: each is read, or refused by one line without a traceback."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

from command_files import HEADER, SMALL, rows

GOOD = "".join(f"{line}\n" for line in (HEADER, *rows(40))).encode()
MIDDLE = len(GOOD) // 2

FIXED = {
    "nothing": b"",
    "half": GOOD[:MIDDLE],
    "last half": GOOD[MIDDLE:],
    "reversed": GOOD[::-1],
    "twice": GOOD + GOOD,
    "line ends of Windows": GOOD.replace(b"\n", b"\r\n"),
    "line ends of old Macs": GOOD.replace(b"\n", b"\r"),
    "no line ends": GOOD.replace(b"\n", b""),
    "blank lines": GOOD.replace(b"\n", b"\n\n"),
    "an open quote": GOOD[:MIDDLE] + b'"' + GOOD[MIDDLE:],
    "a zero byte": GOOD[:MIDDLE] + b"\0" + GOOD[MIDDLE:],
    "a byte of 255": GOOD[:MIDDLE] + b"\xff" + GOOD[MIDDLE:],
    "an escape sequence": GOOD.replace(b",5,", b",\x1b[2J,", 1),
    "no delimiters": GOOD.replace(b",", b""),
    "semicolons": GOOD.replace(b",", b";"),
    "no digits": GOOD.translate(None, b"0123456789"),
    "years of four nines": GOOD.replace(b"2024-", b"9999-"),
    "one year of another century": GOOD.replace(b"2024-", b"1024-", 1),
    "no dashes": GOOD.replace(b"-", b""),
    "exponents": GOOD.replace(b",1", b",1e99"),
    "minus signs": GOOD.replace(b",1", b",-1"),
    "a long field": GOOD.replace(b",a", b"," + 200_000 * b"a", 1),
    "spaces": GOOD.replace(b",", b" , "),
    "no header": GOOD.partition(b"\n")[2],
}


def replaced(seed):
    """The file with four of its bytes replaced by others."""
    random = np.random.default_rng(seed)
    data = bytearray(GOOD)
    for position in random.integers(0, len(data), 4):
        data[position] = random.integers(32, 127)  # of ASCII, since most others are no UTF-8
    return bytes(data)


CASES = {**FIXED, **{f"bytes {seed}": replaced(seed) for seed in range(30 - len(FIXED))}}


@pytest.mark.parametrize("case", CASES)
def test_a_mutated_file_is_read_or_refused_by_one_line(case, run, tmp_path):
    (tmp_path / "d.csv").write_bytes(CASES[case])
    code, out, err = run("train", tmp_path / "d.csv", *SMALL, "--covariates", "temp", "wx")
    assert code in (0, 2)
    assert (err == "") == (code == 0)
    assert (out == "") == (code == 2)
    if code:
        assert err.count("\n") == 1
        assert err[:-1].isprintable()
        assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]


def test_there_are_thirty():
    assert len(set(CASES.values())) == 30
