"""Files that the commands refuse: one line on stderr that says where and what to do, exit code 2, nothing written."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

from command_files import HEADER, SMALL, future, rows, write

GOOD = rows(40)


def changed(line, text):
    """The lines of a good file, with another one at its place in the file: 1 is the header."""
    return [text if k + 2 == line else row for k, row in enumerate(GOOD)]


CASES = {
    "text": (changed(7, "2024-01-01T05:00,abc,5,c"), "line 7 of d.csv has 'abc' in column 'y', which is no number."),
    "infinity": (changed(7, "2024-01-01T05:00,inf,5,c"), "line 7 of d.csv has 'inf' in column 'y', which is no number."),
    "large": (changed(7, "2024-01-01T05:00,1e300,5,c"), "line 7 of d.csv has '1e300' in column 'y', which is too large."),
    "fields": (changed(7, "2024-01-01T05:00,1"), "line 7 of d.csv has 2 fields, and the header has 4."),
    "commas": (changed(7, "2024-01-01T05:00,1,5,5,c"), "If commas are decimal points, the file needs another delimiter."),
    "decimal comma": (changed(7, '2024-01-01T05:00,"1,5",5,c'), "If ',' is the decimal point, give --decimal ','."),
    "no time": (changed(7, ",1,5,c"), "line 7 of d.csv has no time in column 'ts'."),
    "mixed formats": (
        changed(7, "05.01.2024,1,5,c"),
        "line 7 of d.csv has '05.01.2024' in column 'ts', which is not written as",
    ),
    "no times": ([f"x{row}" for row in GOOD], "which is no known time. Write times as 2024-01-31 23:59, or give --time-format"),
    "day or month": ([f"0{k}/01/2024,1,1,a" for k in range(1, 9)], "whose day may come first or second. Give --time-format"),
    "unsorted": ([GOOD[1], GOOD[0], *GOOD[2:]], "line 3 of d.csv has the time 2024-01-01 00:00:00, which is before"),
    "twice": ([GOOD[0], *GOOD], "line 2 and line 3 of d.csv have the same time, 2024-01-01 00:00:00."),
    "far": ([*GOOD, "2224-01-01,1,1,a"], "line 42 of d.csv has the time 2224-01-01 00:00:00, and the row above it"),
    "gaps": (GOOD[:5] + GOOD[9:], "4 missing values or times, the first at 2024-01-01 05:00:00. Fill them, or give --gaps"),
    "few rows": (GOOD[:15], "d.csv has 15 rows, and 8 of --window, 4 of --horizon and 4 of the validation need 16."),
    "two rows": (GOOD[:2], "cannot be inferred from 2 rows. Give it, such as --frequency h for hours"),
    "header alone": ([], "d.csv has a header and no rows."),
    "no numbers": (future(40, 0), "column 'y' of d.csv has no numbers."),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_row_is_named(case, tmp_path, refusal):
    lines, message = CASES[case]
    assert message in refusal("train", write(tmp_path / "d.csv", lines), *SMALL, "--save", tmp_path / "m.nlstm")


CONTENTS = {
    "empty": (b"", "d.csv is empty. Give a CSV file with a header."),
    "zero bytes": (b"ts,y\n2024,\0\n", "line 2 of d.csv has a zero byte, so it is no text."),
    "utf-16": ("\n".join([HEADER, *GOOD]).encode("utf-16"), "begins as utf-16. Give --encoding utf-16."),
    "latin-1": (b"ts,y\n2024,1\n2025,\xe4\n", "line 3 of d.csv is not encoded as utf-8. Give its encoding"),
    "semicolons": (b"ts;y\n2024;1\n", "d.csv has one column, 'ts;y'. Give its delimiter: --delimiter ';'."),
    "tabs": (b"ts\ty\n2024\t1\n", "Give its delimiter: --delimiter tab."),
    "same names": (b"ts,y,y\n2024,1,2\n", "d.csv has several columns 'y'. Rename them."),
    "no name": (b"ts,y,\n2024,1,2\n", "column 3 of d.csv has no name in the header."),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_a_file_that_is_no_such_table_is_refused(case, tmp_path, refusal):
    data, message = CONTENTS[case]
    (tmp_path / "d.csv").write_bytes(data)
    assert message in refusal("train", tmp_path / "d.csv", *SMALL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--covariates", "tmp"],
            "d.csv has no column 'tmp'; --covariates names it. It has 'ts', 'y', 'temp', 'wx'. Did you mean",
        ),
        (["--covariates", "temp", "--past-covariates", "temp"], "column 'temp' is named by several options."),
        (["--frequency", "often"], "--frequency must be a frequency of pandas, such as 'h', 'D' or 'ME', got 'often'."),
        (["--time-format", "%d.%m"], "line 2 of d.csv has '2024-01-01T00:00' in column 'ts', which is not written as %d.%m."),
        (["--horizon", "none"], "argument --horizon: expected a whole number of at least 1, got 'none'."),
        (["--quantiles", "90"], "argument --quantiles: expected a number between 0 and 1, got '90'."),
        (["--encoding", "klingon"], "argument --encoding: expected an encoding, such as utf-8 or cp1252, got 'klingon'."),
        (["--save", "m.keras"], "argument --save: expected a file name that ends in .nlstm, got 'm.keras'."),
    ],
)
def test_a_wrong_option_is_one_line(options, message, tmp_path, refusal):
    assert message in refusal("train", write(tmp_path / "d.csv", GOOD), *SMALL, *options)


def test_a_missing_file_and_a_folder(tmp_path, refusal):
    assert refusal("train", tmp_path / "no.csv", *SMALL) == "no.csv: there is no such file."
    assert refusal("train", tmp_path, *SMALL).endswith(": it is a folder. Give the name of a file in it.")


def test_a_byte_order_mark_is_no_error(tmp_path, run):
    assert run("train", write(tmp_path / "d.csv", GOOD, encoding="utf-8-sig"), *SMALL)[0] == 0


def test_new_rows_must_follow_and_have_all_covariates(trained, tmp_path, refusal):
    model = trained / "covariates.nlstm"
    short = write(tmp_path / "short.csv", future(2))
    assert "no numbers" in refusal("forecast", model, short)
    less = write(tmp_path / "less.csv", [*rows(76)[72:], *future(2, 76)])
    line = refusal("forecast", model, less)
    assert line.startswith("less.csv has 'temp', 'wx' until 2024-01-04 05:00:00, and a forecast of 4 steps needs values until")
    assert line.endswith("2024-01-04 07:00:00. Append rows with these times and an empty 'y'.")
    bare = write(tmp_path / "bare.csv", [",".join(row.split(",")[:2]) for row in rows(10)], "ts,y")
    line = refusal("forecast", model, bare)
    assert line == "bare.csv has no column 'temp'; the forecaster was trained on it. It has 'ts', 'y'."
    other = write(tmp_path / "other.csv", [row.replace(",c", ",hail") for row in [*rows(76)[72:], *future(4, 76)]])
    assert "'hail', which train did not see; its categories are 'a', 'b', 'c'." in refusal("forecast", model, other)


def test_rows_that_do_not_follow_are_refused(trained, tmp_path, refusal):
    later = write(tmp_path / "later.csv", [row.replace("-01-", "-02-") for row in rows(30)])
    for command in ("forecast", "evaluate"):
        assert "give --alone, which leaves out those of the training." in refusal(command, trained / "plain.nlstm", later)
    assert "Give a file with later rows than those of train." in refusal(
        "evaluate", trained / "plain.nlstm", trained / "d.csv", "--start", "2024-01-03T23:00"
    )


def test_other_files_than_forecasters_are_refused(trained, tmp_path, refusal):
    assert "no.nlstm: there is no such file." in refusal("forecast", tmp_path / "no.nlstm")
    assert "d.csv: it begins as a text does" in refusal("forecast", trained / "d.csv")
    assert "--alone reads the rows of FILE. Give one." in refusal("forecast", trained / "plain.nlstm", "--alone")
    same = ["--decimal", ",", "--delimiter", ","]
    assert "--delimiter and --decimal are both ','" in refusal("forecast", trained / "plain.nlstm", *same)


def test_a_forecaster_is_converted_to_nothing_else(trained, tmp_path, run):
    code, out, err = run("convert", trained / "plain.nlstm", tmp_path / "m.onnx")
    assert (code, out) == (1, "")
    assert "it holds a forecaster" in err
    assert not list(tmp_path.iterdir())


def test_missing_packages_say_what_to_install(tmp_path, refusal, monkeypatch):
    data = tmp_path / "d.parquet"
    data.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refusal("train", data, *SMALL) == "d.parquet: reading Parquet needs pyarrow. Install it: pip install pyarrow."
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert refusal("train", data, *SMALL) == "tables need pandas. Install it: pip install 'numba_lstm[forecast]'."
