import pytest

from emotion.core.text import counted, is_printable, printable, quoted, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größe 高兴 नमस्ते 😀", "größe 高兴 नमस्ते 😀"),
        ("a\x1b]0;t\x07\x1b[2J", "a\\x1b]0;t\\x07\\x1b[2J"),
        ("two\nlines\r\x85\u2028", "two\\nlines\\r\\x85\\u2028"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("\u200bzero\ufeff", "\\u200bzero\\ufeff"),
        ("\ud800", "\\ud800"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_could_move_a_cursor_or_turn_the_text_is_escaped(text, shown):
    assert printable(text) == shown
    assert is_printable(text) == (text == shown)


def test_values_are_cut_and_never_printed_whole():
    assert quoted("a'b") == '"a\'b"'
    assert len(quoted("x" * 10_000)) < 250 and "10000 characters" in quoted("x" * 10_000)
    assert quoted(10**5000) == "a number of more than 200 digits"
    assert quoted(12) == "12" and quoted(None) == "None" and quoted(True) == "True"
    assert "\x1b" not in quoted(["\x1b[2J"])
    assert len(quoted({str(i): i for i in range(10_000)})) < 250

    class Bad:
        def __repr__(self):
            raise RuntimeError

    assert quoted(Bad()) == "<Bad>"


def test_a_librarys_message_is_one_line():
    assert shortened("a\n  b\tc") == "a b c"
    assert len(shortened("x" * 1000)) == 203


@pytest.mark.parametrize("plural", ["errors", "classes", "entries"])
def test_one_of_something(plural):
    assert counted(2, plural) == f"2 {plural}" and counted(0, plural) == f"0 {plural}"
    assert counted(1, plural) == {"errors": "1 error", "classes": "1 class", "entries": "1 entry"}[plural]
