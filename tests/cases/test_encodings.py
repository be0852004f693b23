"""Tables in the encodings of the world: read by their mark or by name, never by a guess that cannot fail."""

import pytest
import typer
from cases.inputs import rows, table

from emotion.commands.corpus import check_command, index_command
from emotion.core.errors import EmotionError
from emotion.corpus.decoding import read_text
from emotion.corpus.table import read_table

CHINESE = rows(labels=("高兴", "生气"), text=lambda i: "今天我很高兴" if i % 2 == 0 else "我很生气")


def raw(root, text):
    (root / "utterances.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def refused(root, **options):
    with pytest.raises(EmotionError) as error:
        read_table(root, **options)
    message = str(error.value)
    assert message.startswith(str(root)) and "\n" not in message and len(message) < 1000
    return message.removeprefix(str(root))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_known_by_its_mark(tmp_path, encoding):
    table(tmp_path, CHINESE, encoding=encoding)
    reading = read_table(tmp_path)
    assert reading.labels == ("生气", "高兴") and reading.utterances[0].text == "今天我很高兴"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gbk", ("高兴", "生气")),
        ("big5", ("高興", "生氣")),
        ("shift_jis", ("うれしい", "悲しい")),
        ("euc_jp", ("うれしい", "悲しい")),
        ("iso2022_jp", ("うれしい", "悲しい")),
        ("euc_kr", ("기쁨", "슬픔")),
        ("cp1251", ("радость", "грусть")),
        ("koi8-r", ("радость", "грусть")),
        ("cp1252", ("fröhlich", "Ärger")),
        ("cp1250", ("šťastný", "hněv")),
        ("cp1253", ("χαρά", "λύπη")),
    ],
)
def test_another_encoding_is_asked_for_and_then_read(tmp_path, encoding, words):
    table(tmp_path, rows(labels=words), encoding=encoding)
    message = refused(tmp_path)
    assert (
        message.startswith("/utterances.csv: line 2 is not utf-8; ") and f" {encoding}: {', '.join(words)}" in message
    )
    assert read_table(tmp_path, encoding=encoding).labels == tuple(sorted(words))


def test_encodings_that_cannot_be_meant(tmp_path):
    table(tmp_path, CHINESE, encoding="gbk")
    assert "line 2 is not shift_jis; " in refused(tmp_path, encoding="shift_jis")
    table(tmp_path, CHINESE)
    assert "is UTF-8, but the encoding is gbk" in refused(tmp_path, encoding="gbk")
    table(tmp_path, CHINESE, encoding="utf-16")
    assert "begins with the mark of utf-16, but the encoding is gbk" in refused(tmp_path, encoding="gbk")
    table(tmp_path, CHINESE, encoding="utf-16-le")
    assert "holds NUL characters" in (message := refused(tmp_path)) and message.endswith("(--encoding) to utf-16-le")
    assert read_table(tmp_path, encoding="utf-16-le").labels == ("生气", "高兴")
    for name in ("gbkk", "rot13", "punycode", "", "a" * 500, "utf-8\0"):
        with pytest.raises(EmotionError, match=r"encoding is .*, expected auto, or the name of an encoding"):
            read_table(tmp_path, encoding=name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and so on", "an Excel file or another zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old or protected Excel file"),
        (b"utterance,label\nu1,a\0b\nu2,c\n", "line 2 holds NUL characters"),
        (bytes(range(1, 256)) * 9, "is not utf-8"),
        (b"", "empty, expected a header"),
        (b",,\n,,\n", "empty, expected a header"),
    ],
)
def test_what_is_no_text(tmp_path, content, message):
    assert message in refused(raw(tmp_path, content))


def test_the_commands_take_an_encoding(tmp_path, capsys):
    table(tmp_path / "raw", CHINESE, encoding="gbk")
    index_command("table", tmp_path / "raw", tmp_path / "index.csv", encoding="gbk")
    assert "高兴" in (tmp_path / "index.csv").read_text(encoding="utf-8")
    check_command("table", tmp_path / "raw", encoding="gbk")
    with pytest.raises(typer.Exit):
        check_command("table", tmp_path / "raw")
    assert "高兴" in capsys.readouterr().out


def test_a_release_has_leftovers_but_no_other_encoding(tmp_path):
    path = tmp_path / "x.csv"
    english = "1,Don’t you – ever – do that… she said “no”, café\n" * 20
    for encoding in ("utf-8", "cp1252", "utf-8-sig", "utf-16", "utf-32"):
        path.write_bytes(english.encode(encoding))
        assert read_text(path) == english
    path.write_bytes(english.encode() + "Don’t\n".encode("cp1252"))
    assert read_text(path) == english + "Don’t\n"
    for encoding in ("gbk", "big5", "shift_jis"):
        path.write_bytes("今天我很高興\n".encode(encoding, "ignore") * 20)
        with pytest.raises(EmotionError, match=r"x.csv: neither UTF-8 nor English in cp1252"):
            read_text(path)
    path.write_bytes("utterance,label\n".encode("utf-16-le"))
    assert read_text(path) == "utterance,label\n"
    path.write_bytes(b"\xff\xfea\0\x00\xd8b")
    with pytest.raises(EmotionError, match="no text of utf-16"):
        read_text(path)
