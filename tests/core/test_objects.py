import pytest

from emotion.core.errors import EmotionError
from emotion.core.objects import depth, read_object


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"a": ' + b"9" * 6000 + b"}", "no JSON"),
        (b'{"a":' * 100_000, "no JSON"),
        (b"[1]", "expected a JSON object"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested deeper than 50 levels"),
        (b'{"a": "' + b"x" * 2000 + b'"}', "larger than 1 KiB"),
        (None, "not found"),
    ],
)
def test_what_is_no_object_is_one_short_line(tmp_path, content, what):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    most = 1024 if what.startswith("larger") else 1 << 20
    with pytest.raises(EmotionError, match=what) as caught:
        read_object(path, remedy="make it again", most=most)
    line = str(caught.value)
    assert line.endswith("; make it again") and "\n" not in line and len(line) < 500


def test_an_object_is_read(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, {"b": 2}]}')
    assert read_object(tmp_path / "a.json", remedy="") == {"a": [1, {"b": 2}]}


def test_depth():
    assert [depth(value) for value in (1, [], {"a": 1}, [[1]], {"a": [{}]})] == [0, 1, 1, 2, 3]
