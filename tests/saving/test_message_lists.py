"""Lists of names in messages: natural order, and whole names only."""

from numba_lstm.files.message_lists import describe_difference, join_names, natural_sort_key


def test_numbers_count_as_numbers():
    names = ["vars/10", "vars/2", "b10a2", "b10a10", "b9"]
    assert sorted(names, key=natural_sort_key) == ["b9", "b10a2", "b10a10", "vars/2", "vars/10"]


def test_a_number_of_any_length_is_a_key():
    assert natural_sort_key("9" * 10_000) > natural_sort_key("8" * 10_000)


def test_names_are_whole_and_the_rest_is_counted():
    names = [f"layers/lstm_{index}/cell/vars/0" for index in range(2_000)]
    text = join_names(names)
    names_part, _, more = text.partition(" and ")
    assert names_part.split(", ") == names[: len(names_part.split(", "))]
    assert more == f"{2_000 - len(names_part.split(', ')):,} more"
    assert len(text) < 300


def test_a_name_of_megabytes_is_cut():
    assert join_names(["x" * 3_000_000, "b"]) == f"b, {'x' * 80}…"


def test_a_name_gives_a_terminal_no_commands():
    assert join_names(["\x1b]0;owned\x07"]) == "'\\x1b]0;owned\\x07'"


def test_each_side_is_said():
    assert describe_difference({"a", "b"}, {"b", "c"}) == "only in the model: a; only in the file: c"
    assert describe_difference({"a"}, {"a", "c"}) == "only in the file: c"
    assert describe_difference({"a"}, {"a"}) == ""
