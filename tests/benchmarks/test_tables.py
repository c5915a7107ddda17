"""Results as tables, and tables in documents."""

from __future__ import annotations

import pytest

from benchmarks.peers import marks
from benchmarks.peers.problem import Shape
from benchmarks.peers.race import Result
from benchmarks.peers.tables import table

ONE, TWO = Shape(1, 100, 1, 50), Shape(32, 100, 1, 50)


def row(shape=ONE, threads=1, peak=1e10, reasons=None, **seconds):
    return Result("infer", shape, threads, seconds, reasons or {}, peak)


def cells(found, line=0):
    return dict(zip(found.columns, found.rows[line], strict=True))


def test_times_ratios_rate_and_share():
    actual = cells(table([row(numba_lstm=1e-3, torch=2.5e-3, onnxruntime=2e-3)]))
    assert (actual["numba_lstm"], actual["PyTorch"], actual["ONNX Runtime"]) == ("1.00", "2.50", "2.00")
    assert (actual["PyTorch / ours"], actual["fastest peer / ours"]) == ("2.50", "2.00")
    assert (actual["GFLOP/s"], actual["of peak"]) == (f"{ONE.forward_flops / 1e6:.1f}", f"{ONE.forward_flops / 1e7:.0%}")


def test_a_table_of_the_gpu_says_so_and_has_no_share_of_the_processors_peak():
    actual = table([Result("infer", ONE, 1, {"numba_lstm": 1e-3, "torch": 2e-3}, device="cuda")])
    assert actual.title == "Inference of a batch, on the GPU, ms"
    assert (cells(actual)["PyTorch / ours"], cells(actual)["of peak"]) == ("2.00", "-")
    assert cells(actual)["GFLOP/s"] == f"{ONE.forward_flops / 1e6:.1f}"
    assert marks.name("infer", 1, "cuda") == "infer, cuda"


def test_a_loss_is_shown_as_one():
    results = [row(numba_lstm=2e-3, torch=1e-3)]
    assert cells(table(results))["PyTorch / ours"] == "0.50*"
    assert cells(table(results, loss="**{}**".format))["fastest peer / ours"] == "**0.50**"


def test_the_last_row_has_geometric_means():
    actual = table([row(numba_lstm=1e-3, torch=1e-3), row(TWO, numba_lstm=1e-3, torch=4e-3)])
    assert cells(actual, -1)["N T D H"] == "geometric mean"
    assert cells(actual, -1)["PyTorch / ours"] == "2.00"


def test_three_figures_of_every_time():
    results = [row(numba_lstm=seconds) for seconds in (0.0001234, 0.001234, 0.01234, 0.1234, 1.234)]
    assert [r[1] for r in table(results).rows[:5]] == ["0.123", "1.23", "12.3", "123", "1234"]


def test_why_there_is_no_time():
    actual = cells(
        table([row(numba_lstm=1e-3, reasons={"torch": "wrong", "onnxruntime": "unsupported", "openvino": "failed"})])
    )
    assert (actual["PyTorch"], actual["ONNX Runtime"], actual["OpenVINO"]) == ("wrong", "-", "failed")
    assert actual["PyTorch / ours"] == "-"


def test_peers_that_are_absent_have_no_column():
    assert table([row(numba_lstm=1e-3)]).columns == ["N T D H", "numba_lstm", "GFLOP/s", "of peak"]


def test_what_a_second_thread_gains():
    result = row(threads=2, numba_lstm=1e-3)
    assert "1 / 2 threads" not in table([result]).columns
    result.fewer = 1.5e-3
    assert cells(table([result], fewer=1))["1 / 2 threads"] == "1.50"


def test_beside_another_checkout():
    result = row(numba_lstm=1e-3)
    result.before = 0.9e-3
    assert cells(table([result]))["before / ours"] == "0.90*"


def test_without_ours_there_is_no_ratio():
    actual = cells(table([row(torch=1e-3)]))
    assert (actual["PyTorch / ours"], actual["GFLOP/s"], actual["of peak"]) == ("-", "-", "-")


def test_markdown_has_a_rule_below_its_heading():
    lines = table([row(numba_lstm=1e-3)]).markdown().splitlines()
    assert lines[0] == "| N T D H | numba_lstm | GFLOP/s | of peak |"
    assert lines[1] == "| --- | ---: | ---: | ---: |"
    assert len(lines) == 3


def test_only_what_stands_between_the_marks_is_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- compare: infer, 1 thread -->\nold\n<!-- end -->\nafter <!-- end -->\n")
    marks.write(page, {"infer, 1 thread": "new \\1", "train, 1 thread": "elsewhere"})
    assert page.read_text() == "before\n<!-- compare: infer, 1 thread -->\nnew \\1\n<!-- end -->\nafter <!-- end -->\n"


def test_a_page_without_marks_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    with pytest.raises(ValueError, match="has no place for a table. It needs a line <!-- compare: fit, 2 threads -->"):
        marks.write(page, {marks.name("fit", 2): "new"})
    assert page.read_text() == "nothing here\n"
