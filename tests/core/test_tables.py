import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.core.tables import csv_rows, csv_text, markdown_table, markdown_text

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=5))
def test_csv_comes_back_as_it_was(rows):
    assert list(csv_rows(csv_text(["a", "b"], rows)))[1:] == rows


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "'=x"])
def test_no_spreadsheet_runs_a_cell(text):
    raw = next(csv.reader([csv_text(["a"], [[text]]).splitlines()[1]]))[0]
    assert raw == f"'{text}"


def test_numbers_stay_numbers():
    assert csv_text(["a"], [["-1.5"], ["+2e-3"], [-4]]) == "a\n-1.5\n+2e-3\n-4\n"


def test_markdown_cells_are_text():
    table = markdown_table(["a"], [["x|y <b>z</b>\n`q`"]])
    assert table.splitlines()[2] == "| x\\|y &lt;b&gt;z&lt;/b&gt;\\\\n\\`q\\` |"
    assert len(table.splitlines()) == 3


def test_columns_named_like_formulas_are_shielded_too():
    header = ["=1+1", "''=x", "-1.5", "a,b"]
    text = csv_text(header, [])
    assert text == "'=1+1,'''=x,-1.5,\"a,b\"\n"
    assert list(csv_rows(text)) == [header]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("glad|calm", r"glad\|calm"),
        ("<b>sad</b>", "&lt;b&gt;sad&lt;/b&gt;"),
        ("&lt;", "&amp;lt;"),
        ("![x](http://a/b.png)", r"!\[x\](http://a/b.png)"),
        ("*a* ~b~ `c` $d$", r"\*a\* \~b\~ \`c\` \$d\$"),
        ("_a_ bc_lstm", r"\_a\_ bc_lstm"),
        ("line\nend \x1b[2J", r"line\\nend \\x1b\[2J"),
        ("62.93 ± 0.52", "62.93 ± 0.52"),
    ],
)
def test_nothing_in_markdown_is_markup(text, shown):
    assert markdown_text(text) == shown
    assert markdown_table(["a", text], [[text, 1]]) == f"| a | {shown} |\n| --- | --- |\n| {shown} | 1 |"


def test_figures_end_at_the_right():
    assert markdown_table(["model", "F1"], [["a", "1"]], figures=True) == "| model | F1 |\n| --- | ---: |\n| a | 1 |"
